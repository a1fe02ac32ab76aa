"""Formatting of values on pages: words of closed sets, instants, durations, numbers, lines."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from flask import Flask
from markupsafe import Markup

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.engine.model import FOR_GOOD, Presence
from dashboard.services.assignment.run_results import RequestedRunsResult
from dashboard.services.board.agent_status import StatusKind
from dashboard.services.explanations.waiting_list import WaitingReason
from dashboard.services.reports.reports import ReportSpan, Wait
from dashboard.web.core.bidi import saying

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WORDS: dict[StrEnum, str] = {
    Reason.NOTHING_WAITING: "nothing waiting",
    Reason.FEATURE_OFF: "assignment is off for the account",
    Reason.NO_POLICY: "no assignment policy",
    Reason.POLICY_DISABLED: "policy disabled",
    Reason.INBOX_OFF: "assignment is off for this inbox",
    Reason.TEAM_MANUAL: "left to their team",
    Reason.NO_MEMBERS: "no members",
    Reason.NOBODY_ONLINE: "nobody online",
    Reason.ALL_RATE_LIMITED: "all rate-limited",
    Reason.ALL_AT_CAPACITY: "all at capacity",
    Reason.NOBODY_SKILLED: "nobody has the skills",
    Reason.OUTSIDE_HOURS: "outside its hours",
    Reason.KEPT_FOR_PREFERRED: "kept for the contact's agent",
    Reason.HELPDESK_UNREACHABLE: "helpdesk unreachable",
    Reason.TWO_ENGINES: "another engine assigns here",
    Reason.SHADOW: "shadow: decided, not assigned",
    Reason.SETTLING: "settling in the helpdesk",
    Reason.HANDS_OFF: "hands off: a person decided",
    Reason.NOT_OPEN: "no longer open",
    Reason.ALREADY_ASSIGNED: "already assigned",
    Reason.EXCLUDED_LABEL: "excluded by a label",
    Reason.EXCLUDED_AGE: "excluded by age",
    Reason.CONTACT_BEING_SERVED: "contact is being served",
    Reason.LOST_RACE: "changed meanwhile",
    Reason.STORE_UNAVAILABLE: "presence cannot be read",
    Reason.INTERNAL_ERROR: "could not be decided",
    Presence.AWAY_MANUAL: "away by choice",
    Presence.AWAY_AND_REASSIGNING: "away, reassigning",
    Outcome.STOP: "stopped",
    Outcome.ERROR: "failed",
    Source.REALTIME: "a change",
    Source.PERIODIC: "sweep",
    Source.MANUAL: "run by hand",
    Source.WAKEUP: "wake-up",
    ReportSpan.DAY: "24 hours",
    ReportSpan.WEEK: "7 days",
    ReportSpan.MONTH: "30 days",
}
# The end of a sentence such as "Billing has waited 14 min:".
CLAUSES = {
    Reason.FEATURE_OFF: "assignment is switched off for the account",
    Reason.NO_POLICY: "no assignment policy is linked to it",
    Reason.POLICY_DISABLED: "its assignment policy is disabled",
    Reason.INBOX_OFF: "assignment is switched off for it",
    Reason.TEAM_MANUAL: "its team assigns by hand",
    Reason.NO_MEMBERS: "it has no members",
    Reason.NOBODY_ONLINE: "nobody is online",
    Reason.ALL_RATE_LIMITED: "everybody online has had their fair share",
    Reason.ALL_AT_CAPACITY: "everybody online is at capacity",
    Reason.NOBODY_SKILLED: "no member has the required skills",
    Reason.OUTSIDE_HOURS: "it is outside its hours",
    Reason.KEPT_FOR_PREFERRED: "what is left is kept for the contacts' own agents",
    Reason.HELPDESK_UNREACHABLE: "its helpdesk has not been read in the last two minutes",
    Reason.TWO_ENGINES: "another engine assigns in it as well, so that nothing is written there",
    Reason.SHADOW: "it is in shadow: decided, not assigned",
    Reason.SETTLING: "what is left settles in the helpdesk",
    Reason.HANDS_OFF: "people in the helpdesk decided what is left",
    Reason.EXCLUDED_LABEL: "a label excludes what is left",
    Reason.EXCLUDED_AGE: "what is left is older than its rules allow",
    Reason.CONTACT_BEING_SERVED: "the contacts are being served already",
    Reason.STORE_UNAVAILABLE: "presence cannot be read",
    Reason.INTERNAL_ERROR: "what is left could not be decided",
}
UNEXPLAINED = "no run has come"
UNEXPLAINED_CLAUSE = "agents are free, but no run has come; check that a worker is running"
# The choices of the filter by presence; `away` includes every kind of away.
PRESENCES = (
    StatusKind.FREE,
    StatusKind.FULL,
    Presence.ONLINE,
    *(word for word in Presence if word is not Presence.ONLINE),
)
SPARK_WIDTH, SPARK_HEIGHT = 96, 20
SHAPES = {
    "minutes": "%H:%M UTC",
    "seconds": "%H:%M:%S UTC",
    "full": "%Y-%m-%d %H:%M:%S UTC",
    "hours": "%a %d %b, %H:%M UTC",
}


def init_app(app: Flask) -> None:
    """Add the filters and functions to the templates."""
    app.jinja_env.filters.update(
        word=word, clause=clause, number=number, plural=plural, span=span, wait=wait, spark=spark, because=because
    )
    app.jinja_env.globals.update(since=since, due=due, clock=clock, percent=percent, sentence=sentence)
    app.jinja_env.globals.update(State=StatusKind, presences=lambda: PRESENCES)


def word(value: StrEnum | None) -> str:
    """Return the text of a closed set's word; None is the reason of a conversation that no run has decided."""
    return UNEXPLAINED if value is None else WORDS.get(value, value.value.replace("_", " "))


def clause(reason: Reason | None) -> str:
    """Return a reason as the end of a sentence."""
    return UNEXPLAINED_CLAUSE if reason is None else CLAUSES.get(reason, word(reason))


def because(why: WaitingReason) -> Markup:
    """Return the reason why a conversation waits, in a few words."""
    if why.reason is None:
        return Markup("the next run decides")
    if why.label:
        return saying("{} excludes label {}", why.policy_name, why.label)
    if why.policy_name:
        return saying("older than {} allows", why.policy_name)
    if why.reason is Reason.OUTSIDE_HOURS and why.until:
        return Markup("{}, opens {}").format(word(why.reason), clock(why.until, "hours"))
    if why.until is not None and why.until != FOR_GOOD:
        return Markup("{}, until {}").format(word(why.reason), clock(why.until))
    slot = Markup(", next slot {}").format(clock(why.free_at)) if why.free_at else ""
    return Markup("{}{}").format(word(why.reason), slot)


def number(value: int) -> str:
    """Return a count with separated thousands."""
    return f"{value:,}"


def plural(count: int, one: str, many: str) -> str:
    """Return the singular for a count of 1, else the plural."""
    return one if count == 1 else many


def span(lasts_for: timedelta) -> str:
    """Return a duration, rounded for reading."""
    if lasts_for < timedelta(seconds=1):
        return f"{max(1, round(lasts_for / timedelta(milliseconds=1)))} ms"
    return f"{lasts_for.total_seconds():.1f} s" if lasts_for < MINUTE else _coarse(lasts_for)


def wait(waited: Wait) -> str:
    """Return a wait in at most two units; rounding changes it by less than a twentieth."""
    seconds = waited.lasted_for.total_seconds()
    return f"{waited.bound} {_exact(seconds)}".strip()


def since(at: datetime, now: datetime) -> Markup:
    """Return the time since an instant; js/times.js keeps it current."""
    # Digits and fixed words need no escaping. A page has hundreds, and Markup.format takes ten times as long.
    return Markup(f'<time datetime="{_iso(at)}" data-since>{_coarse(now - at)}</time>')


def due(at: datetime, now: datetime) -> Markup:
    """Return the time until an instant, or since it; js/times.js keeps it current."""
    is_late = at < now
    words = f"overdue {_coarse(now - at)}" if is_late else f"due in {_coarse(at - now)}"
    return Markup(f'<time class="due" datetime="{_iso(at)}" data-due{" data-late" if is_late else ""}>{words}</time>')


def clock(at: datetime, form: str = "minutes") -> Markup:
    """Return an instant's time of day; js/times.js shows it in the browser's time zone."""
    # No Markup.format here either: a month's report has 721 of these.
    return Markup(f'<time datetime="{_iso(at)}" data-clock="{form}">{at.strftime(SHAPES[form])}</time>')


def percent(part: int, whole: int) -> int:
    """Return a share in percent for a bar; a whole of 0 gives a full bar."""
    return min(100, round(100 * part / whole)) if whole else 100


def spark(history: Sequence[int]) -> str:
    """Return the points of a line through these values, scaled from zero to their maximum."""
    most, last = max(*history, 1), len(history) - 1
    across, up = SPARK_WIDTH - 4, SPARK_HEIGHT - 4
    return " ".join(f"{2 + n * across / last:.1f},{2 + up - value * up / most:.1f}" for n, value in enumerate(history))


def sentence(ran: RequestedRunsResult) -> str:
    """Return the result of the requested runs in a sentence."""
    if not ran.job_ids:
        return "Nothing is waiting."
    if ran.failed:
        return f"Assigned {number(ran.assigned)}, then stopped: a store did not answer. It is tried again."
    if ran.stop is Reason.NOTHING_WAITING:
        return "Nothing was waiting."
    if not ran.assigned and not ran.left:
        return f"Nothing assigned: {word(ran.stop)}." if ran.stop else "Nothing was waiting."
    where = f" in {ran.inboxes} inboxes" if ran.inboxes > 1 else ""
    what = number(ran.assigned) if ran.assigned else "nothing"
    return f"Assigned {what}{where} in {span(ran.took)}{_left(ran)}"


def _left(ran: RequestedRunsResult) -> str:
    if not ran.left:
        return "; nothing waits."
    wait = "waits" if ran.waiting == 1 else "wait"
    if len(ran.left) == 1:
        return f"; {number(ran.waiting)} {wait}: {word(ran.left[0].reason)}."
    parts = ", ".join(f"{number(part.count)} {word(part.reason)}" for part in ran.left)
    return f"; {number(ran.waiting)} {wait}: {parts}."


def _exact(seconds: float) -> str:
    if seconds < 1:
        return "<1 s"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0", "")
    if seconds < 60 * 60:
        minutes, rest = divmod(round(seconds, -1 if seconds > 600 else None), 60)
        return _two(int(minutes), "min", int(rest), "s")
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return _two(minutes // 60, "h", minutes % 60, "min")
    hours = round(seconds / 3_600)
    return _two(hours // 24, "d", hours % 24, "h")


def _two(larger: int, name: str, smaller: int, smaller_name: str) -> str:
    return " ".join(f"{count} {unit}" for count, unit in ((larger, name), (smaller, smaller_name)) if count)


def _coarse(lasts_for: timedelta) -> str:
    """Return a duration in at most two units; js/times.js does the same."""
    days, hours, minutes = lasts_for // DAY, lasts_for % DAY // HOUR, lasts_for % HOUR // MINUTE
    if days > 0:
        return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"
    if hours > 0:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes > 0 else "<1 min"


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
