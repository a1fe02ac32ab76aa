"""The engine's results: a decision per conversation, the funnel of a pool, a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from dashboard.engine.model import Hold, PoolKey
from dashboard.engine.verdicts import Verdict


class Reason(StrEnum):
    """Why a conversation was not assigned (E49)."""

    NOTHING_WAITING = "nothing_waiting"
    FEATURE_OFF = "feature_off"
    NO_POLICY = "no_policy"
    POLICY_DISABLED = "policy_disabled"
    INBOX_OFF = "inbox_off"
    TEAM_MANUAL = "team_manual"
    NO_MEMBERS = "no_members"
    NOBODY_ONLINE = "nobody_online"
    ALL_RATE_LIMITED = "all_rate_limited"
    ALL_AT_CAPACITY = "all_at_capacity"
    NOBODY_SKILLED = "nobody_skilled"
    OUTSIDE_HOURS = "outside_hours"
    KEPT_FOR_PREFERRED = "kept_for_preferred"
    HELPDESK_UNREACHABLE = "helpdesk_unreachable"
    TWO_ENGINES = "two_engines"
    SHADOW = "shadow"
    SETTLING = "settling"
    HANDS_OFF = "hands_off"
    NOT_OPEN = "not_open"
    ALREADY_ASSIGNED = "already_assigned"
    EXCLUDED_LABEL = "excluded_label"
    EXCLUDED_AGE = "excluded_age"
    CONTACT_BEING_SERVED = "contact_being_served"
    LOST_RACE = "lost_race"
    STORE_UNAVAILABLE = "store_unavailable"
    INTERNAL_ERROR = "internal_error"


HELD_BECAUSE = {Hold.SETTLING: Reason.SETTLING, Hold.HANDS_OFF: Reason.HANDS_OFF}


class Outcome(StrEnum):
    """How a run ended; `assigned` if it assigned at least one conversation."""

    ASSIGNED = "assigned"
    STOP = "stop"
    ERROR = "error"


class Source(StrEnum):
    """The origin of a run or of a ledger row (E35)."""

    REALTIME = "realtime"
    PERIODIC = "periodic"
    MANUAL = "manual"
    WAKEUP = "wakeup"
    BY_HAND = "by_hand"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The number of agents that remain after each gate (E18, E63).

    `under_rate_limit` counts those whom neither the memory of returns, nor fair distribution, nor the pace refuses.
    """

    members: int
    auto_assign: int
    skilled: int
    online: int
    under_rate_limit: int
    with_capacity: int

    @property
    def reason(self) -> Reason:
        """Return the reason of the gate that refused the last candidates."""
        if not self.auto_assign:
            return Reason.NO_MEMBERS
        if not self.skilled:
            return Reason.NOBODY_SKILLED
        if not self.online:
            return Reason.NOBODY_ONLINE
        return Reason.ALL_AT_CAPACITY if self.under_rate_limit else Reason.ALL_RATE_LIMITED


class Via(StrEnum):
    """How an agent got a conversation, other than by their turn in its own pool (E59, E60)."""

    PREFERRED = "preferred"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedHow:
    """The rules beside the turn that led to an assignment.

    `overflow_team_id` is set if the agent answers in the overflow team. `skills_relaxed`: the skills were not required
    any more.
    """

    via: Via | None = None
    overflow_team_id: int | None = None
    skills_relaxed: bool = False


BY_TURN = AssignedHow()


@dataclass(frozen=True, slots=True)
class Assign:
    """Assign the conversation to this agent; `team_id` is the conversation's team."""

    conversation_id: int
    agent_id: int
    team_id: int | None
    how: AssignedHow = BY_TURN
    reason = None

    @property
    def turn_of(self) -> int | None:
        """Return the team whose rotation spends the turn; None is the inbox's own rotation."""
        return self.team_id if self.how.overflow_team_id is None else self.how.overflow_team_id


@dataclass(frozen=True, slots=True)
class Skip:
    """Skip this conversation for every agent.

    An exclusion names its label and policy (E6), a hold its end (C11). One that is kept for its preferred agent names
    the agent and the end (E60).
    """

    conversation_id: int
    reason: Reason
    label: str | None = None
    policy_name: str | None = None
    policy_id: int | None = None
    until: datetime | None = None
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """No candidate remains for the conversation. When a switch stops the whole run, `funnel` is None.

    `had_it` counts the online agents who are passed over because it came back from them; then `next_slot_at` is the
    next instant at which fair distribution or a pace lets another agent go on (E65).
    """

    conversation_id: int | None
    reason: Reason
    funnel: Funnel | None = None
    had_it: int = 0
    next_slot_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Error:
    """The decision failed; the other conversations are still decided (E43)."""

    conversation_id: int
    message: str
    reason: Reason = Reason.INTERNAL_ERROR


Decision: TypeAlias = Assign | Skip | Stop | Error


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """The state of a pool: open while a candidate remains (`reason` None), else the reason of its stop.

    `next_slot_at` is the next instant at which fair distribution or a pace lets an agent go on.
    """

    reason: Reason | None
    funnel: Funnel
    next_slot_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPool:
    """How a pool stands, and the verdict on each of its members."""

    state: PoolState
    verdicts: Mapping[int, Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One decision per examined conversation, in order; `stop` is the reason when a switch is off (E1).

    `standings` are the pools' states after the last decision.
    """

    decisions: tuple[Decision, ...] = ()
    stop: Reason | None = None
    standings: Mapping[PoolKey, PoolState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateList:
    """All agents' verdicts at one moment for one pool; `turns` are the eligible agents' ids, next first."""

    verdicts: Mapping[int, Verdict]
    funnel: Funnel
    turns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTrace:
    """One conversation's decision, with every agent's verdict and the rotation at that moment (E47, E48).

    `turns` are the agent ids of its rotation, next first. `left_before` is the number of earlier conversations that
    its pool left waiting.
    """

    decision: Decision
    verdicts: Mapping[int, Verdict]
    funnel: Funnel | None
    turns: tuple[int, ...]
    left_before: int = 0
