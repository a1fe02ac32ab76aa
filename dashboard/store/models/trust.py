"""Records that numbers are checked with: checks of the simulator, presence, changes of conversations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.engine.model import Presence
from dashboard.store.models.base import AccountId, Base, Id, Instant, same_account, word


class PresenceCause(StrEnum):
    """Why an agent's presence changed (T1)."""

    BY_HAND = "by_hand"
    IDLE = "idle"
    HEARTBEAT = "heartbeat"
    LAPSED = "lapsed"
    SCHEDULED = "scheduled"
    DEACTIVATED = "deactivated"


class PresenceSpan(Base):
    """An agent's presence from one instant until the next change, null in the last row of each agent (T1)."""

    __tablename__ = "presence_changes"
    __table_args__ = (
        PrimaryKeyConstraint("account_id", "agent_id", "at"),
        same_account("agent_id", "account_users", ondelete="CASCADE"),
        Index(
            "uq_presence_changes_last", "account_id", "agent_id", unique=True, postgresql_where=text("until IS NULL")
        ),
        Index("ix_presence_changes_until", "until", postgresql_where=text("until IS NOT NULL")),
    )

    account_id: Mapped[AccountId]
    agent_id: Mapped[int]
    presence: Mapped[Presence] = mapped_column(word(Presence, "presence"))
    cause: Mapped[PresenceCause] = mapped_column(word(PresenceCause, "cause"))
    at: Mapped[Instant]
    until: Mapped[datetime | None]


class ChangedField(StrEnum):
    """What changed of a conversation, beside its agent, whom the ledger has (T2)."""

    STATUS = "status"
    INBOX = "inbox"
    TEAM = "team"
    LABELS = "labels"
    PRIORITY = "priority"
    SKILLS = "skills"
    AWAITING = "awaiting"


class ConversationRecord(Base):
    """A change of one field of a conversation, from `before` to `after`; no actor where no person did it (T2)."""

    __tablename__ = "conversation_changes"
    __table_args__ = (
        PrimaryKeyConstraint("conversation_id", "id"),
        same_account("conversation_id", "conversations", ondelete="CASCADE"),
        # Rows come in the order of their instants, so that blocks tell enough of them: it stays a thousandth as large.
        Index("ix_conversation_changes_at", "at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity())
    account_id: Mapped[AccountId]
    conversation_id: Mapped[int]
    at: Mapped[Instant]
    actor_id: Mapped[int | None]
    what: Mapped[ChangedField] = mapped_column(word(ChangedField, "what"))
    before: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))


class SimulatorCheck(Base):
    """One run through the textbook's cases. No account has its own, because it reads nobody's data.

    It is under way while `finished_at` is null; only one is at a time (T20).
    """

    __tablename__ = "simulator_checks"
    __table_args__ = (
        Index(
            "uq_simulator_checks_under_way",
            text("(finished_at IS NULL)"),
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    requested_at: Mapped[Instant]
    seed: Mapped[int]
    finished_at: Mapped[datetime | None]
    agrees: Mapped[bool | None] = mapped_column(Boolean)
    cases: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
