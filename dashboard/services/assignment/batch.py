"""One batch of a run: read a snapshot, plan, write, commit, then advance the rotations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice

import structlog

from dashboard.config import OnFailure
from dashboard.engine import planner, pools
from dashboard.engine.decisions import Assign, Error, Plan, Reason, Source
from dashboard.engine.model import ConnectionMode, Inbox, PoolKey, Snapshot
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.services.assignment import run_outcome, shadow
from dashboard.services.assignment.waiting_filter import filter_of, with_waiting
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import batch_writes, claims, open_counts, snapshots, waiting, warm_up_rows
from dashboard.store.assignment.run_history import run_records
from dashboard.store.assignment.run_history.run_records import RunOutcome, RunStart
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.helpdesks.writing import writes
from dashboard.store.inboxes import routing as inbox_routing
from dashboard.store.postgres import locks
from dashboard.store.redis.rate_limits import Reservation

log = structlog.get_logger()
# A batch adds a row for each agent to what counts their loads, and the next one reads them all.
FOLDS_EVERY = 10


@dataclass(slots=True, kw_only=True)
class RunState:
    """The state of a run: the results of its batches so far, and finally its outcome.

    `wake_at` is the first instant at which a run may assign more without any other event.
    """

    beginning: RunStart
    clock: Callable[[], datetime]
    run_id: int | None = None
    batches: int = 0
    assigned: int = 0
    undecided: set[int] = field(default_factory=set)
    ending: RunOutcome | None = None
    wake_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedBatch:
    """The snapshot and the plan of one batch; `is_full`: more may wait behind its conversations."""

    snapshot: Snapshot
    plan: Plan
    since: Mapping[int, datetime | None]
    now: datetime
    is_full: bool = False

    @property
    def assigns(self) -> list[Assign]:
        """Return the assignments of the plan, in order."""
        return [decision for decision in self.plan.decisions if isinstance(decision, Assign)]


def assign_batch(work: UnitOfWork, run: RunState, *, until: datetime) -> bool:
    """Assign and commit one batch under the inbox's lock; True if more conversations may be assigned.

    From `until` on, this batch is the run's last. Raises StoreUnavailable, and writes nothing, if presence or the
    rotation cannot be read (E40, E42).
    """
    about = run.beginning
    # Who waited for the inbox as long as a rate limit's window would else count from before what has left it.
    now = run.clock()
    routing = inbox_routing.read(work.session, about.account_id, about.inbox_id)
    if routing is None:
        return False
    off = planner.switched_off(routing.inbox, routing.policy, now)
    if off or routing.policy is None:
        complete_run(work, run, run_outcome.stopped(off or Reason.NO_POLICY, run.assigned))
        run.wake_at = routing.inbox.hours.opens_at(now) if off is Reason.OUTSIDE_HOURS and routing.inbox.hours else None
        work.finish()
        return False
    place = snapshots.RoutedInbox(inbox=routing.inbox, policy=routing.policy, uses=routing.uses)
    if routing.inbox.mode is ConnectionMode.SHADOW:
        _decide_only(work, run, place, now)
        return False
    looked = _load_and_plan(work, run, place, now)
    won = _write(work, run, looked)
    more = _may_be_more(work, looked, won)
    if now >= until or not more:
        _finish(work, run, looked, goes_on=more)
    work.finish()
    _advance_rotation(work, looked.snapshot, won)
    return more


def _decide_only(work: UnitOfWork, run: RunState, place: snapshots.RoutedInbox, now: datetime) -> None:
    """Keep the decisions of a shadow inbox, write nothing to its conversations, and commit (C19)."""
    decided = shadow.decide(work, place, now)
    complete_run(work, run, decided.ending)
    run.wake_at = decided.wake_at
    work.finish()
    _advance_rotation(work, decided.snapshot, decided.turns)


def complete_run(work: UnitOfWork, run: RunState, ending: RunOutcome) -> None:
    """Write the outcome into the run's record."""
    run.ending = ending
    if run.run_id is None:
        run.run_id = run_records.begin(work.session, run.beginning)
    run_records.finish(work.session, run.run_id, ending, run.clock())


def warm_up(work: UnitOfWork, *, now: datetime) -> None:
    """Execute a batch in a temporary inbox that is rolled back, to prepare statements and load modules."""
    session, inbox = work.session, Inbox(id=0, account_id=0, name="Rehearsal")
    about = RunStart(account_id=0, inbox_id=0, source=Source.PERIODIC, actor_id=None, job_id=None, started_at=now)
    run = RunState(beginning=about, clock=lambda: now)
    with locks.inbox_lock(session, inbox.id):
        warm_up_rows.add_rows(session, inbox)
        run_records.last_began_at(session, inbox.account_id, inbox.id)
        inbox_routing.read(session, inbox.account_id, inbox.id)
        place = snapshots.RoutedInbox(inbox=inbox, policy=DEFAULT_POLICY)
        snapshot = snapshots.read(session, work.gauges, [place], now=now)[inbox.id]
        open_counts.held(session, inbox.account_id, [0])
        waiting.lock_next(session, filter_of(snapshot), pools=[PoolKey(None)], most=1, now=now)
        nobodys = Assign(conversation_id=0, agent_id=0, team_id=None)
        claims.claim(session, inbox.account_id, inbox.id, [nobodys], now=now)
        looked = LoadedBatch(snapshot=snapshot, plan=planner.plan(snapshot, now), since={}, now=now)
        _write(work, run, looked)
        _finish(work, run, looked, goes_on=False)


def _may_be_more(work: UnitOfWork, looked: LoadedBatch, won: Sequence[Assign]) -> bool:
    """Return whether the batch was full and made an assignment or found an error (E8, E43)."""
    errors = any(isinstance(decision, Error) for decision in looked.plan.decisions)
    return looked.is_full and (bool(won) or errors)


def _finish(work: UnitOfWork, run: RunState, looked: LoadedBatch, *, goes_on: bool) -> None:
    """Complete the run's record with the waiting conversations and their reasons."""
    remains = run_outcome.WaitingSummary(
        left=waiting.left(work.session, filter_of(looked.snapshot), looked.now),
        standings=looked.plan.standings,
        undecided=len(run.undecided),
        decisions=looked.plan.decisions,
        policy=looked.snapshot.policy or DEFAULT_POLICY,
        goes_on=goes_on,
    )
    complete_run(work, run, run_outcome.ended(remains, run.assigned))
    run.wake_at = remains.next_at(looked.now)


def _load_and_plan(work: UnitOfWork, run: RunState, place: snapshots.RoutedInbox, now: datetime) -> LoadedBatch:
    """Read the snapshot and plan; only conversations of pools with an eligible agent are read (E9)."""
    snapshot = snapshots.read(work.session, work.gauges, [place], now=now, hold=True)[place.inbox.id]
    most = work.settings.bulk_limit
    found = with_waiting(work, snapshot, most=most, now=now, but=run.undecided, hold=True)
    plan = planner.plan(found.snapshot, now, most=most)
    is_full = found.is_full or len(plan.decisions) < len(found.snapshot.waiting)
    return LoadedBatch(
        snapshot=_decided(found.snapshot, plan, most), plan=plan, since=found.since, now=now, is_full=is_full
    )


def _decided(snapshot: Snapshot, plan: Plan, most: int) -> Snapshot:
    """Return the snapshot for the record: of many conversations that were passed over, the first ones (E46)."""
    if len(snapshot.waiting) <= most:
        return snapshot
    assigns = (one for one in plan.decisions if isinstance(one, Assign))
    others = (one for one in plan.decisions if not isinstance(one, Assign))
    kept = {one.conversation_id for one in chain(assigns, islice(others, most))}
    return replace(snapshot, waiting=tuple(one for one in snapshot.waiting if one.id in kept))


def _write(work: UnitOfWork, run: RunState, looked: LoadedBatch) -> list[Assign]:
    """Write the plan's assignments, and return those with a successful claim (E25 to E28)."""
    about, assigns = run.beginning, looked.assigns
    run.undecided |= {decision.conversation_id for decision in looked.plan.decisions if isinstance(decision, Error)}
    _log_errors(run, looked.plan)
    if run.run_id is None:
        run.run_id = run_records.begin(work.session, about)
    reserved = _reserve(work, run, looked)
    try:
        ids = claims.claim(work.session, about.account_id, about.inbox_id, assigns, now=looked.now)
        won = [given for given in assigns if given.conversation_id in ids]
        _record(work, run, looked, won)
    except BaseException:
        _give_back(work, run, reserved)
        raise
    _give_back(work, run, [entry for entry in reserved if entry.conversation_id not in ids])
    return won


def _record(work: UnitOfWork, run: RunState, looked: LoadedBatch, won: Sequence[Assign]) -> None:
    """Write the batch's snapshot, and a ledger row and two events for each assignment."""
    run.batches += 1
    if run.run_id is None or looked.snapshot.policy is None:
        raise ValueError("a batch is recorded after its run began, and only under a policy")
    first = run.assigned + 1
    run_records.keep_batch(work.session, run.run_id, looked.snapshot, number=run.batches, first=first, at=looked.now)
    given = batch_writes.AssignedRow(
        account_id=run.beginning.account_id,
        inbox_id=run.beginning.inbox_id,
        run_id=run.run_id,
        first=first,
        source=run.beginning.source,
        actor_id=run.beginning.actor_id,
        policy_id=looked.snapshot.policy.id,
        policy_version=looked.snapshot.policy.version,
        at=looked.now,
        conversation_ids=[given.conversation_id for given in won],
        agent_ids=[given.agent_id for given in won],
        since=[looked.since.get(given.conversation_id) for given in won],
        via=[given.how.via for given in won],
        skills_relaxed=[given.how.skills_relaxed for given in won],
    )
    batch_writes.write(work.session, given)
    if won and looked.snapshot.inbox.mode is ConnectionMode.LIVE:
        for connection_id in writes.claimed(work.session, run.run_id, first=first):
            work.notes.writes(run.beginning.account_id, connection_id)
    run.assigned += len(won)
    if run.batches % FOLDS_EVERY == 0:
        open_counts.compact(work.session, run.beginning.account_id)


def _reserve(work: UnitOfWork, run: RunState, looked: LoadedBatch) -> list[Reservation]:
    """Count the assignments in the rate limits before the commit (E28)."""
    policy, about = looked.snapshot.policy, run.beginning
    if policy is None or not looked.assigns:
        return []
    if not policy.fair_distribution_limit:
        _count_by_ledger(work, about)
        return []
    entries = [
        Reservation(agent_id=given.agent_id, conversation_id=given.conversation_id, at=looked.now)
        for given in looked.assigns
    ]
    try:
        work.limits.reserve(about.account_id, about.inbox_id, entries, window=policy.window, now=looked.now)
    except StoreUnavailable as error:
        log.warning("rate_limits_not_reserved", account=about.account_id, inbox=about.inbox_id, error=str(error))
        if not _count_by_ledger(work, about) and not _were_all_skipped(work, looked):
            raise
        return []
    return entries


def _count_by_ledger(work: UnitOfWork, about: RunStart) -> bool:
    """Delete the inbox's counts, so that the next batch counts from the ledger; False if Redis fails."""
    try:
        work.limits.forget(about.account_id, about.inbox_id)
    except StoreUnavailable as error:
        log.warning("rate_limits_not_marked", account=about.account_id, inbox=about.inbox_id, error=str(error))
        return False
    return True


def _were_all_skipped(work: UnitOfWork, looked: LoadedBatch) -> bool:
    """Return whether the rate limits were unreadable and skipped (E41); then no limit needs these counts."""
    unread = any(agent.recent is None for agent in looked.snapshot.agents)
    return unread and work.settings.rate_limit_on_failure is OnFailure.OPEN


def _give_back(work: UnitOfWork, run: RunState, entries: Sequence[Reservation]) -> None:
    if not entries:
        return
    about = run.beginning
    try:
        work.limits.give_back(about.account_id, about.inbox_id, entries)
    except StoreUnavailable as error:  # one too many is counted until the window ends, never one too few
        log.warning("rate_limits_not_given_back", account=about.account_id, inbox=about.inbox_id, error=str(error))


def _advance_rotation(work: UnitOfWork, snapshot: Snapshot, won: Sequence[Assign]) -> None:
    """Advance the rotations by the written assignments only (E21)."""
    inbox = snapshot.inbox
    picks: dict[int | None, list[int]] = {}
    for given in won:
        picks.setdefault(given.turn_of, []).append(given.agent_id)
    try:
        for team_id, agents in picks.items():
            members = pools.rotation_members(snapshot, team_id)
            work.rotations.advance(snapshots.wheel(inbox, team_id), members=members, picks=agents)
    except StoreUnavailable as error:  # the assignments stand; the turns are as they were before (E44)
        log.warning("turns_not_spent", account=inbox.account_id, inbox=inbox.id, error=str(error))


def _log_errors(run: RunState, plan: Plan) -> None:
    for decision in plan.decisions:
        if isinstance(decision, Error):
            about = run.beginning
            log.error(
                "conversation_not_decided",
                account=about.account_id,
                inbox=about.inbox_id,
                conversation=decision.conversation_id,
                error=decision.message,
            )
