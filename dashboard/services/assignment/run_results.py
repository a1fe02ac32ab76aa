"""Results of requested runs, for the page of the request."""

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboard.engine.decisions import Outcome, Reason
from dashboard.services.assignment import run as assignment_run
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment.run_history import run_pages
from dashboard.store.assignment.run_history.run_pages import RunPageRow
from dashboard.store.board import inboxes

LOOK_EVERY = timedelta(milliseconds=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingByReason:
    """The number of waiting conversations with one reason."""

    reason: Reason
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedRunsResult:
    """The results of these jobs' runs so far; `run_id` is set only for a single run."""

    job_ids: tuple[str, ...]
    finished: bool
    run_id: int | None
    inbox_id: int | None
    inboxes: int
    assigned: int
    took: timedelta
    left: tuple[WaitingByReason, ...]
    stop: Reason | None
    failed: bool

    @property
    def waiting(self) -> int:
        """Return the number of waiting conversations."""
        return sum(part.count for part in self.left)


def request_all(work: UnitOfWork, account_id: int, *, actor_id: int) -> tuple[str, ...]:
    """Start a run for every inbox with waiting conversations; return the job ids. Raises StoreUnavailable."""
    ids = inboxes.waiting_ids(work.session, account_id)
    jobs = [assignment_run.request_run(work, account_id, inbox_id, actor_id=actor_id) for inbox_id in ids]
    return tuple(job for job in jobs if job)


def wait_for(
    work: UnitOfWork, account_id: int, job_ids: Collection[str], *, patience: timedelta
) -> RequestedRunsResult:
    """Return the result as soon as it is complete, or what there is of it when the patience is at its end.

    Each look is a unit of work, so that no transaction is open in between.
    """
    until = time.monotonic() + patience.total_seconds()
    while True:
        result = of_jobs(work, account_id, job_ids)
        work.finish()
        if result.finished or time.monotonic() >= until:
            return result
        time.sleep(LOOK_EVERY.total_seconds())


def of_jobs(work: UnitOfWork, account_id: int, job_ids: Collection[str]) -> RequestedRunsResult:
    """Return the results of these jobs' runs so far."""
    found = run_pages.of_jobs(work.session, account_id, job_ids) if job_ids else []
    done = [run for run in found if run.finished_at]
    left: Counter[Reason] = Counter()
    for run in done:
        left.update(run.left)
    one = done[0] if len(done) == 1 and len(job_ids) == 1 else None
    return RequestedRunsResult(
        job_ids=tuple(job_ids),
        finished=len(done) >= len(job_ids),
        run_id=one.id if one else None,
        inbox_id=one.inbox_id if one else None,
        inboxes=len({run.inbox_id for run in done}),
        assigned=sum(run.assigned for run in done),
        took=_took(done),
        left=tuple(WaitingByReason(reason=reason, count=count) for reason, count in left.most_common()),
        stop=one.reason if one else None,
        failed=any(run.outcome is Outcome.ERROR for run in done),
    )


def _took(done: Sequence[RunPageRow]) -> timedelta:
    ends = [run.finished_at for run in done if run.finished_at]
    return max(ends) - min(run.started_at for run in done) if ends else timedelta()
