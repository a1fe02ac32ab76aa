"""The input and the result of a simulated day: frozen values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from dashboard.engine.model import Agent, Conversation, Inbox, Presence, Team
from dashboard.engine.policy import AssignmentPolicy, ExclusionRules


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRules:
    """An inbox with its rules. `agents` has their memberships, limits and skills; the simulation sets their loads."""

    inbox: Inbox
    policy: AssignmentPolicy | None
    agents: tuple[Agent, ...] = ()
    teams: tuple[Team, ...] = ()
    exclusions: tuple[ExclusionRules, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """An assignment by a person, which no limit refuses."""

    at: datetime
    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A conversation that begins to wait.

    `lasts_for` is the time from its assignment to its end. Without an agent it ends after `patience`, never if None.
    """

    at: datetime
    inbox_id: int
    conversation: Conversation
    lasts_for: timedelta
    patience: timedelta | None = None
    by_hand: ByHand | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChange:
    """An agent comes or goes."""

    at: datetime
    agent_id: int
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChange:
    """An inbox has other rules from this instant on."""

    at: datetime
    rules: InboxRules


Change: TypeAlias = PresenceChange | RulesChange


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDay:
    """The events of a simulation, whatever its length; `arrivals` are in the order of their instants.

    Agents are offline before their first change. `pace` scales the handling times of an agent, 1 unless set.
    """

    ends_at: datetime
    inboxes: tuple[InboxRules, ...]
    arrivals: Iterable[Arrival]
    changes: tuple[Change, ...] = ()
    pace: Mapping[int, float] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ArrivalOutcome:
    """What became of an arrival; `left_at` is set for a customer who ended the wait, `ends_at` by the agent."""

    arrival: Arrival
    agent_id: int | None = None
    assigned_at: datetime | None = None
    left_at: datetime | None = None
    ends_at: datetime | None = None
    is_by_hand: bool = False

    @property
    def waited(self) -> timedelta | None:
        """Return the wait before the assignment."""
        return None if self.assigned_at is None else self.assigned_at - self.arrival.at
