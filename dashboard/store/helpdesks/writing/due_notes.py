"""Confirmed claims with an explanation still to be written in the helpdesk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from dashboard.helpdesks.values import ConversationKey
from dashboard.store.models import ConnectedConversation, HelpdeskWrite
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNote:
    """A confirmed claim without its note."""

    write_id: int
    account_id: int
    conversation_id: int
    key: ConversationKey


def all_of(session: Session, connection_id: int) -> Sequence[DueNote]:
    """Return the notes that are due, oldest first."""
    link = ConnectedConversation.conversation_id == HelpdeskWrite.conversation_id
    due = select(HelpdeskWrite, ConnectedConversation.external_id, ConnectedConversation.display_id).join(
        ConnectedConversation, link
    )
    rows = session.execute(
        due.where(HelpdeskWrite.connection_id == connection_id, HelpdeskWrite.note_due).order_by(HelpdeskWrite.id)
    )
    return [
        DueNote(
            write_id=row.HelpdeskWrite.id,
            account_id=row.HelpdeskWrite.account_id,
            conversation_id=row.HelpdeskWrite.conversation_id,
            key=ConversationKey(id=row.external_id, display_id=row.display_id),
        )
        for row in rows
    ]


def take(session: Session, write_id: int, *, now: datetime) -> bool:
    """Take a note for sending; False if another process has taken it."""
    taken = update(HelpdeskWrite).where(HelpdeskWrite.id == write_id, HelpdeskWrite.note_due)
    return session.scalar(taken.values(note_due=False, note_sent_at=now).returning(HelpdeskWrite.id)) is not None


def give_back(session: Session, write_id: int) -> None:
    """Let a note be sent again that may be sent twice without harm."""
    session.execute(update(HelpdeskWrite).where(HelpdeskWrite.id == write_id).values(note_due=True, note_sent_at=None))
