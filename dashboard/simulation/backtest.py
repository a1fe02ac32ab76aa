"""A back-test: two sets of rules over the same recorded conversations, and the differences of their figures (T12)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.simulation.figures import FigureName, RunFigures, figures
from dashboard.simulation.history import RecordedConversation, Replicate, replicates
from dashboard.simulation.interval import Interval
from dashboard.simulation.intervals import interval
from dashboard.simulation.loop import simulate
from dashboard.simulation.model import Change, InboxRules, SimulatedDay
from dashboard.simulation.paces import PaceEstimate

# Differences below are rounding.
NOTHING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The inboxes with their rules at the beginning, and what changes: rules, and who is present."""

    inboxes: tuple[InboxRules, ...]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a back-test compares: the rules as they were, and as edited. Without a target no share within it is told."""

    conversations: Sequence[RecordedConversation]
    as_they_were: RuleSet
    as_edited: RuleSet
    ends_at: datetime
    seed: int
    paces: Sequence[PaceEstimate] = ()
    target: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureComparison:
    """A figure under both sets of rules, as means of the replicates, with the 95 % interval of the difference."""

    now: float
    then: float
    difference: Interval

    @property
    def clear(self) -> bool:
        """Return whether the interval leaves no doubt that there is a difference."""
        return abs(self.difference.mean) > NOTHING and not self.difference.holds(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestResult:
    """The compared figures, and each agent's number of assignments."""

    figures: Mapping[FigureName, FigureComparison]
    given: Mapping[int, FigureComparison]


@dataclass(frozen=True, slots=True)
class Pair:
    """One replicate under both sets of rules."""

    now: RunFigures
    then: RunFigures


def pairs(question: Question) -> Iterator[Pair]:
    """Yield the figures of each replicate, so that the progress is known.

    Where the records leave nothing unknown, all replicates are the same, and one is simulated.
    """
    last: tuple[Replicate, Pair] | None = None
    for one in replicates(question.conversations, question.paces, ends_at=question.ends_at, seed=question.seed):
        if last is None or last[0] != one:
            last = one, Pair(_run(question, question.as_they_were, one), _run(question, question.as_edited, one))
        yield last[1]


def answer(found: Sequence[Pair]) -> BacktestResult:
    """Return the comparison of all replicates."""
    agent_ids = sorted({agent_id for pair in found for agent_id in (*pair.now.given, *pair.then.given)})
    return BacktestResult(
        figures={
            name: compare([(pair.now.values[name], pair.then.values[name]) for pair in found])
            for name in FigureName
            if name in found[0].now.values
        },
        given={
            agent_id: compare([(pair.now.given.get(agent_id, 0), pair.then.given.get(agent_id, 0)) for pair in found])
            for agent_id in agent_ids
        },
    )


def compare(values: Sequence[tuple[float, float]]) -> FigureComparison:
    """Return the comparison of paired values: chance that both runs share is not in their difference."""
    return FigureComparison(
        now=sum(now for now, _ in values) / len(values),
        then=sum(then for _, then in values) / len(values),
        difference=interval([then - now for now, then in values]),
    )


def _run(question: Question, rules: RuleSet, replicate: Replicate) -> RunFigures:
    day = SimulatedDay(
        ends_at=question.ends_at,
        inboxes=rules.inboxes,
        arrivals=replicate.arrivals,
        changes=rules.changes,
        pace=replicate.pace,
    )
    agent_ids = {agent.id for inbox in rules.inboxes for agent in inbox.agents}
    return figures(simulate(day), agent_ids, ends_at=question.ends_at, target=question.target)
