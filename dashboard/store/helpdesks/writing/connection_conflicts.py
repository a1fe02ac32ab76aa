"""Choices of people in a helpdesk that we overwrote and put back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.helpdesks.writing.open_writes import OpenWrite
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import Counted, CounterKind
from dashboard.store.models import ConnectionConflict
from dashboard.store.models.counters import Measure
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConflict:
    """Both names, as they were then."""

    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictView:
    """A conflict as the page and the API show it."""

    conversation_id: int
    ours: str
    theirs: str
    at: datetime


def add(session: Session, write: OpenWrite, names: NewConflict, *, now: datetime) -> None:
    """Record a conflict of this write."""
    of_write = {"account_id": write.account_id, "connection_id": write.connection_id}
    values = {"conversation_id": write.conversation_id, "ours": names.ours, "theirs": names.theirs, "at": now}
    session.execute(insert(ConnectionConflict).values(**of_write, **values))
    kind = CounterKind(measure=Measure.HELPDESK_CONFLICTS, word=write.kind.value)
    metric_counters.add(session, [Counted(kind=kind, count=1)])


def page(session: Session, connection_id: int, wanted: Page) -> Listed[ConflictView]:
    """Return a page of a connection's conflicts, newest first."""
    of_connection = ConnectionConflict.connection_id == connection_id
    count = session.scalar(select(func.count()).select_from(ConnectionConflict).where(of_connection)) or 0
    columns = [getattr(ConnectionConflict, name) for name in ConflictView.__slots__]
    newest = select(*columns).where(of_connection).order_by(ConnectionConflict.id.desc())
    rows = session.execute(newest.limit(wanted.per_page).offset(wanted.offset))
    return listed((ConflictView(**row._mapping) for row in rows), count, wanted)
