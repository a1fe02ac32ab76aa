"""Gates: one function for each check of an agent, in a fixed order; the first refusal is the verdict (E11 to E17).

Membership needs no gate: a pool has only members (pools.py). After an assignment the plan repeats the gates for its
assignee only, so a `Candidate` counts the load during the plan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dashboard.engine.decisions import (
    ELIGIBLE,
    AtCapacity,
    AtTeamLimit,
    AtTotalCapacity,
    NotOnline,
    RateLimited,
    Verdict,
)
from dashboard.engine.model import Agent, AssignmentType, Team
from dashboard.engine.policy import AssignmentPolicy


class Candidate:
    """An agent during one plan, with the load that includes the plan's own assignments."""

    __slots__ = ("agent", "open_here", "open_total", "recent")

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.open_here = agent.open_here
        self.open_total = agent.open_total
        self.recent = agent.recent or 0

    def take(self) -> None:
        """Count one more open conversation in this inbox."""
        self.open_here += 1
        self.open_total += 1
        self.recent += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a pool's gates: the policy, the team and the current instant."""

    policy: AssignmentPolicy
    team: Team | None
    now: datetime

    @property
    def manual(self) -> bool:
        """Return whether people assign the team's conversations, and runs do not (E12)."""
        return self.team is not None and self.team.assignment_type is AssignmentType.MANUAL


def present(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent without an eligible presence (E13)."""
    presence = seat.agent.presence
    return None if presence in rules.policy.eligible_presence else NotOnline(presence)


def under_rate_limit(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent at the rate limit (E14); without earlier entries, a slot frees one window from now."""
    limit = rules.policy.fair_distribution_limit
    if not limit or seat.agent.recent is None or seat.recent < limit:
        return None
    free_at = seat.agent.slot_frees_at if seat.agent.recent else rules.now + rules.policy.window
    return RateLimited(seat.recent, limit, free_at)


def with_capacity(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent at the capacity for this inbox (E15)."""
    limit = seat.agent.capacity
    return None if limit is None or seat.open_here < limit else AtCapacity(seat.open_here, limit)


def with_total_capacity(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent at the capacity over all inboxes (E16)."""
    limit = seat.agent.total_capacity
    return None if limit is None or seat.open_total < limit else AtTotalCapacity(seat.open_total, limit)


def under_team_limit(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse a member at the team's limit of open conversations (E17)."""
    limit = rules.team.max_open if rules.team else 0
    return None if not limit or seat.open_total < limit else AtTeamLimit(seat.open_total, limit)


Gate = Callable[[Candidate, Rules], Verdict | None]
GATES: tuple[Gate, ...] = (present, under_rate_limit, with_capacity, with_total_capacity, under_team_limit)


def verdict(seat: Candidate, rules: Rules) -> Verdict:
    """Return the first refusal of a gate, or ELIGIBLE."""
    for gate in GATES:
        if no := gate(seat, rules):
            return no
    return ELIGIBLE
