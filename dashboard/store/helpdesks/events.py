"""The events of a connection; a webhook's event is a mark until its conversation was read again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select, update

from dashboard.helpdesks.values import CUSTOMER
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import Counted, CounterKind
from dashboard.store.models import ConnectedConversation, ConnectionEvent
from dashboard.store.models.connections import ConnectionEventKind
from dashboard.store.models.counters import Measure
from dashboard.store.postgres.bulk import bind_json, insert_rows, json_row
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to record; `external_id` or `display_id` name the conversation as the helpdesk does."""

    account_id: int
    connection_id: int
    at: datetime
    kind: ConnectionEventKind
    cause: str
    external_id: str | None = None
    display_id: str | None = None
    conversation_id: int | None = None
    happened_at: datetime | None = None
    actor: str | None = None
    owner_changed: bool = False
    owner_before: str | None = None
    owner_after: str | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """An event as the page and the API show it."""

    id: int
    at: datetime
    kind: ConnectionEventKind
    cause: str
    conversation_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A conversation to read again, and the newest event that asked for it."""

    external_id: str | None
    display_id: str | None
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerChange:
    """Evidence of a changed owner in the helpdesk."""

    at: datetime
    actor: str | None
    before: str | None
    after: str | None


NAMES = tuple(NewEvent.__slots__)


def record(session: Session, events: Sequence[NewEvent]) -> None:
    """Append events; repairs are counted by their cause."""
    if events:
        session.execute(insert_rows(ConnectionEvent, NAMES), bind_json(map(json_row, events)))
    repairs = [event for event in events if event.kind is ConnectionEventKind.REPAIR]
    kinds = (CounterKind(measure=Measure.HELPDESK_REPAIRS, word=event.cause) for event in repairs)
    metric_counters.add(session, (Counted(kind=kind, count=1) for kind in kinds))


def marks(session: Session, connection_id: int, *, most: int) -> Sequence[Mark]:
    """Return the marked conversations, the longest marked first."""
    names = (ConnectionEvent.external_id, ConnectionEvent.display_id)
    pending = select(*names, func.max(ConnectionEvent.id).label("newest")).where(
        ConnectionEvent.connection_id == connection_id, ConnectionEvent.pending
    )
    rows = session.execute(pending.group_by(*names).order_by(func.min(ConnectionEvent.id)).limit(most))
    return [Mark(external_id=row.external_id, display_id=row.display_id, newest=row.newest) for row in rows]


def work_off(session: Session, connection_id: int, mark: Mark) -> None:
    """End a mark after its conversation was read; events that came during the reading mark it anew."""
    session.execute(
        update(ConnectionEvent)
        .where(
            ConnectionEvent.connection_id == connection_id,
            ConnectionEvent.pending,
            ConnectionEvent.id <= mark.newest,
            ConnectionEvent.external_id.is_not_distinct_from(mark.external_id),
            ConnectionEvent.display_id.is_not_distinct_from(mark.display_id),
        )
        .values(pending=False)
    )


def first_pending_at(session: Session, connection_id: int) -> datetime | None:
    """Return the instant of the oldest mark."""
    return session.scalar(
        select(func.min(ConnectionEvent.at)).where(
            ConnectionEvent.connection_id == connection_id, ConnectionEvent.pending
        )
    )


def owner_changes(
    session: Session, connection_id: int, *, external_id: str, display_id: str, since: datetime
) -> Sequence[OwnerChange]:
    """Return the evidence of owner changes of a conversation since then, oldest first."""
    named = or_(ConnectionEvent.external_id == external_id, ConnectionEvent.display_id == display_id)
    rows = session.execute(
        select(ConnectionEvent)
        .where(
            ConnectionEvent.connection_id == connection_id,
            named,
            ConnectionEvent.owner_changed,
            ConnectionEvent.at >= since,
        )
        .order_by(ConnectionEvent.id)
    ).scalars()
    return [OwnerChange(at=row.at, actor=row.actor, before=row.owner_before, after=row.owner_after) for row in rows]


def with_changed_owners(session: Session, connection_id: int, names: Mapping[str, str]) -> Collection[str]:
    """Return those of the conversations, which `names` has by any of their ids, with evidence of a changed owner."""
    some = sorted(names)
    named = or_(ConnectionEvent.external_id == func.any(some), ConnectionEvent.display_id == func.any(some))
    wanted = select(ConnectionEvent.external_id, ConnectionEvent.display_id).where(
        ConnectionEvent.connection_id == connection_id, ConnectionEvent.owner_changed, named
    )
    rows = session.execute(wanted.distinct())
    return {names[name] for row in rows for name in row if name in names}


def customers_wrote_at(session: Session, connection_id: int, names: Mapping[str, str]) -> Mapping[str, datetime]:
    """Return the instants, on the helpdesk's clock, of the newest customers' messages among the marks.

    `names` has the conversations by any of their ids.
    """
    some = sorted(names)
    named = or_(ConnectionEvent.external_id == func.any(some), ConnectionEvent.display_id == func.any(some))
    name = func.coalesce(ConnectionEvent.external_id, ConnectionEvent.display_id)
    newest = select(name.label("name"), func.max(ConnectionEvent.happened_at).label("at")).where(
        ConnectionEvent.connection_id == connection_id,
        ConnectionEvent.pending,
        ConnectionEvent.actor == CUSTOMER,
        ConnectionEvent.happened_at.is_not(None),
        named,
    )
    return {names[row.name]: row.at for row in session.execute(newest.group_by(name)) if row.name in names}


def page(session: Session, connection_id: int, wanted: Page) -> Listed[EventView]:
    """Return a page of a connection's events, newest first, each with its conversation here."""
    of_connection = ConnectionEvent.connection_id == connection_id
    count = session.scalar(select(func.count()).select_from(ConnectionEvent).where(of_connection)) or 0
    linked = (
        select(ConnectedConversation.conversation_id)
        .where(
            ConnectedConversation.connection_id == ConnectionEvent.connection_id,
            or_(
                ConnectedConversation.external_id == ConnectionEvent.external_id,
                ConnectedConversation.display_id == ConnectionEvent.display_id,
            ),
        )
        .limit(1)
        .scalar_subquery()
    )
    here = func.coalesce(ConnectionEvent.conversation_id, linked).label("conversation_id")
    columns = (ConnectionEvent.id, ConnectionEvent.at, ConnectionEvent.kind, ConnectionEvent.cause, here)
    rows = session.execute(
        select(*columns)
        .where(of_connection)
        .order_by(ConnectionEvent.id.desc())
        .limit(wanted.per_page)
        .offset(wanted.offset)
    )
    return listed((EventView(**row._mapping) for row in rows), count, wanted)


def count(session: Session, connection_id: int, kind: ConnectionEventKind, *, since: datetime) -> int:
    """Return the number of events of a kind since then."""
    which = (ConnectionEvent.connection_id == connection_id, ConnectionEvent.kind == kind, ConnectionEvent.at >= since)
    return session.scalar(select(func.count()).where(*which)) or 0


def is_marked(session: Session, connection_id: int) -> bool:
    """Return whether a mark is pending."""
    return bool(
        session.scalar(select(exists().where(ConnectionEvent.connection_id == connection_id, ConnectionEvent.pending)))
    )
