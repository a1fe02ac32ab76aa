"""Conversations as rows: found, locked, saved singly or in sets, and inserted in sets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, func, select, update

from dashboard.engine.model import Awaiting, Hold, Status
from dashboard.store.core import skill_keys
from dashboard.store.models import ConnectedInbox, Contact, Conversation
from dashboard.store.postgres.bulk import bind_json, insert_new, json_row, rows_from_json, table_of
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """The contact of a conversation."""

    id: int
    identifier: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """A conversation with its contact."""

    id: int
    account_id: int
    external_id: str | None
    inbox_id: int
    team_id: int | None
    contact: ContactRow | None
    subject: str | None
    status: Status
    priority: int | None
    assignee_id: int | None
    assigned_by_engine: bool
    labels: tuple[str, ...]
    created_at: datetime
    last_activity_at: datetime
    waiting_since: datetime | None
    assigned_at: datetime | None
    resolved_at: datetime | None
    snoozed_until: datetime | None
    had_by_id: int | None
    awaiting: Awaiting | None
    held_until: datetime | None = None
    held_for: Hold | None = None
    required_skills: tuple[str, ...] = ()
    overflow_team_id: int | None = None
    first_reply_at: datetime | None = None
    replied_at: datetime | None = None
    respond_by: datetime | None = None
    due_at: datetime | None = None
    due_is_rough: bool = False
    returns: int = 0
    returned_from: tuple[int, ...] = ()
    returned_ats: tuple[datetime, ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Return True if the conversation is open without assignee."""
        return self.status is Status.OPEN and self.assignee_id is None

    @property
    def holder_id(self) -> int | None:
        """Return the agent with this conversation in their load."""
        return self.assignee_id if self.status is Status.OPEN else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversation:
    """A conversation to insert; an external id that exists in the inbox already is skipped."""

    account_id: int
    external_id: str | None
    inbox_id: int
    team_id: int | None
    contact_id: int | None
    subject: str | None
    status: Status
    priority: int | None
    assignee_id: int | None
    labels: tuple[str, ...]
    created_at: datetime
    last_activity_at: datetime
    waiting_since: datetime | None
    assigned_at: datetime | None
    resolved_at: datetime | None
    awaiting: Awaiting | None
    snoozed_until: datetime | None = None
    held_until: datetime | None = None
    held_for: Hold | None = None
    required_skills: tuple[str, ...] = ()
    required_keys: tuple[str, ...] = ()
    respond_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class InsertedConversation:
    """The id of a conversation after an insert; `is_new` is False for an existing row.

    With `due_is_rough` its business hours are still to be counted.
    """

    id: int
    is_new: bool
    due_is_rough: bool = False


SAVED = ("inbox_id", "team_id", "subject", "status", "priority", "assignee_id", "assigned_by_engine", "labels",
         "last_activity_at", "waiting_since", "assigned_at", "resolved_at", "snoozed_until", "had_by_id",
         "awaiting", "held_until", "held_for", "required_skills", "overflow_team_id", "first_reply_at",
         "replied_at", "respond_by", "returns", "returned_from", "returned_ats")  # fmt: skip
LISTS = ("labels", "required_skills", "returned_from", "returned_ats")
ADDED = ("id", *NewConversation.__slots__)
# All conversations with their contacts; callers add conditions, `as_row` converts rows.
ROWS = select(Conversation.__table__, Contact.identifier, Contact.name).outerjoin(
    Contact, and_(Contact.account_id == Conversation.account_id, Contact.id == Conversation.contact_id)
)
# Built once: every API call uses these statements, and building them took longer than running them.
ONE = ROWS.where(Conversation.account_id == bindparam("account_id"), Conversation.id == bindparam("id"))
ONE_LOCKED = ONE.with_for_update(key_share=True, of=Conversation)
SAVE_ALL = (
    update(table_of(Conversation))
    .where(Conversation.id == bindparam("saved_id"))
    .values({name: bindparam(name) for name in (*SAVED, "required_keys")})
)
SAVE = SAVE_ALL.returning(table_of(Conversation).c.due_at, table_of(Conversation).c.due_is_rough)


def find(session: Session, account_id: int, conversation_id: int) -> ConversationRow | None:
    """Return the conversation, None if the account does not have it."""
    row = session.execute(ONE, {"account_id": account_id, "id": conversation_id}).one_or_none()
    return as_row(row) if row else None


def get(session: Session, account_id: int, conversation_id: int) -> ConversationRow:
    """Return an existing conversation: conversations are never deleted singly."""
    return as_row(session.execute(ONE, {"account_id": account_id, "id": conversation_id}).one())


def lock(session: Session, account_id: int, conversation_id: int) -> ConversationRow:
    """Return an existing conversation and lock its row until this transaction ends."""
    return as_row(session.execute(ONE_LOCKED, {"account_id": account_id, "id": conversation_id}).one())


def lock_all(session: Session, account_id: int, ids: Collection[int]) -> list[ConversationRow]:
    """Return and lock those of these conversations that the account has, in the order of ids to avoid deadlocks."""
    wanted = ROWS.where(Conversation.account_id == account_id, Conversation.id.in_(ids))
    held = wanted.order_by(Conversation.id).with_for_update(key_share=True, of=Conversation)
    return [as_row(row) for row in session.execute(held)]


def unresolved(session: Session, account_id: int, ids: Collection[int]) -> Sequence[int]:
    """Return those of these conversations that the account has and that are not resolved."""
    if not ids:
        return ()
    wanted = select(Conversation.id).where(
        Conversation.account_id == account_id,
        Conversation.id == func.any(list(ids)),
        Conversation.status != Status.RESOLVED,
    )
    return session.scalars(wanted).all()


def inboxes_of(session: Session, account_id: int, ids: Collection[int]) -> Sequence[int]:
    wanted = select(Conversation.inbox_id).where(Conversation.account_id == account_id, Conversation.id.in_(ids))
    return session.scalars(wanted.distinct()).all()


def save(session: Session, row: ConversationRow) -> ConversationRow:
    """Write the changeable columns of a conversation that this transaction has locked; return it with its due_at."""
    due_at, is_rough = session.execute(SAVE, _saved(row)).one()
    return replace(row, due_at=due_at, due_is_rough=is_rough)


def save_all(session: Session, rows: Collection[ConversationRow]) -> None:
    """Write the changeable columns of conversations that this transaction has locked."""
    if rows:
        session.execute(SAVE_ALL, [_saved(row) for row in rows])


def taken(session: Session, inbox_id: int, external_ids: Collection[str]) -> Sequence[str]:
    """Return those of the external ids that exist in the inbox."""
    if not external_ids:
        return ()
    there = select(Conversation.external_id).where(
        Conversation.inbox_id == inbox_id, Conversation.external_id.in_(external_ids)
    )
    return [found for found in session.scalars(there) if found is not None]


def snoozes_that_end(session: Session, now: datetime, *, most: int) -> Sequence[tuple[int, int]]:
    """Return account and id of the conversations with an ended snooze, the earliest end first.

    A helpdesk ends the snoozes of its own conversations.
    """
    is_theirs = exists().where(ConnectedInbox.inbox_id == Conversation.inbox_id)
    due = select(Conversation.account_id, Conversation.id).where(
        Conversation.status == Status.SNOOZED, Conversation.snoozed_until <= now, ~is_theirs
    )
    rows = session.execute(due.order_by(Conversation.snoozed_until, Conversation.id).limit(most))
    return [(row.account_id, row.id) for row in rows]


def add(session: Session, rows: Sequence[NewConversation]) -> list[InsertedConversation]:
    """Insert the new conversations in a fixed number of statements; return all ids in the given order.

    Rows are inserted in the order of external ids, so that two transactions with the same ids do not deadlock.
    """
    if not rows:
        return []
    ids = _next_ids(session, len(rows))
    numbered = [json_row(row) | {"id": row_id} for row, row_id in zip(rows, ids, strict=True)]
    numbered.sort(key=lambda row: (row["inbox_id"], row["external_id"] or ""))
    columns = table_of(Conversation).c
    new = insert_new(Conversation, ADDED).returning(columns.id, columns.due_is_rough)
    written = {row.id: row.due_is_rough for row in session.execute(new, bind_json(numbered))}
    there = _existing(session, [row for row in numbered if row["id"] not in written])
    return [
        InsertedConversation(row_id, True, written[row_id])
        if row_id in written
        else InsertedConversation(there[row.inbox_id, row.external_id], False)
        for row, row_id in zip(rows, ids, strict=True)
    ]


def _saved(row: ConversationRow) -> dict[str, Any]:
    lists = {
        **{name: list(getattr(row, name)) for name in LISTS},
        "required_keys": sorted(skill_keys.folded(row.required_skills)),
    }
    return {**{name: getattr(row, name) for name in SAVED}, **lists, "saved_id": row.id}


def _next_ids(session: Session, count: int) -> list[int]:
    sequence = func.pg_get_serial_sequence(Conversation.__tablename__, "id")
    return list(session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count))))


def _existing(session: Session, rows: list[dict[str, Any]]) -> Mapping[tuple[int, str | None], int]:
    if not rows:
        return {}
    source = rows_from_json(Conversation)
    found = session.execute(
        select(Conversation.inbox_id, Conversation.external_id, Conversation.id).join(
            source,
            (source.c.inbox_id == Conversation.inbox_id) & (source.c.external_id == Conversation.external_id),
        ),
        bind_json(rows),
    )
    return {(row.inbox_id, row.external_id): row.id for row in found}


def as_row(row: Row[Any]) -> ConversationRow:
    """Return the conversation of a row with its columns and its contact's identifier and name."""
    contact = ContactRow(id=row.contact_id, identifier=row.identifier, name=row.name) if row.contact_id else None
    lists: dict[str, Any] = {name: tuple(getattr(row, name)) for name in LISTS}
    columns = {name: getattr(row, name) for name in ConversationRow.__slots__ if name not in ("contact", *LISTS)}
    return ConversationRow(contact=contact, **lists, **columns)
