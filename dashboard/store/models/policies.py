"""Assignment policies with their versions and links, and capacity policies with their limits."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.engine import policy as limits
from dashboard.engine.policy import AssignmentOrder, ConversationPriority
from dashboard.store.models.base import AccountId, Base, CreatedAt, InAccount, Words, same_account, word

NAME = f"char_length(name) BETWEEN 1 AND {limits.NAME_LENGTH}"
RETURNING = text("return_after IS NOT NULL OR return_when_absent IS NOT NULL")
HOURS = f"exclude_older_than_hours BETWEEN 1 AND {limits.MOST_HOURS}"


class AssignmentPolicy(InAccount, Base):
    """An inbox's rules; `version` increases with each change that alters decisions."""

    __tablename__ = "assignment_policies"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "name"),
        CheckConstraint(NAME, "name_length"),
        CheckConstraint(f"fair_distribution_limit BETWEEN 0 AND {limits.MOST_PER_WINDOW}", "limit_range"),
        CheckConstraint(f"fair_distribution_window BETWEEN 1 AND {limits.LONGEST_WINDOW_SECONDS}", "window_range"),
        CheckConstraint("(overflow_team_id IS NULL) = (overflow_after IS NULL)", "overflow_with_team"),
        same_account("overflow_team_id", "teams", ondelete="RESTRICT"),
        Index(None, "overflow_team_id"),
        # The policies whose conversations come back.
        Index("ix_assignment_policies_returning", "id", postgresql_where=RETURNING),
    )

    name: Mapped[str]
    description: Mapped[str | None]
    assignment_order: Mapped[AssignmentOrder] = mapped_column(
        word(AssignmentOrder, "assignment_order"), server_default="round_robin"
    )
    conversation_priority: Mapped[ConversationPriority] = mapped_column(
        word(ConversationPriority, "conversation_priority"), server_default="earliest_created"
    )
    fair_distribution_limit: Mapped[int | None]
    fair_distribution_window: Mapped[int | None] = mapped_column(server_default=str(limits.DEFAULT_WINDOW_SECONDS))
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    eligible_presence: Mapped[Words] = mapped_column(server_default="{online}")
    one_agent_per_contact: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    relax_skills_after: Mapped[int | None]
    overflow_team_id: Mapped[int | None]
    overflow_after: Mapped[int | None]
    prefer_last_agent: Mapped[int | None]
    wait_for_preferred: Mapped[int | None] = mapped_column(server_default="0")
    pace_seconds: Mapped[int | None]
    response_targets: Mapped[dict[str, int | None] | None] = mapped_column(JSONB(none_as_null=True))
    return_after: Mapped[int | None]
    return_when_absent: Mapped[int | None]
    return_by_hand_too: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    max_returns: Mapped[int] = mapped_column(server_default="3")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AssignmentPolicyVersion(Base):
    """A policy's rules at one version; it outlives the policy, because the ledger refers to it."""

    __tablename__ = "assignment_policy_versions"
    __table_args__ = (PrimaryKeyConstraint("policy_id", "version"),)

    account_id: Mapped[AccountId]
    policy_id: Mapped[int]
    version: Mapped[int]
    rules: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class PolicyLink(Base):
    """The link of an inbox to its assignment policy, at most one (E3), with the inbox's own values (E69)."""

    __tablename__ = "inbox_assignment_policies"
    __table_args__ = (
        PrimaryKeyConstraint("inbox_id"),
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        same_account("assignment_policy_id", "assignment_policies", ondelete="CASCADE"),
        Index(None, "assignment_policy_id"),
    )

    account_id: Mapped[AccountId]
    inbox_id: Mapped[int]
    assignment_policy_id: Mapped[int]
    overrides: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[CreatedAt]


class CapacityPolicy(InAccount, Base):
    """Agents' limits, and the conversations that are excluded from assignment."""

    __tablename__ = "agent_capacity_policies"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "name"),
        CheckConstraint(NAME, "name_length"),
        CheckConstraint(f"conversation_limit BETWEEN 0 AND {limits.MOST_OPEN}", "limit_range"),
        CheckConstraint(HOURS, "hours_range"),
    )

    name: Mapped[str]
    description: Mapped[str | None]
    conversation_limit: Mapped[int | None]
    excluded_labels: Mapped[Words]
    exclude_older_than_hours: Mapped[int | None]
    count_only_unanswered: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class InboxCapacityLimit(InAccount, Base):
    """The maximum of open conversations in one inbox for an agent under the policy (E15)."""

    __tablename__ = "inbox_capacity_limits"
    __table_args__ = (
        UniqueConstraint("agent_capacity_policy_id", "inbox_id"),
        same_account("agent_capacity_policy_id", "agent_capacity_policies", ondelete="CASCADE"),
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        CheckConstraint(f"conversation_limit BETWEEN 0 AND {limits.MOST_OPEN}", "limit_range"),
        Index(None, "inbox_id"),
    )

    agent_capacity_policy_id: Mapped[int]
    inbox_id: Mapped[int]
    conversation_limit: Mapped[int]
