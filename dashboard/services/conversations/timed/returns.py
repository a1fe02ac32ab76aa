"""Returns: conversations are taken from agents who do not answer, and wait for somebody else (E64, E65)."""

from datetime import datetime, timedelta
from functools import partial

import structlog

from dashboard.services.assignment import return_rules
from dashboard.services.conversations import change
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment.returning import DueReturn
from dashboard.store.core.errors import DatabaseFailed

log = structlog.get_logger()
CHECKED_EVERY = timedelta(seconds=15)
# One job returns so many, and the next one goes on.
MOST_AT_ONCE = 500


def return_due(work: UnitOfWork, *, now: datetime) -> int:
    """Return every conversation whose time has come, each in a unit of work of its own; return their number."""
    due = return_rules.due(work, now=now, most=MOST_AT_ONCE)
    work.finish()
    return sum(_return(work, one, now) for one in due)


def return_one(work: UnitOfWork, account_id: int, conversation_id: int, *, now: datetime) -> bool:
    """Release a conversation if its locked row still says so: a reply in the same moment is seen, or finds it waiting.

    False if it stays.
    """
    return change.come_back(work, account_id, conversation_id, partial(return_rules.reason, work, now=now), now=now)


def _return(work: UnitOfWork, due: DueReturn, now: datetime) -> bool:
    try:
        is_back = return_one(work, due.account_id, due.conversation_id, now=now)
        work.finish()
    except DatabaseFailed as error:  # the others go on, and the next check finds this one again
        work.abandon()
        log.warning("not_returned", account=due.account_id, conversation=due.conversation_id, error=str(error))
        return False
    return is_back
