"""A pool: the agents who may be asked for a conversation, which are the inbox's members, or a team's."""

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
    """The members who may be asked, each with the first gate that refuses them, and whose turn it is."""

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
        """Ask the gates about one member again."""
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
        """The member chosen took it."""
        self._selector.spend()

    def turns(self) -> tuple[int, ...]:
        """Return the eligible members, next first."""
        return tuple(agent for agent in self._selector.turns() if agent not in self.refusals)

    def verdicts(self) -> dict[int, Verdict]:
        """Return the verdict on each member."""
        return {**dict.fromkeys(self.seats, ELIGIBLE), **self.refusals}

    def judged(self) -> JudgedPool:
        """Return how the pool stands, with the verdict on each member."""
        return JudgedPool(state=self.standing(), verdicts=self.verdicts())

    def funnel(self) -> Funnel:
        """Return how many members were left after each gate (E18)."""
        online = self.members - self._tally[VerdictKind.NOT_ONLINE]
        under = online - self._tally[VerdictKind.RATE_LIMITED]
        return Funnel(
            members=self.members,
            online=online,
            under_rate_limit=under,
            with_capacity=self.members - len(self.refusals),
        )

    def standing(self) -> PoolState:
        """Return whether anybody is left, and when the next rate-limited member is free again."""
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
    """Return who may be asked: the inbox's members, or the team's who are also the inbox's if it has any (E11)."""
    here = frozenset(agent.id for agent in snapshot.agents if agent.member)
    if team_id is None:
        return here
    team = rotation_members(snapshot, team_id)
    return team & here if here else team


def rotation_members(snapshot: Snapshot, team_id: int | None) -> frozenset[int]:
    """Return whose turns a rotation keeps: a team's rotation is its members', whichever inbox asks (E19, E20)."""
    if team_id is None:
        return frozenset(agent.id for agent in snapshot.agents if agent.member)
    return frozenset(agent.id for agent in snapshot.agents if team_id in agent.team_ids)
