"""The end of snoozes: snoozed conversations open at their instant."""

from datetime import datetime

import structlog

from dashboard.services.conversations import change
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import conversations
from dashboard.store.core.errors import DatabaseFailed

log = structlog.get_logger()
# One job ends so many; the next one, two seconds later, goes on.
MOST_AT_ONCE = 500


def end_due(work: UnitOfWork, *, now: datetime) -> int:
    """Open every conversation whose snooze has ended, each in a unit of work of its own; return their number."""
    due = conversations.snoozes_that_end(work.session, now, most=MOST_AT_ONCE)
    work.finish()
    return sum(_end(work, account_id, conversation_id, now) for account_id, conversation_id in due)


def _end(work: UnitOfWork, account_id: int, conversation_id: int, now: datetime) -> bool:
    try:
        is_ended = change.end_snooze(work, account_id, conversation_id, now=now)
        work.finish()
    except DatabaseFailed as error:  # the others go on, and the next look finds this one again
        work.abandon()
        log.warning("snooze_not_ended", account=account_id, conversation=conversation_id, error=str(error))
        return False
    return is_ended
