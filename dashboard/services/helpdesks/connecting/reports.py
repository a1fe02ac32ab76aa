"""Reports of a connection: its row, its figures, and the calls to its helpdesk (C21, C22)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.paging import Listed, Page
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import events
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.events import EventView
from dashboard.store.helpdesks.pages import page
from dashboard.store.helpdesks.pages.page import ConnectionFigures, WriteView
from dashboard.store.helpdesks.writing import connection_conflicts
from dashboard.store.helpdesks.writing.connection_conflicts import ConflictView

log = structlog.get_logger()
CALLS_OVER = timedelta(minutes=5)
LIMITED = "429"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """A connection with its figures; calls are per minute, over the last five. They are None while Redis is away."""

    row: ConnectionRow
    report: ConnectionFigures
    calls: float | None
    limited: float | None


def show(work: UnitOfWork, account_id: int, connection_id: int, *, now: datetime) -> ConnectionReport | None:
    """Return a connection with its figures."""
    row = store.shelf.find(work.session, account_id, connection_id)
    if row is None:
        return None
    calls, limited = _calls(work, row, now)
    return ConnectionReport(
        row=row, report=page.report(work.session, connection_id, now=now), calls=calls, limited=limited
    )


def show_events(work: UnitOfWork, account_id: int, connection_id: int, wanted: Page) -> Listed[EventView] | None:
    """Return a page of the connection's events, newest first."""
    return events.page(work.session, connection_id, wanted) if _exists(work, account_id, connection_id) else None


def show_conflicts(work: UnitOfWork, account_id: int, connection_id: int, wanted: Page) -> Listed[ConflictView] | None:
    """Return a page of the conflicts, newest first."""
    if not _exists(work, account_id, connection_id):
        return None
    return connection_conflicts.page(work.session, connection_id, wanted)


def show_writes(work: UnitOfWork, account_id: int, connection_id: int, wanted: Page) -> Listed[WriteView] | None:
    """Return a page of the writes, newest first."""
    return page.writes(work.session, connection_id, wanted) if _exists(work, account_id, connection_id) else None


def _exists(work: UnitOfWork, account_id: int, connection_id: int) -> bool:
    return store.shelf.find(work.session, account_id, connection_id) is not None


def _calls(work: UnitOfWork, row: ConnectionRow, now: datetime) -> tuple[float | None, float | None]:
    try:
        by_minute = work.helpdesk_gates.counts(row.account_id, row.id).by_minute
    except StoreUnavailable as error:
        log.warning("helpdesk_calls_unread", connection=row.id, error=str(error))
        return None, None
    recent = [counts for minute, counts in by_minute.items() if minute > now - CALLS_OVER]
    minutes = CALLS_OVER / timedelta(minutes=1)
    made = sum(sum(counts.values()) for counts in recent) / minutes
    return made, sum(counts.get(LIMITED, 0) for counts in recent) / minutes
