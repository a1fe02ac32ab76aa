"""Changes that lift the first refusal of a conversation, easiest first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from dashboard.engine import planner
from dashboard.engine.decisions import DecisionTrace, Reason, Skip
from dashboard.engine.model import Agent, Conversation, Presence, Snapshot, Team
from dashboard.engine.ordering import ORDER
from dashboard.engine.policy import DEFAULT_POLICY, CapacityPolicyUse
from dashboard.engine.suggestions import changes, rule_changes, thresholds
from dashboard.engine.suggestions.changes import RaiseLimit, SuggestedChange
from dashboard.engine.verdicts import (
    AtCapacity,
    AtTeamLimit,
    AtTotalCapacity,
    LacksSkill,
    NotOnline,
    OptedOut,
    Paced,
    RateLimited,
    Verdict,
    VerdictKind,
)

EASIEST = (
    VerdictKind.AT_CAPACITY,
    VerdictKind.AT_TOTAL_CAPACITY,
    VerdictKind.AT_TEAM_LIMIT,
    VerdictKind.RATE_LIMITED,
    VerdictKind.PACED,
    VerdictKind.OPTED_OUT,
    VerdictKind.LACKS_SKILL,
    VerdictKind.NOT_ONLINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A waiting conversation, with `ahead` conversations before it; capacity policies by id."""

    conversation: Conversation
    team: Team | None
    ahead: int
    now: datetime
    policies: Mapping[int, CapacityPolicyUse]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftStep:
    """A change that lifts a refusal.

    The raised limit has room for all conversations before this one; `guess` is the least sufficient limit
    if no other gate refuses.
    """

    change: SuggestedChange
    guess: int = 0


def case(
    snapshot: Snapshot, conversation: Conversation, now: datetime, policies: Mapping[int, CapacityPolicyUse]
) -> Case:
    """Return the conversation with its number of predecessors in the policy's order."""
    order = ORDER[(snapshot.policy or DEFAULT_POLICY).conversation_priority]
    own = order(conversation)
    return Case(
        conversation=conversation,
        team=next((team for team in snapshot.teams if team.id == conversation.team_id), None),
        ahead=sum(order(one) < own for one in snapshot.waiting),
        now=now,
        policies=policies,
    )


def after(snapshot: Snapshot, examined: DecisionTrace | None, case: Case) -> Sequence[LiftStep]:
    """Return the changes that lift the conversation's first refusal in this snapshot."""
    if change := _switch(snapshot, case.now):
        return [LiftStep(change=change)]
    if examined is None:
        return []
    if isinstance(examined.decision, Skip):
        return [LiftStep(change=change) for change in _unskip(snapshot, examined.decision, case)]
    if case.team and examined.decision.reason is Reason.TEAM_MANUAL:
        return [LiftStep(change=changes.GiveTeamTurns(team_id=case.team.id, team_name=case.team.name))]
    return _agents(snapshot, examined, case)


def _switch(snapshot: Snapshot, now: datetime) -> SuggestedChange | None:
    inbox, policy = snapshot.inbox, snapshot.policy
    match planner.switched_off(inbox, policy, now):
        case Reason.FEATURE_OFF:
            return changes.SwitchOnAccount(account_id=inbox.account_id)
        case Reason.INBOX_OFF:
            return changes.SwitchOnInbox(inbox_id=inbox.id, inbox_name=inbox.name)
        case Reason.OUTSIDE_HOURS:
            return changes.KeepOpen(inbox_id=inbox.id, inbox_name=inbox.name)
        case Reason.NO_POLICY:
            return changes.LinkPolicy(inbox_id=inbox.id, inbox_name=inbox.name)
        case Reason.POLICY_DISABLED if policy:
            return changes.EnablePolicy(policy_id=policy.id, policy_name=policy.name)
    return None


def _unskip(snapshot: Snapshot, skip: Skip, case: Case) -> Iterator[SuggestedChange]:
    policy, conversation = snapshot.policy, case.conversation
    if skip.reason is Reason.EXCLUDED_LABEL and skip.label is not None:
        yield changes.RemoveLabel(conversation_id=conversation.id, label=skip.label)
    elif skip.reason is Reason.EXCLUDED_AGE:
        rule = next(rule for rule in snapshot.exclusions if rule.policy_id == skip.policy_id)
        yield changes.RaiseAge(
            policy_id=rule.policy_id,
            policy_name=rule.policy_name,
            hours=rule.exclude_older_than_hours or 0,
            to=ceil((case.now - conversation.created_at) / timedelta(hours=1)),
        )
    elif skip.reason is Reason.CONTACT_BEING_SERVED and policy:
        yield changes.SeveralPerContact(policy_id=policy.id, policy_name=policy.name)
    elif skip.reason is Reason.KEPT_FOR_PREFERRED and policy:
        yield rule_changes.StopKeeping(policy_id=policy.id, policy_name=policy.name)


def _agents(snapshot: Snapshot, examined: DecisionTrace, case: Case) -> Sequence[LiftStep]:
    """Return the changes that lift the agents' refusals; agents under one limit get one change."""
    by_id = {agent.id: agent for agent in snapshot.agents}
    refused = [
        (EASIEST.index(verdict.kind), agent_id)
        for agent_id, verdict in examined.verdicts.items()
        if verdict.kind in EASIEST
    ]
    found: dict[object, LiftStep] = {}
    for _, agent_id in sorted(refused):
        verdict = examined.verdicts[agent_id]
        change = _lift(snapshot, by_id[agent_id], verdict, case)
        if change and change.thing not in found:
            found[change.thing] = LiftStep(change=change, guess=_guess(change, verdict.kind, by_id, examined))
    return list(found.values())


def _guess(change: SuggestedChange, kind: VerdictKind, by_id: Mapping[int, Agent], examined: DecisionTrace) -> int:
    """Return the sufficient limit if no other gate refuses its agents."""
    if not isinstance(change, RaiseLimit):
        return 0
    held = [
        _held(verdict)
        for agent_id, verdict in examined.verdicts.items()
        if verdict.kind is kind and change.reaches(by_id[agent_id])
    ]
    return thresholds.enough(held, room=examined.left_before + 1)


def _held(verdict: Verdict) -> int:
    match verdict:
        case AtCapacity(open=held) | AtTotalCapacity(open=held) | AtTeamLimit(open=held) | RateLimited(count=held):
            return held
    return 0


def _lift(snapshot: Snapshot, agent: Agent, verdict: Verdict, case: Case) -> SuggestedChange | None:
    """Return the change that lifts one agent's refusal, with room for all conversations before this one."""
    weight = snapshot.inbox.weight if isinstance(verdict, AtTotalCapacity | AtTeamLimit) else 1
    policy, to = snapshot.policy, _held(verdict) + weight * (case.ahead + 1)
    if by_rule := _lift_rule(snapshot, agent, verdict, case):
        return by_rule
    match verdict:
        case NotOnline() if policy and Presence.ONLINE in policy.eligible_presence:
            return changes.BringOnline(agent_id=agent.id, agent_name=agent.name)
        case RateLimited(limit=limit) if policy and "fair_distribution_limit" in policy.overridden:
            inbox = snapshot.inbox
            return changes.RaiseOwnRateLimit(inbox_id=inbox.id, inbox_name=inbox.name, limit=limit, to=to)
        case RateLimited(limit=limit) if policy:
            return changes.RaiseRateLimit(policy_id=policy.id, policy_name=policy.name, limit=limit, to=to)
        case AtCapacity(limit=limit):
            inbox = snapshot.inbox
            return changes.RaiseCapacity(
                **_whose(agent, case), inbox_id=inbox.id, inbox_name=inbox.name, limit=limit, to=to
            )
        case AtTotalCapacity(limit=limit):
            return changes.RaiseTotalCapacity(**_whose(agent, case), limit=limit, to=to)
        case AtTeamLimit(limit=limit) if case.team:
            return changes.RaiseTeamLimit(team_id=case.team.id, team_name=case.team.name, limit=limit, to=to)
    return None


def _lift_rule(snapshot: Snapshot, agent: Agent, verdict: Verdict, case: Case) -> SuggestedChange | None:
    """Return the change of a rule about who is asked that lifts one agent's refusal."""
    named: dict[str, Any] = {"agent_id": agent.id, "agent_name": agent.name}
    policy = snapshot.policy
    match verdict:
        case OptedOut():
            return rule_changes.OptIn(**named, inbox_id=snapshot.inbox.id, team_id=case.conversation.team_id)
        case LacksSkill(missing=missing):
            return rule_changes.AddSkills(**named, skills=missing)
        case Paced() if policy:
            return rule_changes.RemovePace(policy_id=policy.id, policy_name=policy.name)
    return None


def _whose(agent: Agent, case: Case) -> dict[str, Any]:
    policy = case.policies.get(agent.capacity_policy_id or 0)
    return {
        "agent_id": agent.id,
        "agent_name": agent.name,
        "policy_id": agent.capacity_policy_id,
        "policy_name": policy.name if policy else None,
        "others": policy.agents - 1 if policy else 0,
    }
