"""Agents' paces: how their handling times compare with those of the others in the same inbox (T11)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from statistics import fmean, variance

from dashboard.simulation.intervals import student_t

ENOUGH = 30
# Seconds; shorter handling times tell about clicks, not about a pace.
SHORTEST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlingTime:
    """How long an agent handled a conversation."""

    agent_id: int
    inbox_id: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceEstimate:
    """The logarithm of an agent's pace, with its standard error; a pace of 2 takes twice as long as the others."""

    agent_id: int
    log_pace: float
    log_error: float


def paces(times: Sequence[HandlingTime]) -> Sequence[PaceEstimate]:
    """Return the agents whose pace differs from that of the others with 95 % confidence, by at least 30 conversations.

    Handling times are compared by their logarithms, inbox by inbox: who answers the slow inbox is not slow.
    """
    logs = _centred(times)
    found = []
    for agent_id, own in sorted(logs.items()):
        others = [value for other_id, values in logs.items() if other_id != agent_id for value in values]
        if len(own) >= ENOUGH and len(others) >= ENOUGH:
            difference = fmean(own) - fmean(others)
            error = sqrt(variance(own) / len(own) + variance(others) / len(others))
            if abs(difference) > student_t(min(len(own), len(others)) - 1) * error:
                found.append(PaceEstimate(agent_id=agent_id, log_pace=difference, log_error=error))
    return found


def _centred(times: Sequence[HandlingTime]) -> dict[int, list[float]]:
    """Return the logarithms of each agent's handling times, less the mean of the inbox."""
    by_inbox: dict[int, list[float]] = defaultdict(list)
    for one in times:
        by_inbox[one.inbox_id].append(log(max(one.seconds, SHORTEST)))
    means = {inbox_id: fmean(values) for inbox_id, values in by_inbox.items()}
    logs: dict[int, list[float]] = defaultdict(list)
    for one in times:
        logs[one.agent_id].append(log(max(one.seconds, SHORTEST)) - means[one.inbox_id])
    return logs
