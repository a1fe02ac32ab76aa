"""Health of the system: the readiness of its parts, and its figures."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from dashboard.services.core.after_commit import Background
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import open_counts
from dashboard.store.core.errors import UNREACHABLE, DatabaseFailed, StoreUnavailable
from dashboard.store.helpdesks import connections
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import RUN_BUCKETS, WAIT_BUCKETS, WRITE_BUCKETS, Counted
from dashboard.store.models.counters import Measure
from dashboard.store.operations import metrics as store
from dashboard.store.operations.metrics import Figures

__all__ = [
    "RUN_BUCKETS",
    "WAIT_BUCKETS",
    "WRITE_BUCKETS",
    "Background",
    "Counted",
    "Figures",
    "Measure",
    "Readiness",
    "background",
    "figures",
    "fold_counters",
    "helpdesk_calls",
    "mend_counters",
    "postgres_takes_writes",
]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The readiness of each part of the system."""

    postgres: bool
    redis: bool
    workers: int
    scheduler: bool

    @property
    def complete(self) -> bool:
        """Return whether all parts are ready."""
        return self.postgres and self.redis and self.workers > 0 and self.scheduler


def postgres_takes_writes(work: UnitOfWork) -> bool:
    """Return whether Postgres answers and accepts writes."""
    try:
        return store.takes_writes(work.session)
    except (DatabaseFailed, *UNREACHABLE):
        return False


def background(work: UnitOfWork) -> Background | None:
    """Return the state of workers, scheduler and queue, None if Redis does not answer."""
    try:
        return work.signals.queue.background()
    except StoreUnavailable:
        return None


def helpdesk_calls(work: UnitOfWork) -> Mapping[str, int] | None:
    """Return the calls to all helpdesks by status, None if Redis does not answer."""
    found = Counter[str]()
    try:
        for account_id, connection_id in connections.all_accounts(work.session):
            found.update(work.helpdesk_gates.counts(account_id, connection_id).total)
    except StoreUnavailable:
        return None
    return found


def fold_counters(work: UnitOfWork) -> None:
    """Keep the counters quick to read: a unit of work for each account."""
    metric_counters.compact(work.session)
    work.finish()
    for account_id in open_counts.needs_compaction(work.session):
        open_counts.compact(work.session, account_id)
        work.finish()


def mend_counters(work: UnitOfWork) -> None:
    """See to it that limits are compared with what is held, also where somebody wrote past the triggers."""
    found = open_counts.recount(work.session)
    work.finish()
    for account_id, inbox_id in found:
        log.error("open_conversations_counted_wrong", account=account_id, inbox=inbox_id)


def figures(work: UnitOfWork) -> Figures:
    """Return the current figures."""
    return store.read(work.session)
