"""The planner: `plan(snapshot, now)` alone makes decisions.

An assignment changes only its assignee's verdicts, so a plan costs O(log agents) per conversation.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from dashboard.engine.decisions import (
    ELIGIBLE,
    HELD_BECAUSE,
    Assign,
    CandidateList,
    Decision,
    DecisionTrace,
    Error,
    HadIt,
    JudgedPool,
    NotAMember,
    Plan,
    PoolState,
    Reason,
    Skip,
    Stop,
    Verdict,
)
from dashboard.engine.exclusions import Exclusions
from dashboard.engine.gates import Candidate, Rules, verdict
from dashboard.engine.model import ConnectionMode, Conversation, Inbox, Snapshot, Team
from dashboard.engine.ordering import ORDER
from dashboard.engine.policy import AssignmentPolicy
from dashboard.engine.pools import Pool, pool_members
from dashboard.engine.selectors import reconcile


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """Return one decision per waiting conversation, in the policy's order, and the final state of each pool."""
    off = switched_off(snapshot.inbox, snapshot.policy, now)
    if off or snapshot.policy is None:
        return Plan(stop=off)
    floor = PlanState(snapshot, snapshot.policy, now)
    waiting = sorted(snapshot.waiting, key=ORDER[snapshot.policy.conversation_priority])
    decisions = tuple([floor.decide(conversation) for conversation in waiting])
    return Plan(decisions=decisions, standings=floor.standings())


def switched_off(inbox: Inbox, policy: AssignmentPolicy | None, now: datetime) -> Reason | None:
    """Return the first of the four switches that is off (E1), or why nothing is decided in a helpdesk's inbox (C18)."""
    if not inbox.assignment_v2:
        return Reason.FEATURE_OFF
    if policy is None:
        return Reason.NO_POLICY
    if not policy.enabled:
        return Reason.POLICY_DISABLED
    if not inbox.enable_auto_assignment or inbox.mode is ConnectionMode.OFF:
        return Reason.INBOX_OFF
    if inbox.is_stopped:
        return Reason.TWO_ENGINES
    return None if inbox.is_known(now) else Reason.HELPDESK_UNREACHABLE


def standings(snapshot: Snapshot, now: datetime) -> Mapping[int | None, PoolState]:
    """Return the state of each pool before any assignment; conversations of a closed pool need no decision (E9)."""
    return {} if snapshot.policy is None else PlanState(snapshot, snapshot.policy, now).standings()


def judged_pools(snapshot: Snapshot, now: datetime) -> Mapping[int | None, JudgedPool]:
    """Return every pool with the verdicts on its members before anything is given; nothing without a policy."""
    return {} if snapshot.policy is None else PlanState(snapshot, snapshot.policy, now).judged_pools()


def open_pools(snapshot: Snapshot, now: datetime) -> list[int | None]:
    """Return the team ids of pools with an eligible agent; None stands for the inbox's own pool."""
    if snapshot.policy is None:
        return []
    floor = PlanState(snapshot, snapshot.policy, now)
    return [team_id for team_id in floor.team_ids if floor.is_open(team_id)]


def examine(snapshot: Snapshot, conversation_id: int, now: datetime) -> DecisionTrace | None:
    """Plan up to one conversation; return its decision and the verdicts of all agents just before it (E47, E48)."""
    if switched_off(snapshot.inbox, snapshot.policy, now) or snapshot.policy is None:
        return None
    floor = PlanState(snapshot, snapshot.policy, now)
    for conversation in sorted(snapshot.waiting, key=ORDER[snapshot.policy.conversation_priority]):
        if conversation.id == conversation_id:
            return floor.examine(conversation)
        floor.pass_on(conversation)
    return None


def examine_some(snapshot: Snapshot, now: datetime, *, first: int, most: int) -> list[DecisionTrace]:
    """Plan, and return `most` decisions in order with the verdicts of all agents; `first` counts from 0."""
    if switched_off(snapshot.inbox, snapshot.policy, now) or snapshot.policy is None:
        return []
    floor = PlanState(snapshot, snapshot.policy, now)
    waiting = sorted(snapshot.waiting, key=ORDER[snapshot.policy.conversation_priority])
    for conversation in waiting[:first]:
        floor.decide(conversation)
    return [floor.examine(conversation) for conversation in waiting[first : first + most]]


def seating(snapshot: Snapshot, now: datetime) -> CandidateList | None:
    """Return the verdicts in the inbox's own pool before any assignment; None without a policy."""
    return None if snapshot.policy is None else PlanState(snapshot, snapshot.policy, now).seating(None)


class PlanState:
    """The state that changes during one plan: loads, pools and contacts with an open conversation."""

    def __init__(self, snapshot: Snapshot, policy: AssignmentPolicy, now: datetime) -> None:
        self._snapshot, self._policy, self._now = snapshot, policy, now
        self._seats = {agent.id: Candidate(agent) for agent in snapshot.agents}
        self._teams: dict[int, Team] = {team.id: team for team in snapshot.teams}
        self._pools: dict[int | None, Pool] = {}
        self._served = set(snapshot.served_contacts)
        self._exclusions: Exclusions | None = None
        # How many were left waiting by each pool that has nobody left: within a plan it stays so.
        self._left: Counter[int | None] = Counter()
        self.team_ids: tuple[int | None, ...] = (None, *self._teams)

    def decide(self, conversation: Conversation) -> Decision:
        """Return the decision for this conversation, and count its assignment."""
        try:
            return self._skip(conversation) or self._give(conversation)
        except Exception as error:  # noqa: BLE001  one bad conversation or rule never ends a batch (E43)
            return Error(conversation.id, f"{type(error).__name__}: {error}")

    def pass_on(self, conversation: Conversation) -> None:
        """Count the effect of this conversation's decision, without a new decision once its pool is closed."""
        team_id = conversation.team_id
        if team_id in self._left:
            self._left[team_id] += not self._is_kept(conversation)
        elif isinstance(self.decide(conversation), Stop):
            self._left[team_id] = 1

    def examine(self, conversation: Conversation) -> DecisionTrace:
        """Return the decision with the verdicts of all agents just before it."""
        if conversation.team_id is not None and conversation.team_id not in self._teams:
            return DecisionTrace(decision=self.decide(conversation), verdicts={}, funnel=None, turns=())
        seated = self.seating(conversation.team_id)
        decision = self.decide(conversation)
        if isinstance(decision, Assign) and conversation.had_by not in (None, decision.agent_id):
            seated = _passed_over(seated, conversation)
        return DecisionTrace(
            decision=decision,
            verdicts=seated.verdicts,
            funnel=seated.funnel,
            turns=seated.turns,
            left_before=self._left[conversation.team_id],
        )

    def seating(self, team_id: int | None) -> CandidateList:
        """Return the current verdicts of all agents in this pool."""
        pool = self._pool(team_id)
        verdicts: dict[int, Verdict] = dict.fromkeys(self._seats, NotAMember())
        verdicts.update(pool.verdicts())
        return CandidateList(verdicts=verdicts, funnel=pool.funnel(), turns=pool.turns())

    def standings(self) -> Mapping[int | None, PoolState]:
        """Return the current state of every pool; None stands for the inbox's own pool."""
        return {team_id: self._pool(team_id).standing() for team_id in self.team_ids}

    def judged_pools(self) -> Mapping[int | None, JudgedPool]:
        """Return every pool as it stands now, by team id, with the verdicts on its members."""
        return {team_id: self._pool(team_id).judged() for team_id in self.team_ids}

    def is_open(self, team_id: int | None) -> bool:
        """Return whether a pool has an eligible member; the check ends at the first one."""
        rules = self._rules(team_id)
        if rules.manual:
            return False
        return any(
            verdict(self._seats[agent_id], rules) is ELIGIBLE for agent_id in pool_members(self._snapshot, team_id)
        )

    def _skip(self, conversation: Conversation) -> Skip | Stop | None:
        if hold := conversation.held(self._now):
            return Skip(conversation.id, HELD_BECAUSE[hold], until=conversation.held_until)
        # Made with the first conversation, so that a rule that cannot be read is each one's error (E43).
        self._exclusions = self._exclusions or Exclusions(self._snapshot.exclusions, self._now)
        if no := self._exclusions.refusal(conversation):
            return no
        if self._policy.one_agent_per_contact and conversation.contact_id in self._served:
            return Skip(conversation.id, Reason.CONTACT_BEING_SERVED)
        return None

    def _is_kept(self, conversation: Conversation) -> bool:
        """Return whether the conversation is skipped, or raises an error."""
        try:
            return self._skip(conversation) is not None
        except Exception:  # noqa: BLE001  as in decide
            return True

    def _give(self, conversation: Conversation) -> Assign | Stop:
        team_id = conversation.team_id
        pool = self._pool(team_id)
        if pool.manual:
            return Stop(conversation.id, Reason.TEAM_MANUAL)
        if seat := self._as_before(conversation, pool):
            self._take(seat)
        elif seat := pool.choose(conversation):
            self._take(seat, turn_of=pool)
        else:
            funnel = pool.funnel()
            return Stop(conversation.id, funnel.reason, funnel)
        if conversation.contact_id is not None:
            self._served.add(conversation.contact_id)
        return Assign(conversation.id, seat.agent.id, team_id)

    def _as_before(self, conversation: Conversation, pool: Pool) -> Candidate | None:
        """Return the agent of an earlier shadow decision, if no gate refuses them now."""
        agent_id = self._snapshot.shadowed.get(conversation.id)
        return self._seats[agent_id] if agent_id in pool.seats and agent_id not in pool.refusals else None

    def _take(self, seat: Candidate, *, turn_of: Pool | None = None) -> None:
        """Count the conversation in the agent's load, and spend a turn unless an earlier decision stands."""
        seat.take()
        if turn_of:
            turn_of.spend()
        agent_id = seat.agent.id
        for other in self._pools.values():
            if agent_id in other.seats:
                other.judge(seat)

    def _pool(self, team_id: int | None) -> Pool:
        """Return the pool for a team's conversations, or for conversations without a team (E11)."""
        pool = self._pools.get(team_id)
        if pool is None:
            seats, seed = self._in_turn(team_id), self._snapshot.inbox.id
            pool = self._pools[team_id] = Pool(self._rules(team_id), seats, seed)
        return pool

    def _rules(self, team_id: int | None) -> Rules:
        team = None if team_id is None else self._teams[team_id]
        return Rules(policy=self._policy, team=team, now=self._now)

    def _in_turn(self, team_id: int | None) -> list[Candidate]:
        """Return the pool's candidates in the order of rotation; a team's rotation covers all its members."""
        order = self._snapshot.rotations.get(team_id, ())
        return [self._seats[agent_id] for agent_id in reconcile(order, pool_members(self._snapshot, team_id))]


def _passed_over(seated: CandidateList, conversation: Conversation) -> CandidateList:
    """Return the verdicts with a refusal of the conversation's former assignee, if it was eligible (E74)."""
    had_by = conversation.had_by
    if had_by is None or seated.verdicts.get(had_by) is not ELIGIBLE:
        return seated
    funnel = seated.funnel
    return CandidateList(
        verdicts={**seated.verdicts, had_by: HadIt(conversation.released_at)},
        funnel=replace(funnel, under_rate_limit=funnel.under_rate_limit - 1, with_capacity=funnel.with_capacity - 1),
        turns=tuple(agent_id for agent_id in seated.turns if agent_id != had_by),
    )
