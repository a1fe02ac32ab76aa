"""Mirrored conversations: their ids in the helpdesk, and the last reading that was applied."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, func, select, update

from dashboard.engine.model import Status
from dashboard.helpdesks.values import ConversationKey
from dashboard.store.conversations.conversations import ROWS, ConversationRow, as_row
from dashboard.store.models import ConnectedConversation, Conversation
from dashboard.store.postgres.bulk import bind_json, insert_new, json_row, table_of
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A conversation's ids and state in the helpdesk, by the last reading."""

    account_id: int
    connection_id: int
    external_id: str
    display_id: str
    conversation_id: int
    inbox_external_id: str
    status: Status
    assignee: str | None
    taken: bool
    updated_at: datetime
    asked_at: datetime
    seen_waiting_at: datetime | None

    @property
    def key(self) -> ConversationKey:
        """Return how the helpdesk addresses it."""
        return ConversationKey(id=self.external_id, display_id=self.display_id)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A conversation here with its link."""

    link: LinkRow
    row: ConversationRow


NAMES = tuple(LinkRow.__slots__)
LINK_COLUMNS = [getattr(ConnectedConversation, name).label(f"link_{name}") for name in NAMES]
PAIRS = ROWS.add_columns(*LINK_COLUMNS).join(
    ConnectedConversation.__table__, ConnectedConversation.conversation_id == Conversation.id
)
SAVED = ("display_id", "inbox_external_id", "status", "assignee", "taken", "updated_at", "asked_at", "seen_waiting_at")
SAVE = (
    update(table_of(ConnectedConversation))
    .where(
        ConnectedConversation.connection_id == bindparam("of_connection"),
        ConnectedConversation.external_id == bindparam("of_id"),
    )
    .values({name: bindparam(name) for name in SAVED})
)


def find_all(session: Session, connection_id: int, external_ids: Collection[str]) -> Mapping[str, Mirrored]:
    """Return those of these conversations that are mirrored, by the helpdesk's stable id."""
    some = ConnectedConversation.external_id == func.any(sorted(external_ids))
    rows = session.execute(PAIRS.where(ConnectedConversation.connection_id == connection_id, some))
    return {row.link_external_id: _pair(row) for row in rows}


def lock(session: Session, connection_id: int, external_id: str) -> Mirrored | None:
    """Return one mirrored conversation, locked after its inbox until this transaction ends."""
    one = PAIRS.where(
        ConnectedConversation.connection_id == connection_id, ConnectedConversation.external_id == external_id
    )
    row = session.execute(one.with_for_update(key_share=True, of=Conversation)).one_or_none()
    return _pair(row) if row else None


def of_conversation(session: Session, conversation_id: int) -> LinkRow | None:
    """Return the link of a conversation here."""
    row = session.execute(_links().where(ConnectedConversation.conversation_id == conversation_id)).one_or_none()
    return _link(row) if row else None


def by_display_id(session: Session, connection_id: int, display_ids: Collection[str]) -> Mapping[str, str]:
    """Return the stable ids of these conversations, by the id that people see."""
    found = select(ConnectedConversation.display_id, ConnectedConversation.external_id).where(
        ConnectedConversation.connection_id == connection_id,
        ConnectedConversation.display_id == func.any(sorted(display_ids)),
    )
    return {row.display_id: row.external_id for row in session.execute(found)}


def open_since(session: Session, connection_id: int, inboxes: Collection[str], asked_at: datetime) -> Sequence[LinkRow]:
    """Return the conversations of these inboxes that are open there by a reading before this instant."""
    old = _links().where(
        ConnectedConversation.connection_id == connection_id,
        ConnectedConversation.inbox_external_id == func.any(sorted(inboxes)),
        ConnectedConversation.status == Status.OPEN,
        ConnectedConversation.asked_at < asked_at,
    )
    return [_link(row) for row in session.execute(old.order_by(ConnectedConversation.external_id))]


def count_open(session: Session, connection_id: int, inboxes: Collection[str]) -> int:
    """Return the number of conversations of these inboxes that are open there."""
    which = select(func.count()).where(
        ConnectedConversation.connection_id == connection_id,
        ConnectedConversation.inbox_external_id == func.any(sorted(inboxes)),
        ConnectedConversation.status == Status.OPEN,
    )
    return session.scalar(which) or 0


def add(session: Session, rows: Sequence[LinkRow]) -> None:
    """Insert links of new conversations."""
    if rows:
        session.execute(insert_new(ConnectedConversation, NAMES), bind_json(map(json_row, rows)))


def save(session: Session, rows: Sequence[LinkRow]) -> None:
    """Write the last readings of these conversations."""
    if rows:
        session.execute(SAVE, [_saved(row) for row in rows])


def forget(session: Session, connection_id: int, external_id: str) -> None:
    """Delete the link of a conversation that is gone in the helpdesk; the conversation here stays."""
    session.execute(
        delete(ConnectedConversation).where(
            ConnectedConversation.connection_id == connection_id, ConnectedConversation.external_id == external_id
        )
    )


def _links() -> Select[Any]:
    return select(*LINK_COLUMNS)


def _saved(row: LinkRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in SAVED}
    return values | {"of_connection": row.connection_id, "of_id": row.external_id}


def _pair(row: Row[Any]) -> Mirrored:
    return Mirrored(_link(row), as_row(row))


def _link(row: Row[Any]) -> LinkRow:
    return LinkRow(**{name: getattr(row, f"link_{name}") for name in NAMES})
