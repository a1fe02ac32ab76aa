"""The engine's input: frozen values, one snapshot of them per batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from dashboard.engine.hours import BusinessHours
from dashboard.engine.policy import AssignmentPolicy, ExclusionRules


class Presence(StrEnum):
    """An agent's set availability, or `offline` without heartbeats (E37)."""

    ONLINE = "online"
    BUSY = "busy"
    OFFLINE = "offline"
    AWAY = "away"
    AWAY_MANUAL = "away_manual"
    AWAY_AND_REASSIGNING = "away_and_reassigning"


class Status(StrEnum):
    """The status of a conversation; waiting means `open` without assignee."""

    OPEN = "open"
    PENDING = "pending"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Awaiting(StrEnum):
    """The side that must write next: the agent or the customer."""

    AGENT = "agent"
    CUSTOMER = "customer"


class Hold(StrEnum):
    """Why a waiting conversation of a helpdesk is not decided yet: rules there may still act, or a person did."""

    SETTLING = "settling"
    HANDS_OFF = "hands_off"


# The end of a hold that no instant ends, only a person.
FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
# Runs of a helpdesk's inbox go on this long after the start of its last complete reading (C18).
READING_HOLDS_FOR = timedelta(minutes=2)


class ConnectionMode(StrEnum):
    """What Evenhand does in a connected inbox (C19)."""

    OFF = "off"
    SHADOW = "shadow"
    LIVE = "live"


class Role(StrEnum):
    """A user's rights in an account."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class AssignmentType(StrEnum):
    """Whether runs assign a team's conversations or leave them to people (E12)."""

    ROUND_ROBIN = "round_robin"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The place where conversations arrive, with the two switches outside the policy (E1).

    An inbox of a helpdesk has a `mode`, and `is_stopped` while another engine assigns there. `read_at` is the start of
    the last complete reading of what waits there, None while the connection is not ready. Without `hours` it is always
    open (E62). Each of its conversations counts `weight` against limits over all inboxes (E68).
    """

    id: int
    account_id: int
    name: str
    assignment_v2: bool = True
    enable_auto_assignment: bool = True
    mode: ConnectionMode | None = None
    is_stopped: bool = False
    read_at: datetime | None = None
    weight: int = 1
    hours: BusinessHours | None = None

    @property
    def is_connected(self) -> bool:
        """Return whether it is an inbox of a helpdesk."""
        return self.mode is not None

    def is_known(self, now: datetime) -> bool:
        """Return whether what waits here is known well enough to decide: always, but in a helpdesk's inbox (C18)."""
        return not self.is_connected or (self.read_at is not None and now - self.read_at <= READING_HOLDS_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of agents; `max_open` 0 means unlimited (E17)."""

    id: int
    name: str
    assignment_type: AssignmentType = AssignmentType.ROUND_ROBIN
    max_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person with a role in an account, with their state at the time of the snapshot.

    `recent` is the number of automatic assignments within the fair-distribution window. It is None if that number
    could not be read and the limit is to be skipped (E41). `slot_frees_at` is the instant at which the oldest one
    leaves the window. A limit of None means no limit.

    `open_total` counts by the inboxes' weights (E68). `counted_here` and `counted_total` count only the conversations
    that the agent's capacity policy counts (E67); None: all of them. `last_assigned_at` is the instant of the last
    automatic assignment in any inbox, read only for a pace (E61). `opted_out` and `opted_out_team_ids` are memberships
    that runs pass over (E57). Skills are case-folded.
    """

    id: int
    name: str
    presence: Presence
    member: bool
    team_ids: frozenset[int] = frozenset()
    open_here: int = 0
    open_total: int = 0
    capacity_policy_id: int | None = None
    capacity: int | None = None
    total_capacity: int | None = None
    recent: int | None = 0
    slot_frees_at: datetime | None = None
    opted_out: bool = False
    opted_out_team_ids: frozenset[int] = frozenset()
    skills: frozenset[str] = frozenset()
    last_assigned_at: datetime | None = None
    counted_here: int | None = None
    counted_total: int | None = None

    def opts_out(self, team_id: int | None, *, of_inbox: bool) -> bool:
        """Return whether a membership that counts for the pool is switched off (E57)."""
        return (of_inbox and self.opted_out) or team_id in self.opted_out_team_ids


class TakenFrom(NamedTuple):
    """An agent from whom a conversation came back, and the instant (E65)."""

    agent_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The unit of work, reduced to the fields that decisions need.

    `had_by` is the previous agent, if somebody released the conversation from them at `released_at`. It is not decided
    before `held_until`, because of `held_for` (C11, C15).

    It waits since `waiting_since` and should be assigned by `due_at` (E54). `skills` are required, case-folded (E58).
    `preferred` is the contact's agent (E60).
    `returned_from` are the agents who did not answer it (E65).
    """

    id: int
    created_at: datetime
    last_activity_at: datetime
    team_id: int | None = None
    contact_id: int | None = None
    labels: tuple[str, ...] = ()
    had_by: int | None = None
    released_at: datetime | None = None
    held_until: datetime | None = None
    held_for: Hold | None = None
    waiting_since: datetime | None = None
    skills: frozenset[str] = frozenset()
    preferred: int | None = None
    due_at: datetime | None = None
    returned_from: tuple[TakenFrom, ...] = ()

    def has_waited(self, long: timedelta | None, now: datetime) -> bool:
        """Return whether it has waited for this span; never for None."""
        return long is not None and self.waiting_since is not None and now - self.waiting_since >= long

    def held(self, now: datetime) -> Hold | None:
        """Return why it is not decided yet; at `held_until` it is."""
        return self.held_for if self.held_until is not None and now < self.held_until else None


class PoolKey(NamedTuple):
    """The name of a pool: a team or the inbox itself, the skills that its members need, and overflow (E58, E59)."""

    team_id: int | None
    skills: frozenset[str] = frozenset()
    is_overflow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The input of one batch's decisions.

    `agents` are active members of the inbox or of a team. `rotations` has the stored order of agent ids by
    team id; None is the inbox's own. `served_contacts` have an open, assigned conversation (E10). `shadowed` has the
    agents of earlier decisions in a shadow inbox, by conversation id: they stand while the agent may take it (C19).
    `skilled` names the pools of waiting conversations that require skills.
    """

    inbox: Inbox
    policy: AssignmentPolicy | None
    agents: tuple[Agent, ...] = ()
    teams: tuple[Team, ...] = ()
    exclusions: tuple[ExclusionRules, ...] = ()
    rotations: Mapping[int | None, tuple[int, ...]] = field(default_factory=dict)
    served_contacts: frozenset[int] = frozenset()
    waiting: tuple[Conversation, ...] = ()
    shadowed: Mapping[int, int] = field(default_factory=dict)
    skilled: tuple[PoolKey, ...] = ()
