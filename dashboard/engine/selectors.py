"""Which of the eligible agents gets it, and what that does to the rotation (E19 to E23).

Within a plan an agent only ever gets more, so who was refused once stays refused: selectors may forget them.
"""

from bisect import insort
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any, Protocol

from dashboard.engine.gates import Candidate
from dashboard.engine.model import Conversation
from dashboard.engine.policy import AssignmentOrder


class Turns:
    """The order of turns of one rotation, shared by all pools of its team (E19)."""

    def __init__(self, order: Iterable[int]) -> None:
        # Each agent's turn; the smallest is next.
        self.of = {agent_id: turn for turn, agent_id in enumerate(order)}
        self._last = len(self.of)

    def spend(self, seat: Candidate) -> None:
        """Move the agent to the back of the order."""
        self.of[seat.id] = self._last
        self._last += 1


class Selector(Protocol):
    """Chooses one of a pool's candidates; ranks come from their loads and turns at the moment."""

    def choose(
        self, conversation: Conversation, refused: Container[int], passed_over: Collection[int]
    ) -> Candidate | None:
        """Return the candidate for the conversation, or None when nobody is left but those who are passed over.

        The selector may forget refused agents. Agents who are passed over keep their place.
        """

    def turns(self) -> tuple[int, ...]:
        """Return the ids of the remaining agents, next first."""


class Ranked:
    """Chooses the eligible agent with the lowest rank. Within a plan, ranks only rise.

    A rank in the heap may be older than the agent's own, through another pool: it is renewed when it comes first.
    """

    def __init__(self, seats: Mapping[int, Candidate], rank: Callable[[int], Any]) -> None:
        self._seats, self._rank = seats, rank
        self._heap = [(rank(agent_id), agent_id) for agent_id in seats]
        heapify(self._heap)

    def choose(
        self, conversation: Conversation, refused: Container[int], passed_over: Collection[int]
    ) -> Candidate | None:
        heap, rank_of, aside, chosen = self._heap, self._rank, [], None
        while heap:
            known, agent_id = heap[0]
            if agent_id in refused:
                heappop(heap)
            elif known != (rank := rank_of(agent_id)):
                heapreplace(heap, (rank, agent_id))
            elif agent_id in passed_over:
                aside.append(heappop(heap))
            else:
                chosen = self._seats[agent_id]
                break
        for entry in aside:
            heappush(heap, entry)
        return chosen

    def turns(self) -> tuple[int, ...]:
        order = sorted((self._rank(agent_id), agent_id) for _, agent_id in self._heap)
        return tuple(agent_id for _, agent_id in order)


def round_robin(seats: Mapping[int, Candidate], turns: Turns) -> Ranked:
    """Return a selector of the agent whose turn is longest ago (E19)."""
    return Ranked(seats, turns.of.__getitem__)


def balanced(seats: Mapping[int, Candidate], turns: Turns) -> Ranked:
    """Return a selector of the agent with the fewest open conversations in this inbox, then by rotation (E23)."""
    turn_of = turns.of
    return Ranked(seats, lambda agent_id: (seats[agent_id].open_here, turn_of[agent_id]))


class Random:
    """An eligible agent drawn by the inbox's and the conversation's id: whoever plans draws the same one."""

    def __init__(self, seats: Mapping[int, Candidate], seed: int) -> None:
        self._line = sorted(seats.values(), key=_agent_id)
        self._seed = seed

    def choose(
        self, conversation: Conversation, refused: Container[int], passed_over: Collection[int]
    ) -> Candidate | None:
        aside, number = [], _draw(self._seed, conversation.id)
        while (drawn := self._drawn(refused, number)) and drawn.id in passed_over:
            self._line.remove(drawn)
            aside.append(drawn)
        for seat in aside:
            insort(self._line, seat, key=_agent_id)
        return drawn

    def turns(self) -> tuple[int, ...]:
        return tuple(map(_agent_id, self._line))

    def _drawn(self, refused: Container[int], number: int) -> Candidate | None:
        line = self._line
        while line:
            place = number % len(line)
            if line[place].id not in refused:
                return line[place]
            del line[place]
        return None


def _agent_id(seat: Candidate) -> int:
    return seat.id


def _draw(seed: int, conversation_id: int) -> int:
    return int.from_bytes(blake2b(f"{seed}:{conversation_id}".encode(), digest_size=8).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorEntry:
    """A selector in the register, with its texts.

    `sentence` is of the form, `phrase` follows "the agent" in a policy's sentence, and `explanation` follows the number
    of eligible agents. `make` gets the pool's candidates by id, the turns of its rotation, and the inbox's id as the
    seed.
    """

    label: str
    sentence: str
    phrase: str
    explanation: str
    make: Callable[[Mapping[int, Candidate], Turns, int], Selector]
    compares_loads: bool = False


SELECTORS: Mapping[AssignmentOrder, SelectorEntry] = {
    AssignmentOrder.ROUND_ROBIN: SelectorEntry(
        label="Round robin",
        sentence="Whose turn is longest ago. Everybody gets as many, however much they still hold.",
        phrase="whose turn is longest ago",
        explanation="it was their turn",
        make=lambda seats, turns, _seed: round_robin(seats, turns),
    ),
    AssignmentOrder.BALANCED: SelectorEntry(
        label="Balanced",
        sentence="Whoever holds the fewest open ones in the inbox. Who resolves quickly gets more.",
        phrase="with the fewest open conversations in the inbox",
        explanation="the one with the fewest open conversations",
        make=lambda seats, turns, _seed: balanced(seats, turns),
        compares_loads=True,
    ),
    AssignmentOrder.RANDOM: SelectorEntry(
        label="Random",
        sentence="Anybody, drawn for each conversation. Over many of them everybody gets about as many.",
        phrase="whom a draw chooses",
        explanation="the draw chose them",
        make=lambda seats, _turns, seed: Random(seats, seed),
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
