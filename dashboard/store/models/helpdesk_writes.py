"""Writes in helpdesks, conflicts over them, and the decisions of shadow inboxes beside what people did."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.engine.model import ConnectionMode as ConnectionMode  # noqa: PLC0414  beside its other words
from dashboard.store.models.base import Base, InAccount, Instant, same_account, word


class WriteKind(StrEnum):
    """What a write does in the helpdesk.

    `claim`: a run's assignment, only while nobody has it. `release`: a rule's, only while our agent has it. `by_hand`:
    a person's choice made here, unless somebody there has made a later one. `put_back`: the owner that we overwrote.
    """

    CLAIM = "claim"
    RELEASE = "release"
    BY_HAND = "by_hand"
    PUT_BACK = "put_back"


class WriteState(StrEnum):
    """How far a write has come."""

    WRITING = "writing"
    WRITTEN = "written"
    LOST_RACE = "lost_race"
    REFUSED = "refused"
    FAILED = "failed"


class HelpdeskWrite(InAccount, Base):
    """An assignment to be written in the helpdesk, made with the decision itself (C13).

    `expected_assignee` and `expected_team` are the helpdesk's ids of what the decision saw. `leased_until` is the time
    of the one process that carries it out, `sent_at` the first attempt, `written_at` the answer that named our agent,
    `confirmed_at` the first reading after it. `replaced_at` is when somebody there chose otherwise (C16). A confirmed
    write with `note_due` still has a note to add, exactly once. `expected_assignee` of `put_back` is whom to put back.
    """

    __tablename__ = "helpdesk_writes"
    __table_args__ = (
        same_account("connection_id", "connections", ondelete="CASCADE"),
        same_account("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_helpdesk_writes_due", "connection_id", "id", postgresql_where=text("state = 'writing'")),
        Index(
            "ix_helpdesk_writes_unconfirmed",
            "connection_id",
            "id",
            postgresql_where=text("state = 'written' AND confirmed_at IS NULL"),
        ),
        Index(
            "ix_helpdesk_writes_open_of",
            "conversation_id",
            "id",
            postgresql_where=text("confirmed_at IS NULL AND state IN ('writing', 'written')"),
        ),
        Index("ix_helpdesk_writes_notes", "connection_id", "id", postgresql_where=text("note_due")),
        Index("ix_helpdesk_writes_of", "conversation_id", text("id DESC")),
        Index("ix_helpdesk_writes_newest", "connection_id", text("id DESC")),
        Index("ix_helpdesk_writes_at", "at"),
    )

    connection_id: Mapped[int]
    conversation_id: Mapped[int]
    inbox_id: Mapped[int]
    kind: Mapped[WriteKind] = mapped_column(word(WriteKind, "write_kind"))
    agent_id: Mapped[int | None]
    run_id: Mapped[int | None]
    expected_assignee: Mapped[str | None]
    expected_team: Mapped[str | None]
    state: Mapped[WriteState] = mapped_column(word(WriteState, "write_state"), server_default="writing")
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    at: Mapped[Instant]
    due_at: Mapped[Instant]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    note_due: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    note_sent_at: Mapped[datetime | None]


class ConnectionConflict(InAccount, Base):
    """A person's choice in the helpdesk that we overwrote, and put back once (C15); names as they were then."""

    __tablename__ = "connection_conflicts"
    __table_args__ = (
        same_account("connection_id", "connections", ondelete="CASCADE"),
        same_account("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_connection_conflicts_newest", "connection_id", text("id DESC")),
        Index("ix_connection_conflicts_of", "conversation_id", "id"),
    )

    connection_id: Mapped[int]
    conversation_id: Mapped[int]
    at: Mapped[Instant]
    ours: Mapped[str]
    theirs: Mapped[str]


class ShadowDecision(InAccount, Base):
    """What would have been decided in a shadow inbox, and who took the conversation there (C19); open until taken."""

    __tablename__ = "shadow_decisions"
    __table_args__ = (
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        same_account("conversation_id", "conversations", ondelete="CASCADE"),
        same_account("agent_id", "account_users", ondelete="CASCADE"),
        same_account("taken_by_id", "account_users", ondelete="CASCADE"),
        Index("uq_shadow_decisions_open", "conversation_id", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_shadow_decisions_of", "conversation_id", text("id DESC")),
        Index("ix_shadow_decisions_inbox", "inbox_id", text("id DESC")),
        Index("ix_shadow_decisions_at", "at"),
    )

    inbox_id: Mapped[int]
    conversation_id: Mapped[int]
    agent_id: Mapped[int]
    at: Mapped[Instant]
    taken_by_id: Mapped[int | None]
    taken_by: Mapped[str | None]
    taken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
