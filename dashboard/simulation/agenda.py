"""The events to come, in the order of their instants.

Events of one instant keep the order in which they were added, but for wake-ups: they follow, by the inboxes' ids.
"""

from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import TypeAlias

from dashboard.simulation.model import Arrival, ArrivalOutcome, PresenceChange, RulesChange


@dataclass(frozen=True, slots=True)
class TakenByHand:
    """A person assigns the conversation."""

    outcome: ArrivalOutcome


@dataclass(frozen=True, slots=True)
class Left:
    """The customer's patience ends; it matters only while the conversation waits."""

    outcome: ArrivalOutcome


@dataclass(frozen=True, slots=True)
class Ended:
    """The agent resolves the conversation, which counted this weight in their load."""

    outcome: ArrivalOutcome
    weight: int


@dataclass(frozen=True, slots=True)
class WakeUp:
    """An instant at which time alone may let a plan assign more."""

    inbox_id: int


Event: TypeAlias = Arrival | PresenceChange | RulesChange | TakenByHand | Left | Ended | WakeUp


class Agenda:
    """A heap of events."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, int, Event]] = []
        self._numbers = count()

    def __bool__(self) -> bool:
        return bool(self._heap)

    def add(self, at: datetime, event: Event) -> None:
        """Add an event at its instant."""
        rank = event.inbox_id if isinstance(event, WakeUp) else 0
        heappush(self._heap, (at, rank, next(self._numbers), event))

    def next(self) -> tuple[datetime, Event]:
        """Remove and return the next event with its instant."""
        at, _, _, event = heappop(self._heap)
        return at, event
