"""Rollups of the ledger for reports, which read newer hours more slowly from the ledger itself."""

from datetime import datetime, timedelta

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.reports import rollups
from dashboard.store.reports.rollups import DueRollup, RollupSpan

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# No transaction lasts so long that it could still write into an hour that was over so long ago.
SETTLES_IN = timedelta(minutes=10)
KEPT_FOR = 32 * DAY


def sum_ledger(work: UnitOfWork, *, now: datetime) -> None:
    """Sum every account's ledger up to the last settled hour, a day to a unit of work."""
    until = hour_of(now - SETTLES_IN)
    for account in rollups.due(work.session, until):
        _sum(work, account, until)


def hour_of(at: datetime) -> datetime:
    """Return the start of an instant's hour (UTC)."""
    return at.replace(minute=0, second=0, microsecond=0)


def _sum(work: UnitOfWork, account: DueRollup, until: datetime) -> None:
    oldest = rollups.day_of(until - KEPT_FOR)
    since = max(account.until or oldest, oldest)
    rollups.forget(work.session, account.account_id, oldest)
    while since < until:
        span = RollupSpan(since=since, until=min(rollups.day_of(since) + DAY, until))
        added = rollups.add(work.session, account, span)
        work.finish()
        if not added:
            return
        since = span.until
