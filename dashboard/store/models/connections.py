"""Connections to helpdesks: what is mirrored, by which ids, what was heard, and what is to be written there.

Ids of the helpdesk are text; equal ids of two connections never meet, because each key begins with the connection.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.engine.model import ConnectionMode as ConnectionMode  # noqa: PLC0414  beside its other words
from dashboard.engine.model import Presence, Status
from dashboard.helpdesks.values import HelpdeskKind, NoteSetting
from dashboard.store.models.base import AccountId, Base, CreatedAt, InAccount, Instant, same_account, word


class ConnectionState(StrEnum):
    """How a connection stands; only `ready` and `degraded` ones decide and write (C18)."""

    NEW = "new"
    IMPORTING = "importing"
    READY = "ready"
    DEGRADED = "degraded"
    PAUSED = "paused"
    BROKEN = "broken"


class ConnectionEventKind(StrEnum):
    """What an event of a connection tells."""

    WEBHOOK = "webhook"
    REPAIR = "repair"
    POLL = "poll"
    WRITE = "write"
    CONFLICT = "conflict"
    STATE = "state"


class Connection(InAccount, Base):
    """One helpdesk account. `sealed` holds credentials and the webhook's secrets, encrypted (C3).

    `imported_at` is the end of the first sync. A reading of all open conversations began at `open_began_at` and resumes
    at the page `open_cursor`; the first one is the first sync. `*_read_at` are the starts of complete readings.
    `ahead_seconds` is by how much the helpdesk's clock is ahead of ours. `switched_off` are the helpdesk's own switches
    that we turned off: disconnecting puts them back. `question` is what only a person can answer, such as whether half
    of the agents have really gone (C9); nothing changes until then.
    """

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "name"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 255", "name_length"),
        CheckConstraint("quiet_seconds BETWEEN 0 AND 30", "quiet_range"),
        CheckConstraint("calls_per_second BETWEEN 1 AND 1000", "calls_range"),
    )

    kind: Mapped[HelpdeskKind] = mapped_column(word(HelpdeskKind, "kind"))
    name: Mapped[str]
    url: Mapped[str]
    sealed: Mapped[str]
    state: Mapped[ConnectionState] = mapped_column(word(ConnectionState, "state"), server_default="new")
    sentence: Mapped[str] = mapped_column(server_default="")
    state_since: Mapped[CreatedAt]
    paused: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    note: Mapped[NoteSetting] = mapped_column(word(NoteSetting, "note"), server_default="off")
    keep_names: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    quiet_seconds: Mapped[int] = mapped_column(server_default="3")
    calls_per_second: Mapped[int] = mapped_column(server_default="5")
    version: Mapped[str | None]
    own_id: Mapped[str | None]
    ahead_seconds: Mapped[float] = mapped_column(server_default="0")
    webhook_id: Mapped[str | None]
    last_webhook_at: Mapped[datetime | None]
    setup_marks: Mapped[str | None]
    setup_read_at: Mapped[datetime | None]
    presence_read_at: Mapped[datetime | None]
    waiting_read_at: Mapped[datetime | None]
    changes_read_at: Mapped[datetime | None]
    open_read_at: Mapped[datetime | None]
    open_cursor: Mapped[str | None]
    open_done: Mapped[int] = mapped_column(server_default="0")
    open_total: Mapped[int | None]
    open_began_at: Mapped[datetime | None]
    imported_at: Mapped[datetime | None]
    switched_off: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    question: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    open_pages: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]


class ConnectedInbox(Base):
    """An inbox of the helpdesk; `inbox_id` is its inbox here, from its first mode other than off.

    `group_id` names the group whose members may be given its conversations (rt). `gone_at` is set when two complete
    readings lacked it (C9). `unread_since` is when it was chosen, None once everything was read after that: until then
    nothing is decided there.
    """

    __tablename__ = "connected_inboxes"
    __table_args__ = (
        PrimaryKeyConstraint("connection_id", "external_id"),
        same_account("connection_id", "connections", ondelete="CASCADE"),
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        UniqueConstraint("inbox_id"),
    )

    account_id: Mapped[AccountId]
    connection_id: Mapped[int]
    external_id: Mapped[str]
    name: Mapped[str]
    channel: Mapped[str | None]
    inbox_id: Mapped[int | None]
    mode: Mapped[ConnectionMode] = mapped_column(word(ConnectionMode, "mode"), server_default="off")
    own_assignment: Mapped[bool | None]
    group_id: Mapped[str | None]
    waiting: Mapped[int | None]
    stopped_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    unread_since: Mapped[datetime | None]


class ConnectedTeam(Base):
    """A team of the helpdesk and its team here."""

    __tablename__ = "connected_teams"
    __table_args__ = (
        PrimaryKeyConstraint("connection_id", "external_id"),
        same_account("connection_id", "connections", ondelete="CASCADE"),
        same_account("team_id", "teams", ondelete="CASCADE"),
        UniqueConstraint("team_id"),
    )

    account_id: Mapped[AccountId]
    connection_id: Mapped[int]
    external_id: Mapped[str]
    name: Mapped[str]
    team_id: Mapped[int | None]
    own_assignment: Mapped[bool | None]
    gone_at: Mapped[datetime | None]


class ConnectedAgent(Base):
    """A person of the helpdesk, and the agent here whom somebody confirmed (C2). `presence` is the last reading."""

    __tablename__ = "connected_agents"
    __table_args__ = (
        PrimaryKeyConstraint("connection_id", "external_id"),
        same_account("connection_id", "connections", ondelete="CASCADE"),
        same_account("agent_id", "account_users", ondelete="CASCADE"),
        Index("uq_connected_agents_agent", "connection_id", "agent_id", unique=True),
    )

    account_id: Mapped[AccountId]
    connection_id: Mapped[int]
    external_id: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    agent_id: Mapped[int | None]
    ignored: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    active: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    presence: Mapped[Presence | None] = mapped_column(word(Presence, "presence"))
    offline_reads: Mapped[int] = mapped_column(server_default="0")


class ConnectedConversation(Base):
    """A mirrored conversation: its ids there, and the last reading that was applied.

    `asked_at` is the start of that reading by our clock, `updated_at` the helpdesk's own. `status`, `assignee` and
    `taken` are the helpdesk's words: an owner who is no agent here makes the conversation `pending` here.
    `seen_waiting_at` is the beginning of the first reading in a row that found it waiting.
    """

    __tablename__ = "connected_conversations"
    __table_args__ = (
        PrimaryKeyConstraint("connection_id", "external_id"),
        same_account("connection_id", "connections", ondelete="CASCADE"),
        same_account("conversation_id", "conversations", ondelete="CASCADE"),
        UniqueConstraint("conversation_id"),
        Index("uq_connected_conversations_display", "connection_id", "display_id", unique=True),
        Index("ix_connected_conversations_open", "connection_id", postgresql_where=text("status = 'open'")),
    )

    account_id: Mapped[AccountId]
    connection_id: Mapped[int]
    external_id: Mapped[str]
    display_id: Mapped[str]
    conversation_id: Mapped[int]
    inbox_external_id: Mapped[str]
    status: Mapped[Status] = mapped_column(word(Status, "status"))
    assignee: Mapped[str | None]
    taken: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    updated_at: Mapped[Instant]
    asked_at: Mapped[Instant]
    seen_waiting_at: Mapped[datetime | None]


class ConnectionEvent(InAccount, Base):
    """What was heard from a helpdesk or done there, kept for 24 h. A webhook is pending until its mark is worked off.

    Of a webhook are kept event, ids, time, actor and the owner's change: evidence, never state (C5, C7).
    """

    __tablename__ = "connection_events"
    __table_args__ = (
        same_account("connection_id", "connections", ondelete="CASCADE"),
        Index("ix_connection_events_newest", "connection_id", text("id DESC")),
        Index("ix_connection_events_pending", "connection_id", "id", postgresql_where=text("pending")),
        Index("ix_connection_events_of", "connection_id", "external_id", "id"),
        Index("ix_connection_events_of_display", "connection_id", "display_id", "id"),
        Index("ix_connection_events_at", "at"),
    )

    connection_id: Mapped[int]
    at: Mapped[Instant]
    kind: Mapped[ConnectionEventKind] = mapped_column(word(ConnectionEventKind, "kind"))
    cause: Mapped[str]
    external_id: Mapped[str | None]
    display_id: Mapped[str | None]
    conversation_id: Mapped[int | None]
    happened_at: Mapped[datetime | None]
    actor: Mapped[str | None]
    owner_changed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    owner_before: Mapped[str | None]
    owner_after: Mapped[str | None]
    pending: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
