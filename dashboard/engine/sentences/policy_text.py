"""Policies, exclusions and time spans as text."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from dashboard.engine.model import Presence
from dashboard.engine.policy import AssignmentPolicy, ConversationPriority, ExclusionRules
from dashboard.engine.selectors import SELECTORS

ORDERS = {
    ConversationPriority.EARLIEST_CREATED: "the conversation that was created first",
    ConversationPriority.LONGEST_WAITING: "the conversation that has been silent longest",
    ConversationPriority.SOONEST_DUE: "the conversation that is due first",
}
# In the order of the targets' fields.
PRIORITIES = ("critical", "high", "medium", "low", "without priority")
WORDS = {Presence.AWAY_MANUAL: "away by choice", Presence.AWAY_AND_REASSIGNING: "away and reassigning"}
UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))
MOST_NAMED = 3


def policy(rules: AssignmentPolicy, inboxes: Sequence[str] = ()) -> str:
    """Return a sentence that describes a policy, with the names of these inboxes if there are any."""
    where = f"in {named(inboxes)}, " if inboxes else ""
    agent = f"{_presence_phrase(rules.eligible_presence)} {SELECTORS[rules.assignment_order].phrase}"
    said = ", ".join([f"{where}{ORDERS[rules.conversation_priority]} goes to {agent}", *_limits(rules)])
    return f"{said[0].upper()}{said[1:]}." if rules.enabled else f"Disabled, so it assigns nothing. Enabled, {said}."


def exclusions(rules: ExclusionRules) -> str:
    """Return a sentence that describes the exclusions of a capacity policy, empty without exclusions."""
    kept = [f"labelled {_joined(rules.excluded_labels, 'or')}"] if rules.excluded_labels else []
    if rules.exclude_older_than_hours is not None:
        kept.append(f"created more than {span(timedelta(hours=rules.exclude_older_than_hours))} ago")
    return f"Excludes conversations that are {' or '.join(kept)}." if kept else ""


def span(lasts_for: timedelta) -> str:
    """Return a whole span in the largest unit that fits: an hour, 90 minutes, 7 days."""
    for unit, length in UNITS:
        if lasts_for % length == timedelta():
            return _counted(lasts_for // length, unit)
    return _counted(int(lasts_for.total_seconds()), "second")


def named(names: Sequence[str]) -> str:
    """Return at most three names as a list, or two and the number of the others."""
    if len(names) <= MOST_NAMED:
        return _joined(names, "and")
    return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more inboxes"


def _limits(rules: AssignmentPolicy) -> list[str]:
    return [clause for clause_of in CLAUSES if (clause := clause_of(rules))]


def _contacts_agent(rules: AssignmentPolicy) -> str:
    if not rules.prefer_last_agent:
        return ""
    hours = span(timedelta(hours=rules.prefer_last_agent))
    waits = f", waiting for them for {span(rules.keeps_for)}" if rules.keeps_for else ""
    return f"or first to the agent who answered the contact in the last {hours}{waits}"


def _overflow(rules: AssignmentPolicy) -> str:
    after = rules.overflows_after
    return f"after {span(after)} also to the overflow team" if after else ""


def _skills(rules: AssignmentPolicy) -> str:
    return f"without its skills after {span(rules.relaxes_after)}" if rules.relaxes_after else ""


def _targets(rules: AssignmentPolicy) -> str:
    """Return the targets, the priorities that share one together."""
    if rules.response_targets is None:
        return ""
    shared: dict[int, list[str]] = {}
    for name, minutes in zip(PRIORITIES, rules.response_targets, strict=True):
        if minutes is not None:
            shared.setdefault(minutes, []).append(name)
    if len(shared) == 1 and None not in rules.response_targets:
        return f"within {span(timedelta(minutes=next(iter(shared))))}"
    parts = [f"{span(timedelta(minutes=one))} ({_joined(names, 'and')})" for one, names in shared.items()]
    return f"within {_joined(parts, 'or')}"


def _fair(rules: AssignmentPolicy) -> str:
    limit = rules.fair_distribution_limit
    return f"at most {limit:,} to each agent per inbox in {span(rules.window)}" if limit else ""


def _pace(rules: AssignmentPolicy) -> str:
    return f"at most one to each agent every {span(rules.pace)}" if rules.pace else ""


def _alone(rules: AssignmentPolicy) -> str:
    words = "but not while the same contact has an open conversation with an agent"
    return words if rules.one_agent_per_contact else ""


def _returns(rules: AssignmentPolicy) -> str:
    """Return when a conversation comes back (E64, E65)."""
    unanswered = f"without a reply for {_minutes(rules.return_after)}" if rules.return_after else ""
    absent = f"unanswered with its agent away for {_minutes(rules.return_when_absent)}"
    when = [one for one in (unanswered, absent if rules.return_when_absent else "") if one]
    if not when:
        return ""
    whose = "also what people assigned" if rules.return_by_hand_too else "only what a run assigned"
    times = "once" if rules.max_returns == 1 else f"{rules.max_returns} times"
    return f"back to somebody else when it is {_joined(when, 'or')} ({whose}, at most {times})"


def _minutes(number: int | None) -> str:
    return span(timedelta(minutes=number or 0))


CLAUSES = (_targets, _contacts_agent, _skills, _overflow, _fair, _pace, _alone, _returns)


def _presence_phrase(eligible: Collection[str]) -> str:
    if set(eligible) == {Presence.ONLINE}:
        return "the online agent"
    words = [WORDS.get(presence, presence.value) for presence in Presence if presence in eligible]
    return f"the agent who is {_joined(words, 'or')},"


def _joined(names: Sequence[str], last: str) -> str:
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


def _counted(count: int, unit: str) -> str:
    one = f"{'an' if unit == 'hour' else 'a'} {unit}"
    return one if count == 1 else f"{count:,} {unit}s"
