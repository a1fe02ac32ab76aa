"""Which of the eligible agents gets it, and what that does to the rotation (E19 to E23).

Within a plan an agent only ever gets more, so who was refused once stays refused: selectors may forget them.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import heapify, heappop, heappush, heapreplace
from typing import Protocol

from dashboard.engine.gates import Candidate
from dashboard.engine.model import Conversation
from dashboard.engine.policy import AssignmentOrder

Eligible = Callable[[Candidate], bool]


class Selector(Protocol):
    """Chooses one of a pool's candidates, which come in the order of rotation."""

    def choose(self, eligible: Eligible, conversation: Conversation) -> Candidate | None:
        """Return the seat that gets the conversation, or None when nobody is left.

        The agent who had it gets it only if nobody else is left, and keeps their place otherwise.
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

    def choose(self, eligible: Eligible, conversation: Conversation) -> Candidate | None:
        first = self._first(eligible)
        if first is None or first.agent.id != conversation.had_by:
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

    def choose(self, eligible: Eligible, conversation: Conversation) -> Candidate | None:
        least = self._least(eligible)
        if least is None or least.agent.id != conversation.had_by:
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


class Random:
    """An eligible agent drawn by the inbox's and the conversation's id: whoever plans draws the same one."""

    def __init__(self, seats: Iterable[Candidate], seed: int) -> None:
        self._line = sorted(seats, key=_agent_id)
        self._seed = seed

    def choose(self, eligible: Eligible, conversation: Conversation) -> Candidate | None:
        number = _draw(self._seed, conversation.id)
        drawn = self._drawn(eligible, number)
        if drawn is None or drawn.agent.id != conversation.had_by:
            return drawn
        self._line.remove(drawn)
        other = self._drawn(eligible, number)
        insort(self._line, drawn, key=_agent_id)
        return other or drawn

    def spend(self) -> None:
        """No draw depends on those before it."""

    def turns(self) -> tuple[int, ...]:
        return tuple(map(_agent_id, self._line))

    def _drawn(self, eligible: Eligible, number: int) -> Candidate | None:
        line = self._line
        while line:
            place = number % len(line)
            if eligible(line[place]):
                return line[place]
            del line[place]
        return None


def _agent_id(seat: Candidate) -> int:
    return seat.agent.id


def _draw(seed: int, conversation_id: int) -> int:
    return int.from_bytes(blake2b(f"{seed}:{conversation_id}".encode(), digest_size=8).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorEntry:
    """A selector in the register, with its texts.

    `sentence` is of the form, `phrase` follows "the agent" in a policy's sentence, and `explanation` follows the number
    of eligible agents. `make` gets the pool's seats in the rotation's order, and the inbox's id as a seed.
    """

    label: str
    sentence: str
    phrase: str
    explanation: str
    make: Callable[[Sequence[Candidate], int], Selector]
    compares_loads: bool = False


SELECTORS: Mapping[AssignmentOrder, SelectorEntry] = {
    AssignmentOrder.ROUND_ROBIN: SelectorEntry(
        label="Round robin",
        sentence="Whose turn is longest ago. Everybody gets as many, however much they still hold.",
        phrase="whose turn is longest ago",
        explanation="it was their turn",
        make=lambda seats, _seed: RoundRobin(seats),
    ),
    AssignmentOrder.BALANCED: SelectorEntry(
        label="Balanced",
        sentence="Whoever holds the fewest open ones in the inbox. Who resolves quickly gets more.",
        phrase="with the fewest open conversations in the inbox",
        explanation="the one with the fewest open conversations",
        make=lambda seats, _seed: Balanced(seats),
        compares_loads=True,
    ),
    AssignmentOrder.RANDOM: SelectorEntry(
        label="Random",
        sentence="Anybody, drawn for each conversation. Over many of them everybody gets about as many.",
        phrase="whom a draw chooses",
        explanation="the draw chose them",
        make=Random,
    ),
}


def explanation(order: AssignmentOrder, eligible: int) -> str:
    """Return why the chosen agent was chosen among this many eligible ones."""
    if eligible == 1:
        return "nobody else was eligible"
    return f"of {eligible} eligible agents, {SELECTORS[order].explanation}"


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
