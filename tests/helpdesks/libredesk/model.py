"""What a Libredesk keeps, as far as a connector can see it."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# The user of rules, of the autoassigner and of reopening.
SYSTEM = 1
# The role Agent that each installation begins with.
AGENT_ROLE = frozenset(
    {
        "conversations:read_all",
        "conversations:read_unassigned",
        "conversations:read_assigned",
        "conversations:read_team_inbox",
        "conversations:read",
        "conversations:update_user_assignee",
        "conversations:update_team_assignee",
        "conversations:update_priority",
        "conversations:update_status",
        "conversations:update_tags",
        "messages:read",
        "messages:write",
        "view:manage",
    }
)
MANAGES = frozenset({"webhooks:manage", "teams:manage", "users:manage", "automations:manage"})
ADMIN = AGENT_ROLE | MANAGES | {"conversations:write", "messages:write_as_contact"}


@dataclass(slots=True, kw_only=True)
class User:
    """An agent, an assistant, a contact or System."""

    id: int
    first_name: str
    last_name: str = ""
    email: str | None = None
    type: str = "agent"
    enabled: bool = True
    deleted: bool = False
    availability: str = "offline"
    # The browser is open, and so says that somebody is there.
    connected: bool = False
    last_active_at: datetime | None = None
    permissions: frozenset[str] = AGENT_ROLE
    api_key: str | None = None
    api_secret: str | None = None
    made_at: datetime
    updated_at: datetime

    @property
    def full_name(self) -> str:
        """Return the name as activities have it; System has a blank after its name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(slots=True, kw_only=True)
class Inbox:
    id: int
    name: str
    channel: str = "email"
    enabled: bool = True
    uuid: str
    made_at: datetime


@dataclass(slots=True, kw_only=True)
class Team:
    id: int
    name: str
    emoji: str = ""
    conversation_assignment_type: str = "Manual"
    timezone: str = "UTC"
    business_hours_id: int | None = None
    sla_policy_id: int | None = None
    max_auto_assigned_conversations: int = 0
    members: list[int] = field(default_factory=list)
    made_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class Webhook:
    id: int
    name: str
    url: str
    events: list[str]
    secret: str
    is_active: bool
    made_at: datetime


@dataclass(slots=True, kw_only=True)
class Message:
    id: int
    uuid: str
    type: str  # incoming, outgoing, activity
    status: str
    content: str
    created_at: datetime
    sender_id: int
    sender_type: str
    private: bool = False
    content_type: str = "html"
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Conversation:
    id: int
    uuid: str
    inbox_id: int
    contact_id: int
    subject: str
    created_at: datetime
    updated_at: datetime
    status_id: int = 1
    priority_id: int | None = None
    assigned_user_id: int | None = None
    assigned_team_id: int | None = None
    waiting_since: datetime | None = None
    first_reply_at: datetime | None = None
    last_reply_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    snoozed_until: datetime | None = None
    last_message_at: datetime | None = None
    last_message_sender: str | None = None
    last_interaction_at: datetime | None = None
    last_interaction_sender: str | None = None
    tags: list[str] = field(default_factory=list)
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)

    @property
    def reference_number(self) -> str:
        """Return the number that people see; it begins at 100."""
        return str(self.id + 99)


@dataclass(slots=True)
class World:
    """One installation, with what it is installed with."""

    random: random.Random
    users: dict[int, User] = field(default_factory=dict)
    inboxes: dict[int, Inbox] = field(default_factory=dict)
    teams: dict[int, Team] = field(default_factory=dict)
    webhooks: dict[int, Webhook] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    statuses: dict[int, tuple[str, str]] = field(
        default_factory=lambda: {
            1: ("Open", "open"),
            2: ("Snoozed", "waiting"),
            3: ("Resolved", "resolved"),
            4: ("Closed", "resolved"),
        }
    )
    priorities: dict[int, str] = field(default_factory=lambda: {1: "Low", 2: "Medium", 3: "High"})
    rules: list[dict[str, Any]] = field(default_factory=list)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    # The autoassigner's memory of who belongs to which team, until the next restart.
    pools: dict[int, list[int]] = field(default_factory=dict)
    last_id: int = 0
    last_conversation_id: int = 0
    # Grows with every change of a conversation; lists are made again only then.
    revision: int = 0

    def next_id(self) -> int:
        """Return a new id for a contact, message, webhook or tag; users' ids and these never meet."""
        self.last_id = max(self.last_id, 90_000) + 1
        return self.last_id

    def new_uuid(self) -> str:
        """Return a new id that is the same with the same seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def status_named(self, name: str) -> int:
        """Return the id of a status; LookupError if there is none."""
        return {known: number for number, (known, _) in self.statuses.items()}[name]

    def category(self, one: Conversation) -> str:
        """Return the category of a conversation's status."""
        return self.statuses[one.status_id][1]
