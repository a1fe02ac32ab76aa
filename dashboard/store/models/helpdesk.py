"""Inboxes, teams, their members, contacts and conversations."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.engine.model import AssignmentType, Awaiting, Hold, Status
from dashboard.engine.policy import MOST_WEIGHT
from dashboard.store.models.base import (
    NO_DOUBLE,
    AccountId,
    Base,
    CreatedAt,
    InAccount,
    Instant,
    Words,
    same_account,
    word,
)

# An instant outside Python's range, written by another program, would break every batch that reads it.
READABLE = "{0} BETWEEN '0002-01-01+00' AND '9998-12-31+00'"
WAITING = text("status = 'open' AND assignee_id IS NULL")
HELD = text("status = 'open' AND assignee_id IS NOT NULL")
UNANSWERED = text("status = 'open' AND assignee_id IS NOT NULL AND awaiting = 'agent'")
UNREPLIED = text("status = 'open' AND assignee_id IS NOT NULL AND (replied_at IS NULL OR replied_at < assigned_at)")
SKILLED = text("status = 'open' AND assignee_id IS NULL AND skill_key <> ''")
ROUGH = text("status = 'open' AND assignee_id IS NULL AND due_is_rough")
SNOOZED = text("status = 'snoozed' AND snoozed_until IS NOT NULL")
OF_TEAM = text("status = 'open' AND team_id IS NOT NULL")


class Inbox(InAccount, Base):
    """A place where conversations arrive; its name is unique per account, except for doubles of earlier releases."""

    __tablename__ = "inboxes"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 255", "name_length"),
        CheckConstraint(f"weight BETWEEN 1 AND {MOST_WEIGHT}", "weight_range"),
        Index("uq_inboxes_account_id_name", "account_id", "name", unique=True, postgresql_where=NO_DOUBLE),
    )

    name: Mapped[str]
    channel: Mapped[str | None]
    is_double: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    enable_auto_assignment: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    weight: Mapped[int] = mapped_column(server_default="1")
    business_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[CreatedAt]


class InboxMember(Base):
    """An agent's membership in an inbox; runs pass over it without `auto_assign` (E57)."""

    __tablename__ = "inbox_members"
    __table_args__ = (
        PrimaryKeyConstraint("inbox_id", "user_id"),
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        same_account("user_id", "account_users", ondelete="CASCADE"),
        Index(None, "account_id", "user_id"),
    )

    account_id: Mapped[AccountId]
    inbox_id: Mapped[int]
    user_id: Mapped[int]
    auto_assign: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))


class Team(InAccount, Base):
    """A group of agents; `max_auto_assigned_conversations` 0 means unlimited."""

    __tablename__ = "teams"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 255", "name_length"),
        CheckConstraint("max_auto_assigned_conversations BETWEEN 0 AND 100000", "max_range"),
        Index("uq_teams_account_id_name", "account_id", "name", unique=True, postgresql_where=NO_DOUBLE),
    )

    name: Mapped[str]
    is_double: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    assignment_type: Mapped[AssignmentType] = mapped_column(
        word(AssignmentType, "assignment_type"), server_default="round_robin"
    )
    max_auto_assigned_conversations: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]


class TeamMember(Base):
    """An agent's membership in a team; runs pass over it without `auto_assign` (E57)."""

    __tablename__ = "team_members"
    __table_args__ = (
        PrimaryKeyConstraint("team_id", "user_id"),
        same_account("team_id", "teams", ondelete="CASCADE"),
        same_account("user_id", "account_users", ondelete="CASCADE"),
        Index(None, "account_id", "user_id"),
    )

    account_id: Mapped[AccountId]
    team_id: Mapped[int]
    user_id: Mapped[int]
    auto_assign: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))


class Label(InAccount, Base):
    """A suggested label of the account; conversations may carry other labels too."""

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint("account_id", "title"),
        CheckConstraint("char_length(title) BETWEEN 1 AND 100", "title_length"),
    )

    title: Mapped[str]
    color: Mapped[str | None]


class Contact(InAccount, Base):
    """A customer; a merged contact has no conversations."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("account_id", "identifier"),
        UniqueConstraint("account_id", "id"),
        same_account("merged_into_id", "contacts", ondelete="RESTRICT"),
        # For the search (store/conversations/search.py).
        Index(
            "ix_contacts_identifier",
            "account_id",
            func.lower(literal_column("identifier")).label("lowered"),
            postgresql_ops={"lowered": "text_pattern_ops"},
        ),
        Index("ix_contacts_name", text("to_tsvector('simple', coalesce(name, ''))"), postgresql_using="gin"),
    )

    identifier: Mapped[str]
    name: Mapped[str | None]
    merged_into_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class Conversation(InAccount, Base):
    """The unit of work.

    `assigned_by_engine` is true if a run assigned it, false if a person did (E31). `waiting_since` is set exactly while
    it waits. `snoozed_until` is the end of a snooze; without it, the customer's next message ends the snooze.
    `had_by_id` is the previous agent after a release, until the next assignment (E74); it has no foreign key, because
    it
    is only compared with candidates' ids. `awaiting` follows the last message that was not automatic; it is null for
    conversations older than this column. Runs leave it waiting until `held_until`, because of `held_for`.

    A trigger joins the skills that it requires, itself and by its labels, in `skill_key` (E58); `required_keys` are the
    required skills, case-folded. `replied_at` is the agent's last message.
    A trigger keeps `due_at`: `respond_by`, else the start of the wait and the policy's target, null unless it waits
    (E54). It is rough until business hours are counted, and setting `due_is_rough` has it counted again.

    `overflow_team_id` is the team through which its agent got it (E59). It came back `returns` times, from the agents
    `returned_from` at the instants `returned_ats`, until it is resolved (E64, E65); they have no foreign key either.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        same_account("inbox_id", "inboxes", ondelete="RESTRICT"),
        same_account("team_id", "teams", ondelete="RESTRICT"),
        same_account("contact_id", "contacts", ondelete="RESTRICT"),
        same_account("assignee_id", "account_users", ondelete="RESTRICT"),
        CheckConstraint("priority BETWEEN 1 AND 4", "priority_range"),
        CheckConstraint(READABLE.format("created_at"), "created_at_readable"),
        CheckConstraint(READABLE.format("last_activity_at"), "last_activity_at_readable"),
        CheckConstraint(READABLE.format("respond_by"), "respond_by_readable"),
        CheckConstraint("due_at IS NULL OR waiting_since IS NOT NULL", "due_at_when_waiting"),
        CheckConstraint("(assignee_id IS NULL) = (assigned_at IS NULL)", "assigned_at_with_assignee"),
        CheckConstraint("(status = 'resolved') = (resolved_at IS NOT NULL)", "resolved_at_when_resolved"),
        CheckConstraint(
            "(waiting_since IS NOT NULL) = (status = 'open' AND assignee_id IS NULL)", "waiting_since_when_waiting"
        ),
        Index("uq_conversations_external_id", "inbox_id", "external_id", unique=True),
        # The two orders of E7; a run reads them from the start.
        Index("ix_conversations_waiting_by_created", "inbox_id", "created_at", "id", postgresql_where=WAITING),
        Index(
            "ix_conversations_waiting_by_activity",
            "inbox_id",
            "last_activity_at",
            "created_at",
            "id",
            postgresql_where=WAITING,
        ),
        # Teams with waiting conversations, and a team's conversations behind ten thousand of another team (E9).
        Index("ix_conversations_waiting_by_team", "inbox_id", "team_id", "created_at", "id", postgresql_where=WAITING),
        # The order of E55, and the overdue conversations.
        Index("ix_conversations_waiting_by_due", "inbox_id", "due_at", "waiting_since", "id", postgresql_where=WAITING),
        Index("ix_conversations_due_is_rough", "id", postgresql_where=ROUGH),
        # Waiting conversations now and an hour ago, and the longest wait: the board reads them every two seconds.
        Index("ix_conversations_waiting_since", "inbox_id", "waiting_since", "id", postgresql_where=WAITING),
        # The pools with required skills (E58).
        Index("ix_conversations_waiting_skilled", "inbox_id", "skill_key", "team_id", postgresql_where=SKILLED),
        # An agent's conversations in an inbox and in all inboxes; their numbers are in open_counts.
        Index("ix_conversations_load", "inbox_id", "assignee_id", postgresql_where=HELD),
        Index("ix_conversations_held", "account_id", "assignee_id", "inbox_id", postgresql_where=HELD),
        # A team's open and waiting conversations.
        Index("ix_conversations_of_team", "team_id", "inbox_id", "assignee_id", postgresql_where=OF_TEAM),
        # Contacts being served (E10).
        Index("ix_conversations_served", "account_id", "contact_id", postgresql_where=HELD),
        # Open conversations by label.
        Index("ix_conversations_labelled", "account_id", postgresql_where=text("status = 'open' AND labels <> '{}'")),
        # For the search (store/conversations/search.py).
        Index("ix_conversations_contact", "contact_id"),
        Index("ix_conversations_subject", text("to_tsvector('simple', coalesce(subject, ''))"), postgresql_using="gin"),
        Index("ix_conversations_newest", "account_id", text("created_at DESC"), text("id DESC")),
        # Unanswered customers of absent agents.
        Index(
            "ix_conversations_unanswered",
            "account_id",
            "assignee_id",
            "inbox_id",
            "team_id",
            postgresql_where=UNANSWERED,
        ),
        # Conversations whose agents have not replied yet, the earliest assignment first (E64).
        Index("ix_conversations_unreplied", "inbox_id", "assigned_at", "id", postgresql_where=UNREPLIED),
        # Timed snoozes, the earliest end first.
        Index("ix_conversations_snoozed_until", "snoozed_until", postgresql_where=SNOOZED),
    )

    inbox_id: Mapped[int]
    team_id: Mapped[int | None]
    contact_id: Mapped[int | None]
    external_id: Mapped[str | None]
    subject: Mapped[str | None]
    status: Mapped[Status] = mapped_column(word(Status, "status"), server_default="open")
    priority: Mapped[int | None]
    assignee_id: Mapped[int | None]
    assigned_by_engine: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    labels: Mapped[Words]
    created_at: Mapped[Instant]
    last_activity_at: Mapped[Instant]
    waiting_since: Mapped[datetime | None]
    assigned_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    had_by_id: Mapped[int | None]
    awaiting: Mapped[Awaiting | None] = mapped_column(word(Awaiting, "awaiting"), server_default="agent")
    held_until: Mapped[datetime | None]
    held_for: Mapped[Hold | None] = mapped_column(word(Hold, "held_for"))
    required_skills: Mapped[Words]
    required_keys: Mapped[Words]
    skill_key: Mapped[str] = mapped_column(server_default="")
    first_reply_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    overflow_team_id: Mapped[int | None]
    respond_by: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    due_is_rough: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    returns: Mapped[int] = mapped_column(server_default="0")
    returned_from: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    returned_ats: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), server_default="{}")


class DueRenewal(Base):
    """An inbox whose waiting conversations get a new `due_at`, in batches by id, twice (E54).

    The second round reaches those whose transactions had read the older rules.
    """

    __tablename__ = "due_renewals"
    __table_args__ = (
        PrimaryKeyConstraint("inbox_id"),
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
    )

    account_id: Mapped[AccountId]
    inbox_id: Mapped[int]
    asked_at: Mapped[Instant]
    round: Mapped[int] = mapped_column(server_default="0")
    after_id: Mapped[int] = mapped_column(server_default="0")
