"""Redis lost all its data: rotations start over, which is logged once; everything else is rebuilt (E42)."""

from datetime import datetime, timedelta

import structlog

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis import data_loss_marker

log = structlog.get_logger()
SAID_FOR = timedelta(hours=1)


def report_once(work: UnitOfWork, account_id: int, *, now: datetime) -> None:
    """Log once that Redis lost the data of an account with runs. Raises StoreUnavailable."""
    notes = work.beginnings
    if notes.is_noted(account_id):
        return
    lost = data_loss_marker.has_run(work.session, account_id)
    work.finish()
    if notes.note(account_id, now if lost else None) and lost:
        log.warning("redis_was_emptied", account=account_id, costs="turns begin anew; shares are counted by the ledger")


def lost_at(work: UnitOfWork, account_id: int, *, now: datetime) -> datetime | None:
    """Return the instant of the loss if it was within the last hour; None if Redis cannot be read."""
    try:
        at = work.beginnings.anew_at(account_id)
    except StoreUnavailable:  # whoever asks says so itself
        return None
    return at if at and now - at < SAID_FOR else None
