"""Accounts, log-ins and memberships."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.engine.model import Presence, Role
from dashboard.store.models.base import NEW_EPOCH, AccountId, Base, CreatedAt, Id, InAccount, Words, same_account, word


class Account(Base):
    """A tenant; no data crosses from one account to another.

    `stranded_count` is the number of stranded conversations at the last check (E53). `skill_labels` maps labels to the
    skills that they require, `skill_label_keys` to the same case-folded (E58).
    """

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("char_length(name) BETWEEN 1 AND 255", "name_length"),)

    id: Mapped[Id]
    name: Mapped[str]
    assignment_v2: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    stranded_checked_at: Mapped[datetime | None]
    stranded_count: Mapped[int] = mapped_column(server_default="0")
    skill_labels: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    skill_label_keys: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[CreatedAt]


class User(Base):
    """A log-in: a password, and the sessions that it opens.

    It belongs to the account that made it until somebody has logged in with it (`used_at`), and to that person from
    then on. A new `session_epoch` ends all its sessions. Its id is also the id of the agent for whom it was made.

    Older releases read `chosen_at`: they let only a password of the person's own choice log in to several accounts.

    `email` is the address by which older releases find it, and null in newer rows: see AccountUser.
    """

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("email = lower(email)", "email_lower"), UniqueConstraint("email"))

    id: Mapped[Id]
    email: Mapped[str | None]
    password_hash: Mapped[str | None]
    session_epoch: Mapped[int] = mapped_column(server_default=NEW_EPOCH)
    used_at: Mapped[datetime | None]
    chosen_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class EndedSession(Base):
    """A logged-out session, kept until its cookie expires: a copy of the cookie may exist."""

    __tablename__ = "ended_sessions"
    __table_args__ = (Index(None, "ended_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    ended_at: Mapped[datetime]


class AccountUser(Base):
    """A membership: an agent of an account, their address and role there, availability and capacity policy.

    `log_in_id` is the log-in that opens it. Another one takes its place only by the link of an invitation. A new
    `session_epoch` ends the sessions of this membership alone.
    """

    __tablename__ = "account_users"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 255", "name_length"),
        CheckConstraint("email = lower(email)", "email_lower"),
        UniqueConstraint("email", "account_id"),
        same_account("agent_capacity_policy_id", "agent_capacity_policies", ondelete="RESTRICT"),
        Index(None, "agent_capacity_policy_id"),
        Index(None, "log_in_id"),
        Index(None, "user_id"),
        Index(None, "availability_until", postgresql_where=text("availability_until IS NOT NULL")),
    )

    account_id: Mapped[AccountId] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    log_in_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    email: Mapped[str]
    role: Mapped[Role] = mapped_column(word(Role, "role"))
    availability: Mapped[Presence] = mapped_column(word(Presence, "availability"), server_default="online")
    availability_since: Mapped[CreatedAt]
    availability_until: Mapped[datetime | None]
    auto_offline: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    session_epoch: Mapped[int] = mapped_column(server_default="0")
    agent_capacity_policy_id: Mapped[int | None]
    skills: Mapped[Words]
    created_at: Mapped[CreatedAt]


class Invitation(Base):
    """A link by which a person logs in as an agent: once, until it expires. Only its secret's hash is stored."""

    __tablename__ = "invitations"
    __table_args__ = (
        same_account("user_id", "account_users", ondelete="CASCADE"),
        UniqueConstraint("token_hash"),
    )

    account_id: Mapped[AccountId] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiToken(InAccount, Base):
    """A bearer token, stored only as a hash; it acts with its user's role."""

    __tablename__ = "api_tokens"
    __table_args__ = (same_account("user_id", "account_users", ondelete="CASCADE"), UniqueConstraint("token_hash"))

    user_id: Mapped[int]
    name: Mapped[str] = mapped_column(server_default="")
    token_hash: Mapped[str]
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
