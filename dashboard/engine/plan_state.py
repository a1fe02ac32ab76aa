"""The state of one plan: pools, loads and turns, which each decision changes.

An assignment changes only its assignee's verdicts, so a plan costs O(log agents) per conversation.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from dashboard.engine.coming_back import return_memory
from dashboard.engine.decisions import (
    HELD_BECAUSE,
    Assign,
    AssignedHow,
    CandidateList,
    Decision,
    DecisionTrace,
    Error,
    JudgedPool,
    PoolState,
    Reason,
    Skip,
    Stop,
    Via,
)
from dashboard.engine.exclusions import Exclusions
from dashboard.engine.gates import Candidate, Rules, verdict
from dashboard.engine.model import Conversation, PoolKey, Snapshot, Team
from dashboard.engine.policy import AssignmentPolicy
from dashboard.engine.pools import Pool, pool_key, pool_members, rotation_members
from dashboard.engine.selectors import Turns, reconcile
from dashboard.engine.verdicts import ELIGIBLE, HadIt, NotAMember, Verdict


class PlanState:
    """The state that changes during one plan: loads, pools and contacts with an open conversation."""

    def __init__(self, snapshot: Snapshot, policy: AssignmentPolicy, now: datetime) -> None:
        self._snapshot, self._policy, self._now = snapshot, policy, now
        self._seats = {agent.id: Candidate(agent) for agent in snapshot.agents}
        self._has_members = any(agent.member for agent in snapshot.agents)
        self._teams: dict[int, Team] = {team.id: team for team in snapshot.teams}
        self._pools: dict[PoolKey, Pool] = {}
        # Most conversations require nothing: their pools are found without a key.
        self._plain: dict[int | None, Pool] = {}
        self._overflows_after = policy.overflows_after
        self._prefers, self._shadowed = bool(policy.prefer_last_agent), snapshot.shadowed
        self._weight, self._one_per_contact = snapshot.inbox.weight, policy.one_agent_per_contact
        self._turns: dict[int | None, Turns] = {}
        self._served = set(snapshot.served_contacts)
        self._exclusions: Exclusions | None = None
        # How many were left waiting by each pool that has nobody left: within a plan it stays so.
        self._left: Counter[PoolKey] = Counter()

    @property
    def keys(self) -> tuple[PoolKey, ...]:
        """The pools of the waiting conversations."""
        return (PoolKey(None), *map(PoolKey, self._teams), *self._snapshot.skilled)

    @property
    def overflow_keys(self) -> tuple[PoolKey, ...]:
        """The pools that conversations overflow to (E59)."""
        team_id = self._policy.overflow_team_id if self._policy.overflows_after else None
        if team_id is None:
            return ()
        asked = dict.fromkeys([frozenset[str](), *(key.skills for key in self._snapshot.skilled)])
        return tuple(PoolKey(team_id, skills, is_overflow=True) for skills in asked)

    def decide(self, conversation: Conversation) -> Decision:
        """Return the decision for this conversation, and count its assignment."""
        try:
            return self._skip(conversation) or self._assign(conversation)
        except Exception as error:  # noqa: BLE001  one bad conversation or rule never ends a batch (E43)
            return Error(conversation.id, f"{type(error).__name__}: {error}")

    def pass_on(self, conversation: Conversation) -> None:
        """Count the effect of this conversation's decision, without a new decision once its pool is closed."""
        key = self.key_of(conversation)
        if key in self._left and not self._overflow_key(conversation):
            self._left[key] += not self._is_kept(conversation)
        elif isinstance(self.decide(conversation), Stop) and self._pool(key).is_closed:
            self._left[key] += 1

    def examine(self, conversation: Conversation) -> DecisionTrace:
        """Return the decision with the verdicts of all agents just before it."""
        key = self.key_of(conversation)
        if key.team_id is not None and key.team_id not in self._teams:
            return DecisionTrace(decision=self.decide(conversation), verdicts={}, funnel=None, turns=())
        seated = self._seen_from(conversation, key)
        decision = self.decide(conversation)
        if isinstance(decision, Assign) and conversation.had_by not in (None, decision.agent_id):
            seated = return_memory.without_last(seated, conversation)
        return DecisionTrace(
            decision=decision,
            verdicts=seated.verdicts,
            funnel=seated.funnel,
            turns=seated.turns,
            left_before=self._left[key],
        )

    def seating(self, key: PoolKey) -> CandidateList:
        """Return the current verdicts of all agents in this pool."""
        pool = self._pool(key)
        verdicts: dict[int, Verdict] = dict.fromkeys(self._seats, NotAMember())
        verdicts.update(pool.verdicts())
        return CandidateList(verdicts=verdicts, funnel=pool.funnel(), turns=pool.turns())

    def standings(self) -> Mapping[PoolKey, PoolState]:
        """Return the current state of every pool; the key without a team is the inbox's own pool."""
        return {key: self._pool(key).standing() for key in (*self.keys, *self.overflow_keys)}

    def judged_pools(self) -> Mapping[int | None, JudgedPool]:
        """Return the inbox's and the teams' pools as they stand now, with the verdicts on their members."""
        return {team_id: self._pool(PoolKey(team_id)).judged() for team_id in (None, *self._teams)}

    def is_open(self, key: PoolKey) -> bool:
        """Return whether a pool has an eligible member; the check ends at the first one."""
        rules = self._rules(key)
        if rules.manual:
            return False
        return any(verdict(self._seats[agent_id], rules) is ELIGIBLE for agent_id in self._members(key))

    def key_of(self, conversation: Conversation) -> PoolKey:
        """Return the pool of the conversation."""
        return pool_key(conversation, self._policy, self._now)

    def _skip(self, conversation: Conversation) -> Skip | None:
        if conversation.held_until is not None and (hold := conversation.held(self._now)):
            return Skip(conversation.id, HELD_BECAUSE[hold], until=conversation.held_until)
        # Made with the first conversation, so that a rule that cannot be read is each one's error (E43).
        self._exclusions = self._exclusions or Exclusions(self._snapshot.exclusions, self._now)
        if no := self._exclusions.refusal(conversation):
            return no
        is_served = self._one_per_contact and conversation.contact_id in self._served
        if is_served and self._preferred(conversation) is None:
            return Skip(conversation.id, Reason.CONTACT_BEING_SERVED)
        return None

    def _is_kept(self, conversation: Conversation) -> bool:
        """Return whether the conversation is skipped, or raises an error."""
        try:
            return self._skip(conversation) is not None
        except Exception:  # noqa: BLE001  as in decide
            return True

    def _assign(self, conversation: Conversation) -> Assign | Stop | Skip:
        pool = None if conversation.skills else self._plain.get(conversation.team_id)
        pool = pool or self._pool_of(conversation)
        if pool.manual:
            return Stop(conversation.id, Reason.TEAM_MANUAL)
        if self._shadowed and (seat := self._as_before(conversation, pool)):
            return self._give(conversation, seat)
        if self._prefers:
            if seat := self._preferred(conversation):
                return self._give(conversation, seat, pool, Via.PREFERRED)
            if until := self._kept_until(conversation, pool):
                return Skip(conversation.id, Reason.KEPT_FOR_PREFERRED, until=until, agent_id=conversation.preferred)
        had = self._passed_over(conversation) if conversation.returned_from else return_memory.NOBODY
        if seat := pool.choose(conversation, had):
            return self._give(conversation, seat, pool)
        if (beyond := self._overflow(conversation)) and (seat := beyond.choose(conversation, had)):
            return self._give(conversation, seat, beyond, Via.OVERFLOW)
        return return_memory.stop(conversation, pool, had)

    def _passed_over(self, conversation: Conversation) -> Mapping[int, HadIt]:
        """Return the agents who never get it, because it came back from them (E65)."""
        if not conversation.returned_from:
            return return_memory.NOBODY
        beyond = self._overflow(conversation)
        return return_memory.passed_over(conversation, [self._pool_of(conversation), *([beyond] if beyond else [])])

    def _had_it(self, conversation: Conversation, agent_id: int) -> bool:
        return agent_id == conversation.had_by or agent_id in self._passed_over(conversation)

    def _as_before(self, conversation: Conversation, pool: Pool) -> Candidate | None:
        """Return the agent of an earlier shadow decision, if no gate refuses them now."""
        agent_id = self._shadowed.get(conversation.id)
        if agent_id in self._passed_over(conversation):
            return None
        beyond = self._overflow(conversation)
        return pool.eligible(agent_id) or (beyond.eligible(agent_id) if beyond else None)

    def _preferred(self, conversation: Conversation) -> Candidate | None:
        """Return the contact's agent if no gate refuses them, and nobody released it from them (E60)."""
        agent_id, pool = conversation.preferred if self._prefers else None, self._pool_of(conversation)
        if agent_id is None or pool.manual or self._had_it(conversation, agent_id):
            return None
        return pool.eligible(agent_id)

    def _kept_until(self, conversation: Conversation, pool: Pool) -> datetime | None:
        """Return the end of the wait for the contact's agent; None if the conversation is not kept for them (E60)."""
        agent_id, since = conversation.preferred, conversation.waiting_since
        if agent_id is None or since is None or self._had_it(conversation, agent_id):
            return None
        until = since + self._policy.keeps_for
        return until if self._now < until and pool.could_ever(agent_id) else None

    def _give(
        self, conversation: Conversation, seat: Candidate, turn_of: Pool | None = None, via: Via | None = None
    ) -> Assign:
        """Count the conversation in the agent's load, and spend a turn unless an earlier decision stands."""
        seat.take(self._weight)
        agent_id = seat.id
        if turn_of:
            turn_of.rotation.spend(seat)
        for pool in self._pools.values():
            # Within a plan a refusal stays.
            if agent_id in pool.seats and agent_id not in pool.refusals:
                pool.judge(seat, pool.of_loads)
        if conversation.contact_id is not None:
            self._served.add(conversation.contact_id)
        if via is None and not conversation.skills:
            return Assign(conversation.id, agent_id, conversation.team_id)
        relaxed = bool(conversation.skills) and not self.key_of(conversation).skills
        overflow_team_id = self._policy.overflow_team_id if via is Via.OVERFLOW else None
        how = AssignedHow(via=via, overflow_team_id=overflow_team_id, skills_relaxed=relaxed)
        return Assign(conversation.id, agent_id, conversation.team_id, how)

    def _overflow(self, conversation: Conversation) -> Pool | None:
        key = self._overflow_key(conversation)
        return self._pool(key) if key else None

    def _overflow_key(self, conversation: Conversation) -> PoolKey | None:
        """Return the overflow team's pool once the conversation has waited long enough (E59)."""
        if self._overflows_after is None or not conversation.has_waited(self._overflows_after, self._now):
            return None
        return PoolKey(self._policy.overflow_team_id, self.key_of(conversation).skills, is_overflow=True)

    def _seen_from(self, conversation: Conversation, key: PoolKey) -> CandidateList:
        """Return all agents' verdicts for one conversation, with those of the overflow team."""
        had = self._passed_over(conversation)
        seated, pool = return_memory.without(self.seating(key), had), self._pool(key)
        if beyond := self._overflow(conversation):
            others = {agent_id: no for agent_id, no in beyond.verdicts().items() if agent_id not in pool.seats}
            others |= return_memory.refused(others, had)
            seated = replace(seated, verdicts={**seated.verdicts, **others})
        return seated

    def _pool_of(self, conversation: Conversation) -> Pool:
        if conversation.skills:
            return self._pool(self.key_of(conversation))
        pool = self._plain.get(conversation.team_id)
        if pool is None:
            pool = self._plain[conversation.team_id] = self._pool(PoolKey(conversation.team_id))
        return pool

    def _pool(self, key: PoolKey) -> Pool:
        """Return the pool for a team's conversations, or for conversations without a team (E11)."""
        pool = self._pools.get(key)
        if pool is None:
            seats = [self._seats[agent_id] for agent_id in sorted(self._members(key))]
            pool = Pool(self._rules(key), seats, self._turns_of(key.team_id), seed=self._snapshot.inbox.id)
            self._pools[key] = pool
        return pool

    def _members(self, key: PoolKey) -> frozenset[int]:
        if key.is_overflow:
            return rotation_members(self._snapshot, key.team_id)
        return pool_members(self._snapshot, key.team_id)

    def _rules(self, key: PoolKey) -> Rules:
        return Rules(
            policy=self._policy,
            key=key,
            team=None if key.team_id is None or key.is_overflow else self._teams[key.team_id],
            weight=self._snapshot.inbox.weight,
            has_members=self._has_members,
            now=self._now,
        )

    def _turns_of(self, team_id: int | None) -> Turns:
        """Return the rotation's turns; a team's rotation covers all its members."""
        if team_id not in self._turns:
            order = self._snapshot.rotations.get(team_id, ())
            self._turns[team_id] = Turns(reconcile(order, rotation_members(self._snapshot, team_id)))
        return self._turns[team_id]
