"""The smallest change that would assign a waiting conversation: every one that is offered was tried (E48)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from dashboard.engine import changes, planner
from dashboard.engine.changes import Change
from dashboard.engine.decisions import (
    Assign,
    AtCapacity,
    AtTeamLimit,
    AtTotalCapacity,
    Examination,
    NotOnline,
    RateLimited,
    Reason,
    Skip,
    Verdict,
    VerdictKind,
)
from dashboard.engine.model import Agent, Conversation, Presence, Snapshot, Team

# More are not read; who is looked at first are the agents whose refusal is lifted most easily.
MOST_OFFERED = 3
MOST_TRIED = 8
# A label, an age, a contact and then an agent: what stands in the way one behind the other.
LONGEST = 6
EASIEST = (
    VerdictKind.AT_CAPACITY,
    VerdictKind.AT_TOTAL_CAPACITY,
    VerdictKind.AT_TEAM_LIMIT,
    VerdictKind.RATE_LIMITED,
    VerdictKind.NOT_ONLINE,
)


@dataclass(frozen=True, slots=True)
class Fix:
    """Changes that together would assign the conversation in the next run."""

    changes: tuple[Change, ...]

    @property
    def sentence(self) -> str:
        """Return what they do, as one button says it."""
        first, *rest = (change.sentence for change in self.changes)
        return " and ".join([first, *(f"{sentence[0].lower()}{sentence[1:]}" for sentence in rest)])


def smallest(snapshot: Snapshot, conversation_id: int, now: datetime) -> tuple[Fix, ...]:
    """Return the fixes with the fewest changes, at most three; none if it will be assigned anyway."""
    if _assigned(snapshot, conversation_id, now):
        return ()
    firsts = _lifts(snapshot, conversation_id, now)
    singles = [Fix((change,)) for change in firsts if _assigned(change.tried_on(snapshot), conversation_id, now)]
    if singles:
        return _each_once(singles)
    chains = [_follow(snapshot, (change,), conversation_id, now) for change in firsts]
    found = [Fix(steps) for steps in chains if steps]
    fewest = min((len(fix.changes) for fix in found), default=0)
    return _each_once([fix for fix in found if len(fix.changes) == fewest])


def _each_once(found: Sequence[Fix]) -> tuple[Fix, ...]:
    """Return the first of those that change the same thing, at most three in all."""
    by_thing = {tuple(change.thing for change in fix.changes): fix for fix in reversed(found)}
    return tuple(reversed(by_thing.values()))[:MOST_OFFERED]


def _follow(
    snapshot: Snapshot, steps: tuple[Change, ...], conversation_id: int, now: datetime
) -> tuple[Change, ...] | None:
    """Return these steps and what else it takes behind them, or None if that leads nowhere."""
    tried = steps[-1].tried_on(snapshot)
    if _assigned(tried, conversation_id, now):
        return steps
    done = {step.thing for step in steps}
    # The last of a thing's changes makes room for all that go before, so that no step is needed twice.
    following = {change.thing: change for change in _lifts(tried, conversation_id, now)}
    change = next((change for thing, change in following.items() if thing not in done), None)
    if change is None or len(steps) == LONGEST:
        return None
    return _follow(tried, (*steps, change), conversation_id, now)


def _assigned(snapshot: Snapshot, conversation_id: int, now: datetime) -> bool:
    return isinstance(_decision(snapshot, conversation_id, now), Assign)


def _decision(snapshot: Snapshot, conversation_id: int, now: datetime) -> object:
    examined = planner.examine(snapshot, conversation_id, now)
    return examined.decision if examined else None


def _lifts(snapshot: Snapshot, conversation_id: int, now: datetime) -> Sequence[Change]:
    """Return what would lift the refusal that stands first, easiest first."""
    if change := _switch(snapshot):
        return [change]
    examined = planner.examine(snapshot, conversation_id, now)
    conversation = next((one for one in snapshot.waiting if one.id == conversation_id), None)
    if examined is None or conversation is None:
        return []
    if isinstance(examined.decision, Skip):
        return list(_unskip(snapshot, conversation, examined.decision, now))
    team = next((team for team in snapshot.teams if team.id == conversation.team_id), None)
    if team and examined.decision.reason is Reason.TEAM_MANUAL:
        return [changes.GiveTeamTurns(team_id=team.id, team_name=team.name)]
    return list(_agents(_Case(snapshot, examined, team, ahead=_ahead(snapshot, conversation, now))))


def _switch(snapshot: Snapshot) -> Change | None:
    inbox, policy = snapshot.inbox, snapshot.policy
    match planner.switched_off(inbox, policy):
        case Reason.FEATURE_OFF:
            return changes.SwitchOnAccount(account_id=inbox.account_id)
        case Reason.INBOX_OFF:
            return changes.SwitchOnInbox(inbox_id=inbox.id, inbox_name=inbox.name)
        case Reason.NO_POLICY:
            return changes.LinkPolicy(inbox_id=inbox.id, inbox_name=inbox.name)
        case Reason.POLICY_DISABLED if policy:
            return changes.EnablePolicy(policy_id=policy.id, policy_name=policy.name)
    return None


def _unskip(snapshot: Snapshot, conversation: Conversation, skip: Skip, now: datetime) -> Iterator[Change]:
    policy = snapshot.policy
    if skip.reason is Reason.EXCLUDED_LABEL and skip.label is not None:
        yield changes.RemoveLabel(conversation_id=conversation.id, label=skip.label)
    elif skip.reason is Reason.EXCLUDED_AGE:
        rule = next(rule for rule in snapshot.exclusions if rule.policy_id == skip.policy_id)
        yield changes.RaiseAge(
            policy_id=rule.policy_id,
            policy_name=rule.policy_name,
            hours=rule.exclude_older_than_hours or 0,
            to=ceil((now - conversation.created_at) / timedelta(hours=1)),
        )
    elif policy:
        yield changes.SeveralPerContact(policy_id=policy.id, policy_name=policy.name)


@dataclass(frozen=True, slots=True)
class _Case:
    """A conversation that nobody is left for; `ahead` conversations may take what a change makes room for."""

    snapshot: Snapshot
    examined: Examination
    team: Team | None
    ahead: int


def _ahead(snapshot: Snapshot, conversation: Conversation, now: datetime) -> int:
    """Count what is decided before it."""
    decided = [decision.conversation_id for decision in planner.plan(snapshot, now).decisions]
    return decided.index(conversation.id)


def _agents(case: _Case) -> Iterator[Change]:
    """Yield what lifts each agent's refusal: for room for this one alone, then for all that go before it."""
    by_id = {agent.id: agent for agent in case.snapshot.agents}
    refused = [
        (EASIEST.index(verdict.kind), agent_id, verdict)
        for agent_id, verdict in case.examined.verdicts.items()
        if verdict.kind in EASIEST
    ]
    for _, agent_id, verdict in sorted(refused, key=lambda row: row[:2])[:MOST_TRIED]:
        for room in dict.fromkeys((1, case.ahead + 1)):
            if change := _lift(case, by_id[agent_id], verdict, room):
                yield change


def _lift(case: _Case, agent: Agent, verdict: Verdict, room: int) -> Change | None:
    policy = case.snapshot.policy
    match verdict:
        case NotOnline() if policy and Presence.ONLINE in policy.eligible_presence:
            return changes.BringOnline(agent_id=agent.id, agent_name=agent.name)
        case RateLimited(count, limit) if policy:
            return changes.RaiseRateLimit(policy_id=policy.id, policy_name=policy.name, limit=limit, to=count + room)
        case AtCapacity(held, limit):
            return changes.RaiseCapacity(
                agent_id=agent.id,
                agent_name=agent.name,
                policy_id=agent.capacity_policy_id,
                inbox_id=case.snapshot.inbox.id,
                inbox_name=case.snapshot.inbox.name,
                limit=limit,
                to=held + room,
            )
        case AtTotalCapacity(held, limit):
            return changes.RaiseTotalCapacity(
                agent_id=agent.id,
                agent_name=agent.name,
                policy_id=agent.capacity_policy_id,
                limit=limit,
                to=held + room,
            )
        case AtTeamLimit(held, limit) if case.team:
            return changes.RaiseTeamLimit(team_id=case.team.id, team_name=case.team.name, limit=limit, to=held + room)
    return None
