"""Lists of runs, and the wait for a requested run."""

import time
from collections.abc import Callable
from datetime import timedelta

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment.run_history import runs as store
from dashboard.store.assignment.run_history.runs import RunRow
from dashboard.store.core.paging import Listed, Page

__all__ = ["RunRow", "show", "show_all", "wait_for"]

WAITS_FOR = timedelta(seconds=10)
LOOKS_EVERY = timedelta(milliseconds=50)


def show(work: UnitOfWork, account_id: int, run_id: int) -> RunRow | None:
    """Return the run."""
    return store.find(work.session, account_id, run_id)


def show_all(work: UnitOfWork, account_id: int, inbox_id: int, page: Page) -> Listed[RunRow] | None:
    """Return a page of an inbox's runs, newest first."""
    return store.page(work.session, account_id, inbox_id, page)


def wait_for(
    work: UnitOfWork, account_id: int, job_id: str, *, rest: Callable[[], object], patience: timedelta = WAITS_FOR
) -> RunRow | None:
    """Return the run that the job makes, None if it takes longer.

    `rest` ends the transaction before each pause, but for that of an Idempotency-Key, which nobody else needs.
    """
    until = time.monotonic() + patience.total_seconds()
    while True:
        run = store.finished_by_job(work.session, account_id, job_id)
        rest()
        if run or time.monotonic() >= until:
            return run
        time.sleep(LOOKS_EVERY.total_seconds())
