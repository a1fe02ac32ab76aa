"""Gates: one function for each check of an agent, in a fixed order; the first refusal is the verdict (E11 to E17, E63).

Membership needs no gate: a pool has only members (pools.py). After an assignment the plan repeats the gates for its
assignee only, so a `Candidate` counts the load during the plan.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboard.engine.model import Agent, AssignmentType, PoolKey, Team
from dashboard.engine.policy import AssignmentPolicy
from dashboard.engine.verdicts import (
    ELIGIBLE,
    AtCapacity,
    AtTeamLimit,
    AtTotalCapacity,
    LacksSkill,
    NotOnline,
    OptedOut,
    Paced,
    RateLimited,
    Verdict,
)


class Candidate:
    """An agent during one plan, with the load that includes the plan's own assignments.

    `uncounted_here` and `uncounted_total` are the conversations that the agent's capacity policy does not count (E67).
    """

    __slots__ = ("agent", "id", "open_here", "open_total", "recent", "uncounted_here", "uncounted_total")

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.id = agent.id
        self.open_here = agent.open_here
        self.open_total = agent.open_total
        self.uncounted_here = 0 if agent.counted_here is None else agent.open_here - agent.counted_here
        self.uncounted_total = 0 if agent.counted_total is None else agent.open_total - agent.counted_total
        self.recent = agent.recent or 0

    def take(self, weight: int) -> None:
        """Count one more open conversation in this inbox."""
        self.open_here += 1
        self.open_total += weight
        self.recent += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a pool's gates: the policy, the pool, its team, the inbox's weight and the current instant.

    `team` is None in an overflow pool: the team's own type and maximum do not apply there (E59).
    """

    policy: AssignmentPolicy
    key: PoolKey
    team: Team | None
    weight: int
    has_members: bool
    now: datetime

    @property
    def manual(self) -> bool:
        """Return whether people assign the team's conversations, and runs do not (E12)."""
        return self.team is not None and self.team.assignment_type is AssignmentType.MANUAL


def opted_in(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent whose membership is switched off for runs (E57)."""
    of_inbox = not rules.key.is_overflow and rules.has_members
    return OptedOut() if seat.agent.opts_out(rules.key.team_id, of_inbox=of_inbox) else None


def skilled(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent without a required skill (E58)."""
    missing = rules.key.skills - seat.agent.skills
    return LacksSkill(tuple(sorted(missing))) if missing else None


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


def in_pace(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent whose last automatic assignment is less than one pace ago (E61)."""
    is_given_one = seat.open_here > seat.agent.open_here
    pace, last = rules.policy.pace, rules.now if is_given_one else seat.agent.last_assigned_at
    return Paced(last + pace) if pace and last and rules.now < last + pace else None


def with_capacity(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent at the capacity for this inbox (E15)."""
    limit, held = seat.agent.capacity, seat.open_here - seat.uncounted_here
    return None if limit is None or held < limit else AtCapacity(held, limit)


def with_total_capacity(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse an agent without room for this inbox's weight in the capacity over all inboxes (E16, E68)."""
    limit, held = seat.agent.total_capacity, seat.open_total - seat.uncounted_total
    return None if limit is None or held + rules.weight <= limit else AtTotalCapacity(held, limit)


def under_team_limit(seat: Candidate, rules: Rules) -> Verdict | None:
    """Refuse a member without room for this inbox's weight in the team's maximum (E17, E68)."""
    limit = rules.team.max_open if rules.team else 0
    return None if not limit or seat.open_total + rules.weight <= limit else AtTeamLimit(seat.open_total, limit)


Gate = Callable[[Candidate, Rules], Verdict | None]
# The gates whose answer an assignment may change.
OF_LOADS: tuple[Gate, ...] = (under_rate_limit, in_pace, with_capacity, with_total_capacity, under_team_limit)
GATES: tuple[Gate, ...] = (opted_in, skilled, present, *OF_LOADS)
# The gates whose refusals no plan, no presence and no instant ends.
LASTING: tuple[Gate, ...] = (opted_in, skilled)


def gates_under(rules: Rules, seats: Collection[Candidate]) -> tuple[Gate, ...]:
    """Return the gates that may refuse one of these members under these rules, in their order."""
    is_set: Mapping[Gate, object] = {
        skilled: rules.key.skills,
        under_rate_limit: rules.policy.fair_distribution_limit,
        in_pace: rules.policy.pace_seconds,
        with_capacity: any(seat.agent.capacity is not None for seat in seats),
        with_total_capacity: any(seat.agent.total_capacity is not None for seat in seats),
        under_team_limit: rules.team and rules.team.max_open,
    }
    return tuple(gate for gate in GATES if is_set.get(gate, True))


def verdict(seat: Candidate, rules: Rules) -> Verdict:
    """Return the first refusal of a gate, or ELIGIBLE."""
    for gate in GATES:
        if no := gate(seat, rules):
            return no
    return ELIGIBLE


def could_ever(seat: Candidate, rules: Rules) -> bool:
    """Return whether an agent may take such a conversation at some time (E60)."""
    total = seat.agent.total_capacity
    has_room = seat.agent.capacity != 0 and (total is None or total >= rules.weight)
    return has_room and not any(gate(seat, rules) for gate in LASTING)
