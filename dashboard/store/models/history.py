"""Append-only records: runs, the ledger, outbox events, the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.engine.decisions import Outcome, Reason, Source, Via
from dashboard.store.models.base import AccountId, Base, CreatedAt, InAccount, Instant, same_account, word


class Run(InAccount, Base):
    """One pass of the engine over one inbox; unfinished while `finished_at` is null (E46)."""

    __tablename__ = "runs"
    __table_args__ = (
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        Index("ix_runs_inbox", "inbox_id", text("id DESC")),
        Index("ix_runs_account", "account_id", text("id DESC")),
        Index("ix_runs_job", "job_id"),
        Index("ix_runs_started_at", "started_at"),
        CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", "outcome_when_finished"),
    )

    inbox_id: Mapped[int]
    source: Mapped[Source] = mapped_column(word(Source, "source"))
    actor_id: Mapped[int | None]
    job_id: Mapped[str | None]
    started_at: Mapped[Instant]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(word(Outcome, "outcome"))
    reason: Mapped[Reason | None] = mapped_column(word(Reason, "reason"))
    waiting_before: Mapped[int | None]
    assigned_count: Mapped[int] = mapped_column(server_default="0")
    left_waiting: Mapped[dict[str, int]] = mapped_column(JSONB, server_default="{}")
    message: Mapped[str | None]


class RunBatch(Base):
    """One batch's snapshot, from which its decisions can be replayed (E46, E47).

    It is stored as JSON text, because every run writes it and few requests read it.
    """

    __tablename__ = "run_batches"
    __table_args__ = (PrimaryKeyConstraint("run_id", "number"),)

    account_id: Mapped[AccountId]
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    number: Mapped[int]
    planned_at: Mapped[Instant]
    first_position: Mapped[int]
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSON)


class Assignment(InAccount, Base):
    """A ledger row: a conversation's new and previous agent, and the run or person; a release has no agent."""

    __tablename__ = "assignments"
    __table_args__ = (
        same_account("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_assignments_conversation", "conversation_id", text("id DESC")),
        Index("ix_assignments_inbox", "inbox_id", "at"),
        Index("ix_assignments_agent", "account_id", "agent_id", "at"),
        # Assignments of conversations that were due, for the service level (E56).
        Index(
            "ix_assignments_due",
            "inbox_id",
            "at",
            postgresql_include=["due_at"],
            postgresql_where=text("due_at IS NOT NULL AND agent_id IS NOT NULL"),
        ),
        Index("uq_assignments_run_position", "run_id", "position", unique=True),
        CheckConstraint("(run_id IS NULL) = (position IS NULL)", "position_in_run"),
        CheckConstraint("(agent_id IS NULL) = (source = 'release')", "release_has_no_agent"),
    )

    conversation_id: Mapped[int]
    inbox_id: Mapped[int]
    agent_id: Mapped[int | None]
    previous_agent_id: Mapped[int | None]
    source: Mapped[Source] = mapped_column(word(Source, "source"))
    reason: Mapped[str | None]
    run_id: Mapped[int | None]
    position: Mapped[int | None]
    policy_id: Mapped[int | None]
    policy_version: Mapped[int | None]
    via: Mapped[Via | None] = mapped_column(word(Via, "via"))
    skills_relaxed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    actor_id: Mapped[int | None]
    waiting_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    at: Mapped[Instant]


class OutboxEvent(InAccount, Base):
    """An event for webhooks, written with the change itself (E26); pending until its deliveries are written."""

    __tablename__ = "outbox_events"
    __table_args__ = (
        Index("ix_outbox_events_pending", "id", postgresql_where=text("dispatched_at IS NULL")),
        Index("ix_outbox_events_conversation", "conversation_id", "id"),
        Index("ix_outbox_events_at", "at"),
    )

    event: Mapped[str]
    conversation_id: Mapped[int | None]
    run_id: Mapped[int | None]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[Instant]
    dispatched_at: Mapped[datetime | None]


class AuditEntry(InAccount, Base):
    """A change with its actor, before and after."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_account", "account_id", text("id DESC")),
        Index("ix_audit_entries_subject", "account_id", "subject", "subject_id"),
        # A page of the log: all entries, or those of one kind or person.
        Index("ix_audit_entries_newest", "account_id", text("at DESC"), text("id DESC")),
        Index("ix_audit_entries_by_subject", "account_id", "subject", text("at DESC"), text("id DESC")),
        Index("ix_audit_entries_by_actor", "account_id", "actor_id", text("at DESC"), text("id DESC")),
    )

    actor_id: Mapped[int | None]
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    at: Mapped[Instant]


class IdempotentAnswer(Base):
    """The first response to an Idempotency-Key, repeated for 24 h."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (PrimaryKeyConstraint("account_id", "route", "key"), Index(None, "created_at"))

    account_id: Mapped[AccountId]
    route: Mapped[str]
    key: Mapped[str]
    body_hash: Mapped[str]
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[CreatedAt]
