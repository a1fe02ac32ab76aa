"""A decision as a sentence for supervisors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.engine.decisions import Assign, Decision, DecisionTrace, Error, Funnel, Reason, Skip, Stop
from dashboard.engine.model import FOR_GOOD, ConnectionMode, Conversation, Inbox, Snapshot
from dashboard.engine.verdicts import Paced, RateLimited

SWITCHES = {
    Reason.FEATURE_OFF: "assignment is switched off for the account",
    Reason.NO_POLICY: "{inbox} has no assignment policy",
    Reason.POLICY_DISABLED: "the policy {policy} is disabled",
    Reason.INBOX_OFF: "assignment is switched off for {inbox}",
    Reason.TWO_ENGINES: "another engine assigns in {inbox} as well, so that nothing is written there",
    Reason.HELPDESK_UNREACHABLE: "the helpdesk of {inbox} has not been read completely in the last two minutes",
}
# What is said of one agent, and of many.
FULL = ("is at capacity", "are at capacity")
FAIR_SHARE = ("has had their fair share", "have had their fair share")
HAD_IT = ("had it and did not answer", "had it and did not answer")
# Later, a weekday alone could be taken for the one before.
NAMED_BY_WEEKDAY = timedelta(days=6)
INSTANT = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesById:
    """The names for a decision's sentence."""

    inbox: str
    policy: str | None = None
    team: str | None = None
    agent: str | None = None
    is_shadow: bool = False
    opens: str | None = None

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
        case Skip(reason=Reason.KEPT_FOR_PREFERRED, until=until):
            return f"Kept for {names.agent}, who answered this contact before, until {until:{INSTANT}}."
        case Skip():
            return f"Waiting because {_skipped(decision)}."
        case Stop(reason=Reason.OUTSIDE_HOURS):
            opening = f"they open {names.opens}" if names.opens else "they do not open within a year"
            return f"Outside the hours of {names.inbox}; {opening}."
        case Stop():
            return f"Waiting because {_stopped(decision, names)}."


def due(conversation: Conversation, *, ahead: int, by_due: bool, now: datetime) -> str:
    """Return when a waiting conversation is due, as a sentence, and with `by_due` how many are due before it.

    Empty for a conversation that is never due.
    """
    if conversation.due_at is None:
        return ""
    verb = "Due" if conversation.due_at >= now else "Overdue since"
    others = {0: "no conversation is", 1: "1 conversation is"}.get(ahead, f"{ahead:,} conversations are")
    return f"{verb} {conversation.due_at:{INSTANT}}{f'; {others} due before it' if by_due else ''}."


def next_possible_at(examined: DecisionTrace) -> datetime | None:
    """Return the earliest instant at which an agent's refusal ends by itself (E48)."""
    if isinstance(examined.decision, Skip):
        return examined.decision.until if examined.decision.until != FOR_GOOD else None
    verdicts = examined.verdicts.values()
    slots = [no.free_at for no in verdicts if isinstance(no, RateLimited | Paced) and no.free_at]
    return min(slots, default=None) if not isinstance(examined.decision, Assign) else None


def opening(inbox: Inbox, now: datetime) -> str | None:
    """Return the next opening of a closed inbox on its wall clock, with the date if it is not within six days."""
    opens_at = inbox.hours.opens_at(now) if inbox.hours else None
    if inbox.hours is None or opens_at is None:
        return None
    form = "%A %H:%M" if opens_at - now < NAMED_BY_WEEKDAY else "%A %-d %B %Y, %H:%M"
    return opens_at.astimezone(inbox.hours.zone).strftime(form)


def ids_mentioned(
    snapshot: Snapshot, decision: Decision, team_id: int | None, now: datetime | None = None
) -> NamesById:
    """Return the names of the inbox, policy, team and agent for the sentence about this decision.

    A decision of this moment, not of a stored run, has `now` for the next opening.
    """
    agent_id = decision.agent_id if isinstance(decision, Assign | Skip) else None
    return NamesById(
        inbox=snapshot.inbox.name,
        policy=snapshot.policy.name if snapshot.policy else None,
        team=next((team.name for team in snapshot.teams if team.id == team_id), None),
        is_shadow=snapshot.inbox.mode is ConnectionMode.SHADOW,
        opens=opening(snapshot.inbox, now) if now else None,
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


def _stopped(stop: Stop, names: NamesById) -> str:
    reason, funnel = stop.reason, stop.funnel
    if reason in SWITCHES:
        return SWITCHES[reason].format(inbox=names.inbox, policy=names.policy)
    if reason is Reason.TEAM_MANUAL or funnel is None:
        return f"the conversations of {names.team or names.inbox} are left to people"
    if reason in EMPTY:
        return EMPTY[reason](funnel, names)
    why = [FULL] if reason is Reason.ALL_AT_CAPACITY else []
    if funnel.under_rate_limit + stop.had_it < funnel.online:
        why.append(FAIR_SHARE)
    if stop.had_it:
        why.append(HAD_IT)
    return _everybody(funnel.online, names, why)


def _no_members(funnel: Funnel, names: NamesById) -> str:
    return f"runs pass over all members of {names.whose}" if funnel.members else f"{names.whose} has no members"


def _nobody_skilled(funnel: Funnel, names: NamesById) -> str:
    return f"no member of {names.whose} has the required skills"


def _nobody(funnel: Funnel, names: NamesById) -> str:
    members = "member" if funnel.skilled == funnel.auto_assign else "member with the required skills"
    if funnel.skilled == 1:
        return f"the only {members} of {names.whose} is not online"
    return f"none of the {funnel.skilled} {members.replace('member', 'members', 1)} of {names.whose} is online"


def _everybody(online: int, names: NamesById, why: Sequence[tuple[str, str]]) -> str:
    one, many = (" or ".join(words) for words in zip(*why, strict=True))
    if online == 1:
        return f"the only online agent of {names.whose} {one}"
    return f"all {online} online agents of {names.whose} {many}"


EMPTY: Mapping[Reason, Callable[[Funnel, NamesById], str]] = {
    Reason.NO_MEMBERS: _no_members,
    Reason.NOBODY_SKILLED: _nobody_skilled,
    Reason.NOBODY_ONLINE: _nobody,
}
