"""Recorded conversations, and the replicates of a back-test that resample what the records do not tell (T11, T12)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

import numpy as np

from dashboard.engine.model import Conversation
from dashboard.simulation.model import Arrival, ByHand
from dashboard.simulation.paces import PaceEstimate

REPLICATES = 20
SECOND = timedelta(seconds=1)
# Of a conversation in an inbox in which none has ended.
USUALLY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedConversation:
    """A recorded conversation; `ended_at` is None while it was open at the end of the records.

    The person who took it counts as well where `is_by_hand`: then nobody else gets it in a simulation.
    """

    conversation: Conversation
    inbox_id: int
    at: datetime
    agent_id: int | None = None
    assigned_at: datetime | None = None
    ended_at: datetime | None = None
    is_by_hand: bool = False

    @property
    def lasted_for(self) -> timedelta | None:
        """Return the handling time: from the assignment to the end."""
        if self.assigned_at is None or self.ended_at is None:
            return None
        return max(self.ended_at - self.assigned_at, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicate:
    """One way in which the unknown may have been; both sets of rules are simulated with it."""

    arrivals: Sequence[Arrival]
    pace: Mapping[int, float]


def replicates(
    conversations: Sequence[RecordedConversation], paces: Sequence[PaceEstimate], *, ends_at: datetime, seed: int
) -> Iterator[Replicate]:
    """Yield replicates; the same seed gives the same ones."""
    past = _Past(conversations, ends_at)
    for stream in np.random.SeedSequence(seed).spawn(REPLICATES):
        dice = np.random.default_rng(stream)
        pace = {one.agent_id: exp(dice.normal(one.log_pace, one.log_error)) for one in paces}
        yield Replicate(arrivals=[past.arrival(one, pace, dice) for one in conversations], pace=pace)


class _Past:
    """The known handling times of each inbox, in seconds and in order."""

    def __init__(self, conversations: Sequence[RecordedConversation], ends_at: datetime) -> None:
        self._ends_at = ends_at
        known: dict[int, list[float]] = defaultdict(list)
        for one in conversations:
            if one.lasted_for is not None:
                known[one.inbox_id].append(one.lasted_for / SECOND)
        self._known = {inbox_id: np.sort(seconds) for inbox_id, seconds in known.items()}

    def arrival(self, past: RecordedConversation, pace: Mapping[int, float], dice: np.random.Generator) -> Arrival:
        """Return the arrival of a conversation, with a drawn handling time where the records have none."""
        by_hand = None
        if past.is_by_hand and past.agent_id is not None and past.assigned_at is not None:
            by_hand = ByHand(at=past.assigned_at, agent_id=past.agent_id)
        is_left = past.assigned_at is None and past.ended_at is not None
        lasts_for = past.lasted_for if past.lasted_for is not None else self._draw(past, dice)
        return Arrival(
            at=past.at,
            inbox_id=past.inbox_id,
            conversation=past.conversation,
            # At the pace of an agent like all others; the simulation scales it for whoever gets it.
            lasts_for=lasts_for / pace.get(past.agent_id or 0, 1.0),
            patience=max(past.ended_at - past.at, timedelta()) if is_left and past.ended_at else None,
            by_hand=by_hand,
        )

    def _draw(self, past: RecordedConversation, dice: np.random.Generator) -> timedelta:
        """Return one of the inbox's known handling times, of those that are longer than this one has lasted already."""
        elapsed = (self._ends_at - past.assigned_at) / SECOND if past.assigned_at else 0.0
        known = self._known.get(past.inbox_id)
        if known is None:
            return elapsed * SECOND + USUALLY
        first = int(np.searchsorted(known, elapsed, side="right"))
        if first == len(known):
            return (elapsed + float(known.mean())) * SECOND
        return float(known[dice.integers(first, len(known))]) * SECOND
