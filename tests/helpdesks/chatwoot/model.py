"""What a Chatwoot keeps, as far as a connector can see it."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

# The id in the database, shown only in reporting events, is not the one that people see.
HIDDEN = 88_000
# Seconds that a heartbeat of the browser counts, and between two of them.
PRESENT_FOR = BEATS_EVERY = 20


@dataclass(slots=True, kw_only=True)
class Account:
    id: int
    name: str = "Shop"
    status: str = "active"
    # Display ids are counted here, so that gaps are possible.
    last_display_id: int = 0
    cache_keys: dict[str, int] = field(default_factory=lambda: {"label": 0, "inbox": 0, "team": 0})


@dataclass(slots=True, kw_only=True)
class User:
    id: int
    account_id: int
    name: str
    email: str
    role: str = "agent"
    token: str = ""
    availability: str = "online"
    auto_offline: bool = True
    confirmed: bool = True
    connected_since: datetime | None = None

    def presence(self, now: datetime, jitter: float) -> str:
        """Return the set availability while a heartbeat is young; a late heartbeat makes `offline` for a moment."""
        if not self.auto_offline:
            return self.availability
        if self.connected_since is None:
            return "offline"
        since = (now - self.connected_since).total_seconds()
        beat = int(since // BEATS_EVERY)
        last = max((at for at in (self._beat(beat, jitter), self._beat(beat - 1, jitter)) if at <= since), default=0.0)
        return self.availability if since - last < PRESENT_FOR else "offline"

    def _beat(self, number: int, jitter: float) -> float:
        late = random.Random(f"{self.id}:{number}").uniform(0, jitter) if number > 0 else 0.0
        return max(number, 0) * BEATS_EVERY + late


@dataclass(slots=True, kw_only=True)
class Bot:
    id: int
    account_id: int
    name: str
    token: str
    secret: str = "bot-secret"


@dataclass(slots=True, kw_only=True)
class Inbox:
    id: int
    account_id: int
    name: str
    channel_type: str = "Channel::WebWidget"
    enable_auto_assignment: bool = False
    members: list[int] = field(default_factory=list)
    # A linked bot makes new conversations pending.
    bot_id: int | None = None


@dataclass(slots=True, kw_only=True)
class Team:
    id: int
    account_id: int
    name: str
    allow_auto_assign: bool = True
    members: list[int] = field(default_factory=list)
    made_at: datetime


@dataclass(slots=True, kw_only=True)
class Contact:
    id: int
    account_id: int
    name: str
    email: str
    identifier: str | None = None


@dataclass(slots=True, kw_only=True)
class Webhook:
    id: int
    account_id: int
    name: str | None
    url: str
    subscriptions: list[str]
    secret: str
    inbox_id: int | None = None


@dataclass(slots=True, kw_only=True)
class Message:
    id: int
    kind: int  # 0 incoming, 1 outgoing, 2 activity, 3 template
    content: str
    created_at: datetime
    private: bool = False
    sender_type: str | None = None
    sender_id: int | None = None
    content_attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Conversation:
    id: int
    account_id: int
    inbox_id: int
    contact_id: int
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    uuid: str
    tie: float  # the order of equal keys, which no sorting of Chatwoot decides
    status: str = "open"
    assignee_id: int | None = None
    assignee_agent_bot_id: int | None = None
    team_id: int | None = None
    priority: str | None = None
    label_list: tuple[str, ...] = ()
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    waiting_since: datetime | None = None
    first_reply_created_at: datetime | None = None
    snoozed_until: datetime | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def hidden_id(self) -> int:
        return self.id + HIDDEN


@dataclass(slots=True, kw_only=True)
class ReportingEvent:
    id: int
    name: str
    conversation: Conversation
    user_id: int | None
    started_at: datetime
    ended_at: datetime


@dataclass(slots=True)
class World:
    """One installation."""

    random: random.Random
    accounts: dict[int, Account] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    bots: dict[int, Bot] = field(default_factory=dict)
    inboxes: dict[int, Inbox] = field(default_factory=dict)
    teams: dict[int, Team] = field(default_factory=dict)
    contacts: dict[int, Contact] = field(default_factory=dict)
    webhooks: dict[int, Webhook] = field(default_factory=dict)
    labels: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    platform_tokens: set[str] = field(default_factory=set)
    conversations: dict[tuple[int, int], Conversation] = field(default_factory=dict)
    events: list[ReportingEvent] = field(default_factory=list)
    last_id: int = 55_000
    # Grows with every change of a conversation; lists are sorted again only then.
    revision: int = 0

    def next_id(self) -> int:
        """Return a new id for a message, contact, webhook or event."""
        self.last_id += 1
        return self.last_id

    def new_uuid(self) -> str:
        """Return a new id that is the same with the same seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def bump(self, account_id: int, key: str, now: datetime) -> None:
        """Change a cache key."""
        keys = self.accounts[account_id].cache_keys
        keys[key] = max(keys[key] + 1, int(now.timestamp()))

    def users_of(self, account_id: int) -> list[User]:
        """Return the users of an account by name."""
        return sorted((one for one in self.users.values() if one.account_id == account_id), key=lambda one: one.name)


def second(at: datetime) -> datetime:
    """Return the time as the database keeps it for most columns."""
    return at - timedelta(microseconds=at.microsecond)
