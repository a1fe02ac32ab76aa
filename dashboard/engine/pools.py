"""Pools: the members of an inbox or a team that may take its conversations."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from dashboard.engine.decisions import Funnel, JudgedPool, PoolState, Reason
from dashboard.engine.gates import OF_LOADS, Candidate, Gate, Rules, could_ever, gates_under
from dashboard.engine.model import Conversation, PoolKey, Snapshot
from dashboard.engine.policy import AssignmentPolicy
from dashboard.engine.selectors import SELECTORS, Turns
from dashboard.engine.verdicts import ELIGIBLE, Paced, RateLimited, Verdict, VerdictKind

RATE_KINDS = (VerdictKind.RATE_LIMITED, VerdictKind.PACED)


class Pool:
    """The candidates of a pool, with the first refusal of each and the selector's order."""

    def __init__(self, rules: Rules, seats: Sequence[Candidate], turns: Turns, *, seed: int) -> None:
        self.rules = rules
        self.manual = rules.manual
        self.members = len(seats)
        self.refusals: dict[int, Verdict] = {}
        self._tally: Counter[VerdictKind] = Counter()
        self.rotation = turns
        self.seats = {seat.id: seat for seat in seats}
        self._selector = SELECTORS[rules.policy.assignment_order].make(self.seats, turns, seed)
        gates = gates_under(rules, seats)
        self.of_loads = tuple(gate for gate in gates if gate in OF_LOADS)
        for seat in seats:
            self.judge(seat, gates)

    @property
    def is_closed(self) -> bool:
        """Return whether nobody is eligible; within a plan it stays so."""
        return len(self.refusals) == self.members

    def judge(self, seat: Candidate, gates: Iterable[Gate]) -> None:
        """Apply these gates to a member whom none has refused."""
        for gate in gates:
            if no := gate(seat, self.rules):
                self.refusals[seat.id] = no
                self._tally[no.kind] += 1
                return

    def eligible(self, agent_id: int | None) -> Candidate | None:
        """Return the member with this id if no gate refuses them."""
        return self.seats.get(agent_id) if agent_id is not None and agent_id not in self.refusals else None

    def choose(self, conversation: Conversation, never: Collection[int] = ()) -> Candidate | None:
        """Return the selector's choice among the members whom no gate refuses; None if nobody is left.

        It is never one of these agents (E65). Whoever had the conversation gets it only if nobody else may take it
        (E74).
        """
        had_by = conversation.had_by
        if had_by is not None and (chosen := self._selector.choose(conversation, self.refusals, {had_by, *never})):
            return chosen
        return self._selector.choose(conversation, self.refusals, never)

    @cached_property
    def lasting(self) -> frozenset[int]:
        """The members who may take such a conversation at some time."""
        return frozenset(agent_id for agent_id, seat in self.seats.items() if could_ever(seat, self.rules))

    def could_ever(self, agent_id: int) -> bool:
        """Return whether a member may take such a conversation at some time."""
        return agent_id in self.lasting

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
        """Return the number of members left after each gate (E18, E63)."""
        tally = self._tally
        opted_in = self.members - tally[VerdictKind.OPTED_OUT]
        skilled = opted_in - tally[VerdictKind.LACKS_SKILL]
        online = skilled - tally[VerdictKind.NOT_ONLINE]
        return Funnel(
            members=self.members,
            auto_assign=opted_in,
            skilled=skilled,
            online=online,
            under_rate_limit=online - sum(tally[kind] for kind in RATE_KINDS),
            with_capacity=self.members - len(self.refusals),
        )

    def standing(self) -> PoolState:
        """Return the state of the pool: the reason if it is closed, and the next instant that ends a refusal."""
        funnel = self.funnel()
        if self.manual:
            return PoolState(reason=Reason.TEAM_MANUAL, funnel=funnel)
        return PoolState(
            reason=None if funnel.with_capacity else funnel.reason,
            funnel=funnel,
            next_slot_at=next_slot(self.refusals.values()),
        )


def next_slot(verdicts: Iterable[Verdict]) -> datetime | None:
    """Return the first instant at which fair distribution or a pace lets one of these agents go on."""
    return min((no.free_at for no in verdicts if isinstance(no, RateLimited | Paced) and no.free_at), default=None)


def pool_key(conversation: Conversation, policy: AssignmentPolicy, now: datetime) -> PoolKey:
    """Return the pool of a conversation, without its skills once they are not required any more (E58)."""
    relaxed = conversation.skills and conversation.has_waited(policy.relaxes_after, now)
    return PoolKey(conversation.team_id, frozenset() if relaxed else conversation.skills)


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
