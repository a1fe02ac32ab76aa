"""A decision as a sentence for supervisors."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.engine.decisions import Assign, Decision, DecisionTrace, Error, Funnel, RateLimited, Reason, Skip, Stop
from dashboard.engine.model import FOR_GOOD, ConnectionMode, Snapshot

SWITCHES = {
    Reason.FEATURE_OFF: "assignment is switched off for the account",
    Reason.NO_POLICY: "{inbox} has no assignment policy",
    Reason.POLICY_DISABLED: "the policy {policy} is disabled",
    Reason.INBOX_OFF: "assignment is switched off for {inbox}",
    Reason.TWO_ENGINES: "another engine assigns in {inbox} as well, so that nothing is written there",
    Reason.HELPDESK_UNREACHABLE: "the helpdesk of {inbox} has not been read completely in the last two minutes",
}
INSTANT = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesById:
    """The names for a decision's sentence."""

    inbox: str
    policy: str | None = None
    team: str | None = None
    agent: str | None = None
    is_shadow: bool = False

    @property
    def whose(self) -> str:
        """Return the pool's name: the inbox, or the team in the inbox."""
        return f"{self.team} in {self.inbox}" if self.team else self.inbox


def sentence(decision: Decision, names: NamesById) -> str:
    """Return the reason for a conversation's wait, or its next agent, as a sentence."""
    match decision:
        case Assign() if names.is_shadow:
            return f"Waiting in the helpdesk: {names.inbox} is in shadow, where it would go to {names.agent}."
        case Assign():
            return f"Waiting for the next run, which gives it to {names.agent}."
        case Error(message=message):
            return f"Waiting because it could not be decided: {message}."
        case Skip():
            return f"Waiting because {_skipped(decision)}."
        case Stop(reason=reason, funnel=funnel):
            return f"Waiting because {_stopped(reason, funnel, names)}."


def next_possible_at(examined: DecisionTrace) -> datetime | None:
    """Return the earliest instant at which an agent's refusal ends by itself (E48)."""
    if isinstance(examined.decision, Skip):
        return examined.decision.until if examined.decision.until != FOR_GOOD else None
    slots = [no.free_at for no in examined.verdicts.values() if isinstance(no, RateLimited) and no.free_at]
    return min(slots, default=None) if not isinstance(examined.decision, Assign) else None


def ids_mentioned(snapshot: Snapshot, decision: Decision, team_id: int | None) -> NamesById:
    """Return the names of the inbox, policy, team and agent for the sentence about this decision."""
    agent_id = decision.agent_id if isinstance(decision, Assign) else None
    return NamesById(
        inbox=snapshot.inbox.name,
        policy=snapshot.policy.name if snapshot.policy else None,
        team=next((team.name for team in snapshot.teams if team.id == team_id), None),
        is_shadow=snapshot.inbox.mode is ConnectionMode.SHADOW,
        agent=next((agent.name for agent in snapshot.agents if agent.id == agent_id), None),
    )


def _skipped(skip: Skip) -> str:
    if skip.reason is Reason.EXCLUDED_LABEL:
        return f"{skip.policy_name} excludes label {skip.label}"
    if skip.reason is Reason.EXCLUDED_AGE:
        return f"it is older than {skip.policy_name} allows"
    if skip.until is not None:
        return _held(skip.reason, skip.until)
    return "its contact is being served already"


def _held(reason: Reason, until: datetime) -> str:
    if reason is Reason.SETTLING:
        return f"it changed in the helpdesk a moment ago; it is decided at {until:{INSTANT}}"
    ends = "it is resolved or released" if until == FOR_GOOD else f"{until:{INSTANT}}"
    return f"it is hands off: a person in the helpdesk decided, until {ends}"


def _stopped(reason: Reason, funnel: Funnel | None, names: NamesById) -> str:
    if reason in SWITCHES:
        return SWITCHES[reason].format(inbox=names.inbox, policy=names.policy)
    if reason is Reason.TEAM_MANUAL or funnel is None:
        return f"the conversations of {names.team or names.inbox} are left to people"
    if reason is Reason.NO_MEMBERS:
        return f"{names.whose} has no members"
    if reason is Reason.NOBODY_ONLINE:
        return _nobody(funnel.members, names)
    if reason is Reason.ALL_RATE_LIMITED:
        return _everybody(funnel.online, names, one="has had their fair share", many="have had their fair share")
    if funnel.under_rate_limit < funnel.online:
        return _everybody(
            funnel.online,
            names,
            one="is at capacity or has had their fair share",
            many="are at capacity or have had their fair share",
        )
    return _everybody(funnel.online, names, one="is at capacity", many="are at capacity")


def _nobody(members: int, names: NamesById) -> str:
    if members == 1:
        return f"the only member of {names.whose} is not online"
    return f"none of the {members} members of {names.whose} is online"


def _everybody(online: int, names: NamesById, *, one: str, many: str) -> str:
    if online == 1:
        return f"the only online agent of {names.whose} {one}"
    return f"all {online} online agents of {names.whose} {many}"
