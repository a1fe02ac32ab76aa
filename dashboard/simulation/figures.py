"""The figures of one simulated run (T12)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from dashboard.engine.statistics.jain_index import jain
from dashboard.simulation.model import ArrivalOutcome

SECOND = timedelta(seconds=1)


class FigureName(StrEnum):
    """What is compared."""

    WAIT_MEDIAN = "wait_median"
    WAIT_P90 = "wait_p90"
    WAIT_LONGEST = "wait_longest"
    WITHIN_TARGET = "within_target"
    LEFT_WAITING = "left_waiting"
    JAIN = "jain"
    MAX_MIN = "max_min"
    HIGHEST_LOAD = "highest_load"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """The figures of one run; waits are in seconds, shares from 0 to 1. `given` counts assignments by agent."""

    values: Mapping[FigureName, float]
    given: Mapping[int, int]


def figures(
    outcomes: Sequence[ArrivalOutcome], agent_ids: Collection[int], *, ends_at: datetime, target: timedelta | None
) -> RunFigures:
    """Return the figures of a run among these agents.

    Who was not assigned has waited until they left or the day ended: else rules that assign nothing had no waits.
    """
    waits = np.array([_waited(one, ends_at) / SECOND for one in outcomes] or [0.0])
    counts = Counter(one.agent_id for one in outcomes if one.agent_id is not None and not one.is_by_hand)
    given = {agent_id: counts[agent_id] for agent_id in sorted({*agent_ids, *counts})}
    shares = list(given.values())
    values = {
        FigureName.WAIT_MEDIAN: float(np.quantile(waits, 0.5)),
        FigureName.WAIT_P90: float(np.quantile(waits, 0.9)),
        FigureName.WAIT_LONGEST: float(waits.max()),
        FigureName.LEFT_WAITING: float(sum(one.assigned_at is None and one.left_at is None for one in outcomes)),
        FigureName.JAIN: jain(shares) or 1.0,
        FigureName.MAX_MIN: max(shares, default=0) / max(min(shares, default=0), 1),
        FigureName.HIGHEST_LOAD: float(highest_load(outcomes)),
    }
    if target is not None:
        in_time = [one.waited is not None and one.waited <= target for one in outcomes]
        values[FigureName.WITHIN_TARGET] = sum(in_time) / max(len(in_time), 1)
    return RunFigures(values=values, given=given)


def highest_load(outcomes: Sequence[ArrivalOutcome]) -> int:
    """Return the most conversations that one agent had open at once."""
    steps: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for one in outcomes:
        if one.agent_id is not None and one.assigned_at is not None and one.ends_at is not None:
            steps[one.agent_id] += [(one.assigned_at, 1), (one.ends_at, -1)]
    # At one instant, an end comes before a beginning.
    return max((int(np.cumsum([step for _, step in sorted(own)]).max()) for own in steps.values()), default=0)


def _waited(outcome: ArrivalOutcome, ends_at: datetime) -> timedelta:
    return (outcome.assigned_at or outcome.left_at or ends_at) - outcome.arrival.at
