"""Connections to helpdesks, as rows without their secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select, update

from dashboard.helpdesks.values import HelpdeskKind, NoteSetting
from dashboard.store.models import Connection, ConnectionEvent, HelpdeskWrite
from dashboard.store.models.connections import ConnectionState
from dashboard.store.models.helpdesk_writes import WriteState
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """A connection without credentials and webhook secrets."""

    id: int
    account_id: int
    kind: HelpdeskKind
    name: str
    url: str
    state: ConnectionState
    sentence: str
    state_since: datetime
    paused: bool
    note: NoteSetting
    keep_names: bool
    quiet_seconds: int
    calls_per_second: int
    version: str | None
    own_id: str | None
    ahead_seconds: float
    webhook_id: str | None
    last_webhook_at: datetime | None
    setup_marks: str | None
    setup_read_at: datetime | None
    presence_read_at: datetime | None
    waiting_read_at: datetime | None
    changes_read_at: datetime | None
    open_read_at: datetime | None
    open_cursor: str | None
    open_done: int
    open_total: int | None
    open_began_at: datetime | None
    imported_at: datetime | None
    switched_off: Mapping[str, Any]
    question: Mapping[str, Any] | None
    open_pages: int
    created_at: datetime

    @property
    def ahead(self) -> timedelta:
        """Return by how much the helpdesk's clock is ahead of ours."""
        return timedelta(seconds=self.ahead_seconds)

    @property
    def is_imported(self) -> bool:
        """Return whether the first sync has ended."""
        return self.imported_at is not None


shelf = AccountTable(Connection, ConnectionRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """The part of a connection for an arriving webhook."""

    account_id: int
    kind: HelpdeskKind
    url: str
    sealed: str = field(repr=False)
    paused: bool
    ahead_seconds: float


def hook(session: Session, connection_id: int) -> Hook | None:
    """Return the connection's part for an arriving webhook; its address names no account."""
    columns = [getattr(Connection, name) for name in Hook.__slots__]
    row = session.execute(select(*columns).where(Connection.id == connection_id)).one_or_none()
    return Hook(**row._mapping) if row else None


def touch_webhook(session: Session, connection_id: int, *, now: datetime, at_most_every: timedelta) -> bool:
    """Write the instant of the last webhook, unless that was done a moment ago or somebody else changes the row."""
    old = or_(Connection.last_webhook_at.is_(None), Connection.last_webhook_at < now - at_most_every)
    free = select(Connection.id).where(Connection.id == connection_id, old)
    free = free.with_for_update(key_share=True, skip_locked=True)
    touched = update(Connection).where(Connection.id.in_(free)).values(last_webhook_at=now)
    return session.scalar(touched.returning(Connection.id)) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A connection that may be called, and whether webhooks have waited for too long to be worked off."""

    row: ConnectionRow
    has_old_marks: bool
    has_due_writes: bool


def callable_ones(session: Session, *, marked_before: datetime, due_before: datetime) -> Sequence[Polled]:
    """Return the connections of all accounts that nobody paused and that are not broken."""
    names = [field.name for field in fields(ConnectionRow)]
    old = exists().where(
        ConnectionEvent.connection_id == Connection.id, ConnectionEvent.pending, ConnectionEvent.at < marked_before
    )
    is_due = and_(HelpdeskWrite.state == WriteState.WRITING, HelpdeskWrite.due_at < due_before)
    due = exists().where(HelpdeskWrite.connection_id == Connection.id, or_(is_due, HelpdeskWrite.note_due))
    columns = (getattr(Connection, name) for name in names)
    wanted = select(*columns, old.label("has_old_marks"), due.label("has_due_writes"))
    works = (~Connection.paused, Connection.state.not_in((ConnectionState.BROKEN, ConnectionState.PAUSED)))
    rows = session.execute(wanted.where(*works).order_by(Connection.id))
    return [
        Polled(
            row=ConnectionRow(**{name: getattr(row, name) for name in names}),
            has_old_marks=row.has_old_marks,
            has_due_writes=row.has_due_writes,
        )
        for row in rows
    ]


def all_accounts(session: Session) -> Sequence[tuple[int, int]]:
    """Return account and id of every connection, by id."""
    found = session.execute(select(Connection.account_id, Connection.id).order_by(Connection.id))
    return [(row.account_id, row.id) for row in found]


def sealed_of(session: Session, connection_id: int) -> str:
    """Return the encrypted credentials and webhook secrets."""
    return session.scalars(select(Connection.sealed).where(Connection.id == connection_id)).one()


def lock_sealed(session: Session) -> Mapping[int, str]:
    """Return the encrypted secrets of every account's connections by id, locked until this transaction ends."""
    found = session.execute(select(Connection.id, Connection.sealed).order_by(Connection.id).with_for_update())
    return {row.id: row.sealed for row in found}


def hold(session: Session, connection_id: int) -> None:
    """Lock a connection until this transaction ends; its events can be written meanwhile."""
    session.execute(select(Connection.id).where(Connection.id == connection_id).with_for_update(key_share=True))


def note(session: Session, connection_id: int, **values: Any) -> None:
    """Set columns of a connection."""
    session.execute(update(Connection).where(Connection.id == connection_id).values(**values))
