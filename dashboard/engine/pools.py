"""Pools: the members of an inbox or a team that may take its conversations."""

from collections import Counter

from dashboard.engine.decisions import (
    ELIGIBLE,
    Funnel,
    JudgedPool,
    PoolState,
    RateLimited,
    Reason,
    Verdict,
    VerdictKind,
)
from dashboard.engine.gates import Candidate, Rules, verdict
from dashboard.engine.model import Conversation, Snapshot
from dashboard.engine.selectors import SELECTORS


class Pool:
    """The candidates of a pool, with the first refusal of each and the selector's order."""

    def __init__(self, rules: Rules, seats: list[Candidate], seed: int) -> None:
        self.rules = rules
        self.manual = rules.manual
        self.members = len(seats)
        self.refusals: dict[int, Verdict] = {}
        self._tally: Counter[VerdictKind] = Counter()
        self._selector = SELECTORS[rules.policy.assignment_order].make(seats, seed)
        self.seats = frozenset(seat.agent.id for seat in seats)
        for seat in seats:
            self.judge(seat)

    def judge(self, seat: Candidate) -> None:
        """Apply the gates to one member again."""
        agent_id = seat.agent.id
        before = self.refusals.pop(agent_id, None)
        if before is not None:
            self._tally[before.kind] -= 1
        if (now := verdict(seat, self.rules)) is not ELIGIBLE:
            self.refusals[agent_id] = now
            self._tally[now.kind] += 1

    def choose(self, conversation: Conversation) -> Candidate | None:
        """Return the selector's choice among the members whom no gate refuses; None if nobody is left."""
        return self._selector.choose(self._eligible, conversation)

    def spend(self) -> None:
        """Move the chosen member to the back of the selector's order."""
        self._selector.spend()

    def turns(self) -> tuple[int, ...]:
        """Return the ids of the eligible members, next first."""
        return tuple(agent for agent in self._selector.turns() if agent not in self.refusals)

    def verdicts(self) -> dict[int, Verdict]:
        """Return the verdict on each member."""
        return {**dict.fromkeys(self.seats, ELIGIBLE), **self.refusals}

    def judged(self) -> JudgedPool:
        """Return how the pool stands, with the verdict on each member."""
        return JudgedPool(state=self.standing(), verdicts=self.verdicts())

    def funnel(self) -> Funnel:
        """Return the number of members left after each gate (E18)."""
        online = self.members - self._tally[VerdictKind.NOT_ONLINE]
        under = online - self._tally[VerdictKind.RATE_LIMITED]
        return Funnel(
            members=self.members,
            online=online,
            under_rate_limit=under,
            with_capacity=self.members - len(self.refusals),
        )

    def standing(self) -> PoolState:
        """Return the state of the pool: the reason if it is closed, and the next instant with a free slot."""
        funnel = self.funnel()
        if self.manual:
            return PoolState(reason=Reason.TEAM_MANUAL, funnel=funnel)
        free = [no.free_at for no in self.refusals.values() if isinstance(no, RateLimited) and no.free_at]
        return PoolState(
            reason=None if funnel.with_capacity else funnel.reason, funnel=funnel, next_slot_at=min(free, default=None)
        )

    def _eligible(self, seat: Candidate) -> bool:
        return seat.agent.id not in self.refusals


def pool_members(snapshot: Snapshot, team_id: int | None) -> frozenset[int]:
    """Return the inbox's members, or the team's; if the inbox has members, only those in both (E11)."""
    here = frozenset(agent.id for agent in snapshot.agents if agent.member)
    if team_id is None:
        return here
    team = rotation_members(snapshot, team_id)
    return team & here if here else team


def rotation_members(snapshot: Snapshot, team_id: int | None) -> frozenset[int]:
    """Return the members of a rotation: a team has one rotation for all inboxes (E19, E20)."""
    if team_id is None:
        return frozenset(agent.id for agent in snapshot.agents if agent.member)
    return frozenset(agent.id for agent in snapshot.agents if team_id in agent.team_ids)
