"""Runs of the engine: of one inbox, or of all inboxes with work."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from dashboard import clock
from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.services.assignment import batch, redis_data_loss, run_outcome
from dashboard.services.assignment.batch import RunState
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment.run_history import run_records
from dashboard.store.assignment.run_history.run_records import RunOutcome, RunStart
from dashboard.store.core.errors import DatabaseFailed, StoreUnavailable
from dashboard.store.inboxes import routing
from dashboard.store.postgres import locks

log = structlog.get_logger()
Clock = Callable[[], datetime]
# A run that takes longer goes on in a new job, so that one inbox does not hold a worker (E8).
RUN_LASTS_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """The source of a run, the person if there is one, and the job."""

    source: Source
    actor_id: int | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A finished run."""

    run_id: int | None
    ending: RunOutcome

    @property
    def worth_retrying(self) -> bool:
        """Return whether the run failed because of a store, so that a retry may succeed (E40, E42, E43)."""
        return self.ending.reason is Reason.STORE_UNAVAILABLE


def run_inbox(
    work: UnitOfWork, account_id: int, inbox_id: int, *, request: RunRequest, now: Clock = clock.now
) -> RunResult | None:
    """Assign what waits in one inbox, batch by batch, each a unit of work; None if the account has no such inbox (E3).

    The pending mark is cleared before anything is read: what arrives from now on asks for the next run (E32).
    """
    run = RunState(
        beginning=RunStart(
            account_id=account_id,
            inbox_id=inbox_id,
            source=request.source,
            actor_id=request.actor_id,
            job_id=request.job_id,
            started_at=now(),
        ),
        clock=now,
    )
    try:
        work.signals.wakeups.clear(account_id, inbox_id)
        redis_data_loss.report_once(work, account_id, now=run.beginning.started_at)
        goes_on = _batches(work, run)
    except (StoreUnavailable, DatabaseFailed) as error:
        _fail(work, run, error)
        goes_on = False
    if run.ending is None:
        return None
    _notify(work, run, goes_on)
    return RunResult(run_id=run.run_id, ending=run.ending)


def has_begun_since(work: UnitOfWork, account_id: int, inbox_id: int, since: datetime) -> bool:
    """Tell whether a run of the inbox began after this instant and went through."""
    began_at = run_records.last_began_at(work.session, account_id, inbox_id)
    work.finish()
    return began_at is not None and began_at > since


def request_run(work: UnitOfWork, account_id: int, inbox_id: int, *, actor_id: int | None) -> str | None:
    """Enqueue a run on a person's request and return the job's id, None without such an inbox (E34).

    Raises StoreUnavailable.
    """
    if routing.read(work.session, account_id, inbox_id) is None:
        return None
    return work.signals.queue.run_inbox(account_id, inbox_id, Source.MANUAL, actor_id)


def sweep(work: UnitOfWork) -> int:
    """Start a run for every routed inbox with waiting conversations, over all accounts; return how many (E33)."""
    found = routing.routed_with_work(work.session)
    work.finish()
    for account_id, inbox_ids in found.items():
        work.signals.wake_anew(account_id, inbox_ids, Source.PERIODIC)
    return sum(map(len, found.values()))


def _batches(work: UnitOfWork, run: RunState) -> bool:
    """Assign batch after batch; True if the time limit ended the run before its last batch."""
    until = run.beginning.started_at + RUN_LASTS_FOR
    with locks.inbox_lock(work.session, run.beginning.inbox_id) as let_others_in:
        while True:
            more = batch.assign_batch(work, run, until=until)
            if not more or run.ending:
                return more
            let_others_in()


def _fail(work: UnitOfWork, run: RunState, error: Exception) -> None:
    """Record a run that a store's failure ended; if the record cannot be written, only the log has it."""
    about = run.beginning
    log.error("run_failed", account=about.account_id, inbox=about.inbox_id, run=run.run_id, error=str(error))
    run.ending = run_outcome.failed(Reason.STORE_UNAVAILABLE, run.assigned, str(error))
    try:
        work.abandon()
        # A commit that was cut off may have been made: what is written is true, not what was meant.
        written = run_records.assigned(work.session, run.run_id) if run.run_id else None
        run.run_id = None if written is None else run.run_id
        batch.complete_run(work, run, replace(run.ending, assigned_count=written or 0))
        work.finish()
    except DatabaseFailed as again:
        work.abandon()
        log.error("run_not_recorded", account=about.account_id, inbox=about.inbox_id, error=str(again))


def _notify(work: UnitOfWork, run: RunState, goes_on: bool) -> None:
    about, ending, now = run.beginning, run.ending, run.clock()
    if goes_on:
        work.signals.wake(about.account_id, [about.inbox_id], about.source)
    elif run.wake_at:
        work.signals.wake_at(about.account_id, about.inbox_id, run.wake_at, now=now)
    if ending is None or ending.reason is Reason.NOTHING_WAITING:
        return
    work.signals.changed(about.account_id)
    if ending.outcome is not Outcome.ERROR:
        log.info(
            "run",
            account=about.account_id,
            inbox=about.inbox_id,
            run=run.run_id,
            source=about.source.value,
            assigned=ending.assigned_count,
            left={reason.value: count for reason, count in ending.left_waiting.items()},
            seconds=round((now - about.started_at).total_seconds(), 3),
        )
