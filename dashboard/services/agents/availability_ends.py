"""The end of availabilities: at its instant an agent is online again (E66)."""

from datetime import datetime

import structlog

from dashboard.services.agents import presence
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import availability as store
from dashboard.store.core.errors import DatabaseFailed

log = structlog.get_logger()
# One job ends so many; the next one, two seconds later, goes on.
MOST_AT_ONCE = 500


def end_due(work: UnitOfWork, *, now: datetime) -> int:
    """End every availability whose instant has come, each in a unit of work of its own; return their number."""
    due = store.ended(work.session, now, most=MOST_AT_ONCE)
    work.finish()
    return sum(_end(work, account_id, agent_id, now) for account_id, agent_id in due)


def _end(work: UnitOfWork, account_id: int, agent_id: int, now: datetime) -> bool:
    try:
        is_ended = presence.end_availability(work, account_id, agent_id, now=now)
        work.finish()
    except DatabaseFailed as error:  # the others go on, and the next look finds this one again
        work.abandon()
        log.warning("availability_not_ended", account=account_id, agent=agent_id, error=str(error))
        return False
    return is_ended
