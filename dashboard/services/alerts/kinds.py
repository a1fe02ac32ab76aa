"""The register of alert kinds. A kind is a word of `AlertKind`, and an entry of `KINDS` with its condition."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dashboard.engine.statistics.jain_index import jain
from dashboard.services.alerts.readings import Readings
from dashboard.store.alerts.rules import AlertRuleRow

LEAST_GIVEN = 20
MOST_WAITING, MOST_MINUTES, MOST_PERCENT = 1_000_000, 525_600, 100
MOST_NAMED = 3


class AlertKind(StrEnum):
    """What an alert rule looks at."""

    OVERDUE = "overdue"
    OLDEST_WAIT = "oldest_wait"
    WAITING = "waiting"
    NOBODY_ONLINE = "nobody_online"
    STRANDED = "stranded"
    CONNECTION_UNHEALTHY = "connection_unhealthy"
    RETURNS_USED_UP = "returns_used_up"
    FAIRNESS_DRIFT = "fairness_drift"


class AlertLevel(StrEnum):
    """How loud an open alert is on the board."""

    ACTION = "action"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A condition that holds, of one inbox or of the whole account."""

    inbox_id: int | None = None
    sentence: str


# None: the condition cannot be known at the moment.
Condition = Callable[[Readings, AlertRuleRow], Sequence[Found] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindEntry:
    """A kind of alert rule. A limit is the highest value of a number that the rule must have, None if it has none.

    `rule_text` is the rule as a sentence, with the places `threshold` and `minutes`. A kind `of_inbox` has one alert
    for each inbox; the others have one for the account.
    """

    label: str
    rule_text: str
    level: AlertLevel
    of_inbox: bool
    condition: Condition
    most_threshold: int | None = None
    most_minutes: int | None = None


def _overdue(readings: Readings, rule: AlertRuleRow) -> Sequence[Found]:
    by = timedelta(minutes=rule.minutes or 0)
    return [
        Found(
            inbox_id=inbox_id,
            sentence=f"{readings.name_of(inbox_id)}: {_conversations(count, 'are', one='is')} overdue by "
            f"{_minutes(by)} or more.",
        )
        for inbox_id, count in readings.overdue(by).items()
        if count >= (rule.threshold or 0)
    ]


def _oldest_wait(readings: Readings, rule: AlertRuleRow) -> Sequence[Found]:
    before = readings.now - timedelta(minutes=rule.minutes or 0)
    return [
        Found(
            inbox_id=inbox_id,
            sentence=f"{readings.name_of(inbox_id)}: the oldest conversation has waited "
            f"{_minutes(readings.now - figures.oldest_since)}.",
        )
        for inbox_id, figures in readings.waiting.items()
        if figures.oldest_since <= before
    ]


def _waiting(readings: Readings, rule: AlertRuleRow) -> Sequence[Found]:
    return [
        Found(inbox_id=inbox_id, sentence=f"{readings.name_of(inbox_id)}: {_conversations(figures.count, 'wait')}.")
        for inbox_id, figures in readings.waiting.items()
        if figures.count >= (rule.threshold or 0)
    ]


def _nobody_online(readings: Readings, _: AlertRuleRow) -> Sequence[Found] | None:
    if readings.online is None:
        return None
    return [
        Found(inbox_id=inbox_id, sentence=f"{readings.name_of(inbox_id)}: nobody is online.")
        for inbox_id, count in readings.online.items()
        if not count and readings.is_open(inbox_id)
    ]


def _stranded(readings: Readings, _: AlertRuleRow) -> Sequence[Found]:
    if not readings.stranded:
        return ()
    said = _conversations(readings.stranded, "are", one="is")
    return [Found(sentence=f"{said} stranded: an agent could take them, and no run has assigned them.")]


def _connection_unhealthy(readings: Readings, _: AlertRuleRow) -> Sequence[Found]:
    if not readings.unwell:
        return ()
    named = [f"{one.name} is {one.state.value}: {one.sentence}".rstrip(": ") for one in readings.unwell[:MOST_NAMED]]
    more = len(readings.unwell) - len(named)
    return [Found(sentence=" ".join([*named, f"So are {more} more."] if more else named))]


def _returns_used_up(readings: Readings, _: AlertRuleRow) -> Sequence[Found]:
    return [
        Found(
            inbox_id=inbox_id,
            sentence=f"{readings.name_of(inbox_id)}: {_conversations(count, 'have', one='has')} come back as often as "
            "the policy allows, and nobody answers.",
        )
        for inbox_id, count in readings.used_up.items()
    ]


def _fairness_drift(readings: Readings, rule: AlertRuleRow) -> Sequence[Found]:
    found = []
    for inbox_id, counts in readings.given_by_runs.items():
        index = jain(counts)
        # With fewer, one assignment more or less moves the index too far.
        if index is None or len(counts) < 2 or sum(counts) < LEAST_GIVEN:
            continue
        if round(index * 100) < (rule.threshold or 0):
            said = f"Jain's index of the last 24 hours is {index:.2f} among {len(counts)} agents."
            found.append(Found(inbox_id=inbox_id, sentence=f"{readings.name_of(inbox_id)}: {said}"))
    return found


def _conversations(count: int, verb: str, *, one: str | None = None) -> str:
    singular = one or f"{verb}s"
    return f"1 conversation {singular}" if count == 1 else f"{count} conversations {verb}"


def _minutes(lasted: timedelta) -> str:
    minutes = int(lasted.total_seconds() // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


KINDS: Mapping[AlertKind, KindEntry] = {
    AlertKind.OVERDUE: KindEntry(
        label="Conversations are overdue",
        rule_text="{threshold} or more conversations are overdue by {minutes} min or more",
        level=AlertLevel.ACTION,
        of_inbox=True,
        condition=_overdue,
        most_threshold=MOST_WAITING,
        most_minutes=MOST_MINUTES,
    ),
    AlertKind.OLDEST_WAIT: KindEntry(
        label="A conversation waits too long",
        rule_text="the oldest conversation has waited {minutes} min or longer",
        level=AlertLevel.ACTION,
        of_inbox=True,
        condition=_oldest_wait,
        most_minutes=MOST_MINUTES,
    ),
    AlertKind.WAITING: KindEntry(
        label="Many conversations wait",
        rule_text="{threshold} or more conversations wait",
        level=AlertLevel.ATTENTION,
        of_inbox=True,
        condition=_waiting,
        most_threshold=MOST_WAITING,
    ),
    AlertKind.NOBODY_ONLINE: KindEntry(
        label="Nobody is online",
        rule_text="no member is online",
        level=AlertLevel.ACTION,
        of_inbox=True,
        condition=_nobody_online,
    ),
    AlertKind.STRANDED: KindEntry(
        label="Conversations are stranded",
        rule_text="conversations are stranded",
        level=AlertLevel.ACTION,
        of_inbox=False,
        condition=_stranded,
    ),
    AlertKind.CONNECTION_UNHEALTHY: KindEntry(
        label="A connection is unhealthy",
        rule_text="a connection is broken or degraded",
        level=AlertLevel.ACTION,
        of_inbox=False,
        condition=_connection_unhealthy,
    ),
    AlertKind.RETURNS_USED_UP: KindEntry(
        label="Conversations have used up their returns",
        rule_text="a conversation would come back once more, and stays",
        level=AlertLevel.ACTION,
        of_inbox=True,
        condition=_returns_used_up,
    ),
    AlertKind.FAIRNESS_DRIFT: KindEntry(
        label="Assignments become unfair",
        rule_text="Jain's index of the last 24 hours is below {threshold} %",
        level=AlertLevel.ATTENTION,
        of_inbox=True,
        condition=_fairness_drift,
        most_threshold=MOST_PERCENT,
    ),
}


def entry_of(kind: str) -> KindEntry:
    """Return the entry of a rule's or an alert's kind; an alert may have the kind of a newer release."""
    return KINDS[AlertKind(kind)] if kind in tuple(AlertKind) else _UNKNOWN


_UNKNOWN = KindEntry(
    label="Another alert",
    rule_text="this release does not know this rule",
    level=AlertLevel.ATTENTION,
    of_inbox=True,
    condition=lambda *_: None,
)
