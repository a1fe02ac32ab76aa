"""Selectors: the choice of one eligible agent, and its effect on the rotation (E19 to E23).

Within a plan an agent's load only grows, so a refused agent stays refused: both selectors drop refused agents.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from heapq import heapify, heappop, heappush, heapreplace
from typing import Protocol

from dashboard.engine.gates import Candidate
from dashboard.engine.policy import AssignmentOrder

Eligible = Callable[[Candidate], bool]


class Selector(Protocol):
    """Chooses one of a pool's candidates, which come in the order of rotation."""

    def choose(self, eligible: Eligible, but: int | None = None) -> Candidate | None:
        """Return the chosen candidate, or None without an eligible one.

        The agent `but` is chosen only if no other is eligible, and otherwise keeps its place.
        """

    def spend(self) -> None:
        """Move the chosen candidate to the back of the order."""

    def turns(self) -> tuple[int, ...]:
        """Return the ids of the remaining agents, next first."""


class RoundRobin:
    """Chooses the first eligible agent in the order of rotation, and moves it to the back (E19)."""

    def __init__(self, seats: Iterable[Candidate]) -> None:
        self._line = deque(seats)
        self._aside: Candidate | None = None

    def choose(self, eligible: Eligible, but: int | None = None) -> Candidate | None:
        first = self._first(eligible)
        if first is None or first.agent.id != but:
            return first
        self._line.popleft()
        if other := self._first(eligible):
            self._aside = first
            return other
        self._line.appendleft(first)
        return first

    def spend(self) -> None:
        self._line.rotate(-1)
        if self._aside:
            self._line.appendleft(self._aside)
            self._aside = None

    def turns(self) -> tuple[int, ...]:
        return tuple(seat.agent.id for seat in self._line)

    def _first(self, eligible: Eligible) -> Candidate | None:
        line = self._line
        while line and not eligible(line[0]):
            line.popleft()
        return line[0] if line else None


class Balanced:
    """Chooses the eligible agent with the fewest open conversations in this inbox, then by rotation (E23)."""

    def __init__(self, seats: Iterable[Candidate]) -> None:
        self._heap = [(seat.open_here, turn, seat) for turn, seat in enumerate(seats)]
        self._last = len(self._heap)
        self._aside: tuple[int, int, Candidate] | None = None
        heapify(self._heap)

    def choose(self, eligible: Eligible, but: int | None = None) -> Candidate | None:
        least = self._least(eligible)
        if least is None or least.agent.id != but:
            return least
        aside = heappop(self._heap)
        if other := self._least(eligible):
            self._aside = aside
            return other
        heappush(self._heap, aside)
        return least

    def spend(self) -> None:
        self._last += 1
        seat = self._heap[0][2]
        heapreplace(self._heap, (seat.open_here, self._last, seat))
        if self._aside:
            heappush(self._heap, self._aside)
            self._aside = None

    def turns(self) -> tuple[int, ...]:
        order = sorted((seat.open_here, turn, seat.agent.id) for _, turn, seat in self._heap)
        return tuple(agent_id for _, _, agent_id in order)

    def _least(self, eligible: Eligible) -> Candidate | None:
        heap = self._heap
        while heap:
            load, turn, seat = heap[0]
            if not eligible(seat):
                heappop(heap)
            elif load != seat.open_here:  # given something through another pool meanwhile
                heapreplace(heap, (seat.open_here, turn, seat))
            else:
                return seat
        return None


SELECTORS: dict[AssignmentOrder, type[RoundRobin] | type[Balanced]] = {
    AssignmentOrder.ROUND_ROBIN: RoundRobin,
    AssignmentOrder.BALANCED: Balanced,
}


def reconcile(order: Sequence[int], members: Collection[int]) -> tuple[int, ...]:
    """Return the rotation without former members; new members follow at the back in the order of ids (E20)."""
    belongs, known = frozenset(members), frozenset(order)
    return (*(agent for agent in order if agent in belongs), *sorted(belongs - known))


def rotate(order: Sequence[int], picks: Sequence[int]) -> tuple[int, ...]:
    """Return the rotation with the chosen agents at the back, in the order of their last choice."""
    belongs = frozenset(order)
    back = tuple(reversed(dict.fromkeys(pick for pick in reversed(picks) if pick in belongs)))
    chosen = frozenset(back)
    return (*(agent for agent in order if agent not in chosen), *back)
