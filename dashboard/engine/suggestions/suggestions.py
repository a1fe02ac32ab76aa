"""The smallest changes that would assign a waiting conversation; each one was verified by a plan (E48)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial, reduce
from itertools import islice

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, DecisionTrace, Stop
from dashboard.engine.model import Snapshot
from dashboard.engine.policy import CapacityPolicyUse
from dashboard.engine.suggestions import lifts, thresholds
from dashboard.engine.suggestions.changes import RaiseLimit, SuggestedChange
from dashboard.engine.suggestions.lifts import Case, LiftStep

MOST_OFFERED = 3
# Fewer changes are tried the more conversations a try decides.
MOST_TRIED = 8
MOST_DECIDED = 20_000
# A label, an age, a contact and then each gate of an agent: what stands in the way one behind the other.
LONGEST = 11


@dataclass(frozen=True, slots=True)
class Fix:
    """Changes that together let the next run assign the conversation."""

    changes: tuple[SuggestedChange, ...]

    @property
    def sentence(self) -> str:
        """Return the text of its button."""
        first, *rest = (change.sentence for change in self.changes)
        return " and ".join([first, *(f"{sentence[0].lower()}{sentence[1:]}" for sentence in rest)])

    @property
    def makes_room(self) -> bool:
        """Return whether it raises a limit; that is verified only if the snapshot has all earlier conversations."""
        return any(isinstance(change, RaiseLimit) for change in self.changes)


def smallest(
    snapshot: Snapshot, conversation_id: int, now: datetime, policies: Mapping[int, CapacityPolicyUse] | None = None
) -> tuple[Fix, ...]:
    """Return the fixes with the fewest changes, at most three; none if the next run assigns the conversation anyway.

    `policies` has the capacity policies by id; without it, the sentence of a limit names only the agent.
    """
    conversation = next((one for one in snapshot.waiting if one.id == conversation_id), None)
    if conversation is None:
        return ()
    return _Search(snapshot, lifts.case(snapshot, conversation, now, policies or {})).fixes()


class _Search:
    """Tries changes for one conversation."""

    def __init__(self, snapshot: Snapshot, case: Case) -> None:
        self._snapshot, self._case = snapshot, case
        self._known: dict[tuple[SuggestedChange, ...], DecisionTrace | None] = {}

    @property
    def _most_tried(self) -> int:
        return max(1, min(MOST_TRIED, MOST_DECIDED // len(self._snapshot.waiting)))

    def fixes(self) -> tuple[Fix, ...]:
        """Return the fixes with the fewest changes."""
        if self._assigns(()):
            return ()
        firsts = self._lifts(())[: self._most_tried]
        singles = (self._lowered((step,)) for step in firsts)
        if found := tuple(islice((Fix(single) for single in singles if single), MOST_OFFERED)):
            return found
        chains = [steps for step in firsts if (steps := self._follow((step,)))]
        fewest = min(map(len, chains), default=0)
        by_things = {frozenset(step.change.thing for step in steps): steps for steps in reversed(chains)}
        shortest = [steps for steps in reversed(by_things.values()) if len(steps) == fewest]
        return tuple(Fix(self._lowered(steps) or _changes(steps)) for steps in shortest[:MOST_OFFERED])

    def _follow(self, steps: tuple[LiftStep, ...]) -> tuple[LiftStep, ...] | None:
        """Return these steps with the further necessary steps, None if they do not lead to an assignment."""
        if self._assigns(_changes(steps)):
            return steps
        done = {step.change.thing for step in steps}
        following = [step for step in self._lifts(_changes(steps)) if step.change.thing not in done]
        # One agent's refusals one after the other, before another agent's.
        step = min(following, key=lambda one: not _is_of_same_agent(one, steps[-1]), default=None)
        if step is None or len(steps) == LONGEST:
            return None
        return self._follow((*steps, step))

    def _lowered(self, steps: tuple[LiftStep, ...]) -> tuple[SuggestedChange, ...] | None:
        """Return the changes with the least sufficient limits, None if they do not assign the conversation."""
        tried = _changes(steps)
        # As often as there are numbers, since each was the least beside the others as they were then.
        for _ in steps:
            for place, step in enumerate(steps):
                tried = self._with_least(tried, place, step.guess)
        return tried if self._assigns(tried) else None

    def _with_least(self, tried: tuple[SuggestedChange, ...], place: int, guess: int) -> tuple[SuggestedChange, ...]:
        """Return the changes with the least sufficient limit in one of them, unchanged if it has none."""
        change = tried[place]
        if not isinstance(change, RaiseLimit):
            return tried
        works = partial(self._leaves_somebody, tried, place)
        number = thresholds.least(works, low=change.limit + 1, guess=guess, most=change.to)
        return tried if number is None else _with_number(tried, place, number)

    def _leaves_somebody(self, tried: tuple[SuggestedChange, ...], place: int, number: int) -> bool:
        """Return whether the pool has an eligible agent for the conversation with another limit in one of the changes.

        Higher limits usually keep this true; many limits together may be an exception. An assignment may be lost:
        with E10, more room may assign an earlier conversation of the same contact.
        """
        examined = self._examined(_with_number(tried, place, number))
        return examined is None or not isinstance(examined.decision, Stop)

    def _assigns(self, tried: tuple[SuggestedChange, ...]) -> bool:
        examined = self._examined(tried)
        return examined is not None and isinstance(examined.decision, Assign)

    def _examined(self, tried: tuple[SuggestedChange, ...]) -> DecisionTrace | None:
        """Plan once with these changes; None if assignment is paused."""
        if tried not in self._known:
            self._known[tried] = planner.examine(self._with(tried), self._case.conversation.id, self._case.now)
        return self._known[tried]

    def _with(self, tried: tuple[SuggestedChange, ...]) -> Snapshot:
        return reduce(lambda snapshot, change: change.tried_on(snapshot), tried, self._snapshot)

    def _lifts(self, tried: tuple[SuggestedChange, ...]) -> Sequence[LiftStep]:
        return lifts.after(self._with(tried), self._examined(tried), self._case)


def _is_of_same_agent(step: LiftStep, other: LiftStep) -> bool:
    agent_id = getattr(other.change, "agent_id", None)
    return agent_id is not None and getattr(step.change, "agent_id", None) == agent_id


def _changes(steps: Sequence[LiftStep]) -> tuple[SuggestedChange, ...]:
    return tuple(step.change for step in steps)


def _with_number(tried: tuple[SuggestedChange, ...], place: int, number: int) -> tuple[SuggestedChange, ...]:
    """Return the changes with another limit in one of them."""
    return (*tried[:place], replace(tried[place], to=number), *tried[place + 1 :])  # type: ignore[call-arg]
