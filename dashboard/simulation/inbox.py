"""One inbox of a simulation: it makes the snapshots, has the engine plan them, and keeps the rotation."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from dashboard.engine.decisions import Assign, Plan, Skip
from dashboard.engine.model import Conversation, PoolKey, Snapshot
from dashboard.engine.planner import plan, switched_off
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.engine.pools import rotation_members
from dashboard.engine.selectors import reconcile, rotate
from dashboard.simulation.agents import AgentLoad, InboxAgents
from dashboard.simulation.model import InboxRules
from dashboard.simulation.waiting import Waiting


class SimulatedInbox:
    """An inbox at one instant of the simulation."""

    def __init__(self, rules: InboxRules, agents: Mapping[int, AgentLoad]) -> None:
        self._states = agents
        self._rotations: dict[int | None, tuple[int, ...]] = {}
        self.rules, self.waiting = rules, Waiting(rules.policy)
        self.agents = InboxAgents(rules.inbox.id, rules.agents, agents)
        self._instants: list[datetime] = []

    @property
    def id(self) -> int:
        """Return the inbox's id."""
        return self.rules.inbox.id

    @property
    def is_one_per_contact(self) -> bool:
        """Return whether the end of a conversation may let another one of its contact go (E10)."""
        return self.rules.policy is not None and self.rules.policy.one_agent_per_contact

    def change(self, rules: InboxRules) -> None:
        """Go on with other rules; the rotation and the waiting conversations stay."""
        self.rules, self.waiting = rules, Waiting(rules.policy, self.waiting.all())
        self.agents = InboxAgents(rules.inbox.id, rules.agents, self._states)

    def plans(self, served: Counter[int], now: datetime) -> Iterator[Plan]:
        """Yield plans until no waiting conversation can be assigned; the caller counts each before the next."""
        self._instants = []
        if switched_off(self.rules.inbox, self.rules.policy, now):
            return
        for conversations in self.waiting.slices(now):
            planned = plan(self._snapshot(conversations, served, now), now)
            self.waiting.learn(planned, conversations)
            self._spend_turns(planned)
            self._instants = [
                *(state.next_slot_at for state in planned.standings.values() if state.next_slot_at),
                *(one.until for one in planned.decisions if isinstance(one, Skip) and one.until),
            ]
            yield planned

    def wakes_at(self, now: datetime) -> datetime | None:
        """Return the first instant after the last plans at which time alone may let another one assign more (E30)."""
        hours, policy = self.rules.inbox.hours, self.rules.policy or DEFAULT_POLICY
        opens_at = hours.opens_at(now) if hours else None
        widens = self.waiting.widens_at(now) if policy.relaxes_after or policy.overflows_after else ()
        return min((*self._instants, *widens, *([opens_at] if opens_at else ())), default=None)

    def _snapshot(self, conversations: Collection[Conversation], served: Counter[int], now: datetime) -> Snapshot:
        rules = self.rules
        return Snapshot(
            inbox=rules.inbox,
            policy=rules.policy,
            agents=self.agents.shown(rules.policy or DEFAULT_POLICY, now),
            teams=rules.teams,
            exclusions=rules.exclusions,
            rotations=self._rotations,
            served_contacts=frozenset(
                one.contact_id for one in conversations if one.contact_id and served[one.contact_id]
            ),
            waiting=tuple(conversations),
            skilled=tuple({PoolKey(one.team_id, one.skills) for one in conversations if one.skills}),
        )

    def _spend_turns(self, planned: Plan) -> None:
        """Move the assignees to the back of the rotations that their turns came from."""
        picks: dict[int | None, list[int]] = {}
        for one in planned.decisions:
            if isinstance(one, Assign):
                picks.setdefault(one.turn_of, []).append(one.agent_id)
        for team_id, agent_ids in picks.items():
            order = reconcile(self._rotations.get(team_id, ()), self._members(team_id))
            self._rotations[team_id] = rotate(order, agent_ids)

    def _members(self, team_id: int | None) -> frozenset[int]:
        return rotation_members(Snapshot(inbox=self.rules.inbox, policy=None, agents=self.rules.agents), team_id)
