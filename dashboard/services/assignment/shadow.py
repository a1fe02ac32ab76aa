"""Runs of shadow inboxes: they decide as if, and keep the decisions beside what people in the helpdesk do (C19)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, Error, Outcome, Plan, Reason
from dashboard.engine.model import PoolKey, Snapshot
from dashboard.engine.pools import pool_key
from dashboard.services.assignment import run_outcome
from dashboard.services.assignment.run_outcome import WaitingSummary
from dashboard.services.assignment.waiting_filter import filter_of, with_waiting
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import snapshots, waiting
from dashboard.store.assignment.run_history.run_records import RunOutcome
from dashboard.store.helpdesks import shadow_decisions as store

# The whole backlog is decided at once, since would-be assignments take nothing out of it.
MOST_DECIDED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRun:
    """What a run decided: the new decisions, which spend turns, its outcome, and the next instant with more to do."""

    snapshot: Snapshot
    turns: Sequence[Assign]
    ending: RunOutcome
    wake_at: datetime | None


def decide(work: UnitOfWork, place: snapshots.RoutedInbox, now: datetime) -> ShadowRun:
    """Decide what waits; an earlier decision stands while its agent may take the conversation.

    Raises StoreUnavailable.
    """
    snapshot = snapshots.read(work.session, work.gauges, [place], now=now)[place.inbox.id]
    found = with_waiting(work, snapshot, most=MOST_DECIDED, now=now).snapshot
    shadowed = store.open_in(work.session, place.inbox.id)
    snapshot = replace(found, shadowed=shadowed)
    plan = planner.plan(snapshot, now)
    assigns = [decision for decision in plan.decisions if isinstance(decision, Assign)]
    new = [given for given in assigns if shadowed.get(given.conversation_id) != given.agent_id]
    turns = store.keep(work.session, place.inbox, new, at=now)
    # The decided ones still wait: to a summary they look like another run's.
    remains = WaitingSummary(
        left=waiting.left(work.session, filter_of(snapshot), now),
        standings=plan.standings,
        undecided=0,
        goes_on=True,
        decisions=plan.decisions,
        policy=place.policy,
    )
    pools = {one.id: pool_key(one, place.policy, now) for one in snapshot.waiting}
    ending = _ending(remains, plan, assigns, pools)
    return ShadowRun(snapshot=snapshot, turns=turns, ending=ending, wake_at=remains.next_at(now))


def _ending(remains: WaitingSummary, plan: Plan, assigns: Sequence[Assign], pools: Mapping[int, PoolKey]) -> RunOutcome:
    counts = run_outcome.without_assigned(remains, assigns, pools)
    errors = sum(isinstance(decision, Error) for decision in plan.decisions)
    counts.update({Reason.SHADOW: len(assigns), Reason.INTERNAL_ERROR: errors})
    return RunOutcome(
        outcome=Outcome.STOP,
        reason=Reason.SHADOW,
        waiting_before=sum(group.count for group in remains.left),
        assigned_count=0,
        left_waiting=+counts,
    )
