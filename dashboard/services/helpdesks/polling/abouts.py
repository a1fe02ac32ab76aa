"""The identity of a helpdesk: its version, our user there, and the clock for all its times (C7)."""

from datetime import timedelta

from dashboard.helpdesks.port import Helpdesk
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.polling.reconciliation import Clock
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks.connections import ConnectionRow


def read(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, clock: Clock) -> timedelta | None:
    """Write it down; return by how much its clock is ahead of ours, if it tells.

    Raises HelpdeskUnavailable and HelpdeskForbids.
    """
    about = helpdesk.about()
    ahead = about.at - clock() if about.at else None
    facts = {"version": about.version, "own_id": about.own_id}
    if ahead is not None:
        facts["ahead_seconds"] = ahead.total_seconds()  # type: ignore[assignment]
    store.note(work.session, connection.id, **facts)
    return ahead
