"""Reports of a day, a week or a month: assignments by hour, inbox and agent, and their waiting times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dashboard.engine.statistics.jain_index import Spread, jain, spread
from dashboard.engine.statistics.quantiles import Bound, Quantile, Waits
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.reports.rollups import hour_of
from dashboard.store.core.page_values import Choice
from dashboard.store.inboxes import choices
from dashboard.store.reports import report_page as store
from dashboard.store.reports.report_page import HourSum, InboxSum, ReportFilter, ReportShare

HOUR = timedelta(hours=1)
# The hours show this many inboxes separately, and the others as one sum.
MOST_LINES = 4


class ReportSpan(StrEnum):
    """The period of a report."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def since(self, now: datetime) -> datetime:
        """Return the start of a report that ends now."""
        return hour_of(now) - HOURS[self] * HOUR


HOURS = {ReportSpan.DAY: 24, ReportSpan.WEEK: 7 * 24, ReportSpan.MONTH: 30 * 24}


@dataclass(frozen=True, slots=True)
class Wait:
    """A waiting time, exact or a bound; an older release stored only bounds."""

    lasted_for: timedelta
    bound: Bound = Bound.ITSELF


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFigures:
    """The median and the 90th percentile of waiting times.

    They are exact for an hour, and within 5 % for a whole report.
    """

    median: Wait
    ninetieth: Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class HourLine:
    """The assignments of one hour; `parts` counts them by the report's lines, `others` in all other inboxes."""

    at: datetime
    count: int
    parts: tuple[int, ...]
    others: int
    waited: WaitFigures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInboxLine:
    """The assignments of one inbox."""

    inbox: Choice
    count: int
    waited: WaitFigures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessLine:
    """The fairness of runs: Jain's index over the agents with assignments, and with idle members included."""

    index: float | None
    index_with_idle: float | None
    takers: int
    idle: int
    spread: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole report; `lines` are the inboxes shown separately, the largest first; hours are newest first."""

    since: datetime
    until: datetime
    inboxes: tuple[Choice, ...]
    inbox: Choice | None
    count: int
    waited: WaitFigures | None
    lines: tuple[Choice, ...]
    hours: tuple[HourLine, ...]
    by_inbox: tuple[ReportInboxLine, ...]
    shares: tuple[ReportShare, ...]
    fairness: FairnessLine

    @property
    def has_others(self) -> bool:
        """Return whether inboxes without a line of their own had assignments."""
        return bool(self.lines) and any(line.others for line in self.hours)


def of_account(work: UnitOfWork, account_id: int, *, span: ReportSpan, inbox_id: int | None, now: datetime) -> Report:
    """Return the report of an account, or of one of its inboxes; an unknown inbox id is ignored."""
    inboxes = choices.inboxes(work.session, account_id)
    inbox = next((one for one in inboxes if one.id == inbox_id), None)
    asked = ReportFilter(
        account_id=account_id,
        inbox_ids=[one.id for one in inboxes] if inbox is None else [inbox.id],
        alone=inbox is not None,
        since=span.since(now),
        until=now,
    )
    by_hour = store.by_hour(work.session, asked)
    sums = store.by_inbox(work.session, asked)
    by_inbox = _by_inbox(sums, inboxes) if inbox is None else ()
    lines = tuple(line.inbox for line in by_inbox[:MOST_LINES] if line.count)
    parts = store.by_both(work.session, asked, [line.id for line in lines]) if lines else {}
    shares = _shares(work, asked)
    return Report(
        since=asked.since,
        until=now,
        inboxes=inboxes,
        inbox=inbox,
        count=sum(counted.count for counted in by_hour.values()),
        waited=_waited(sum((one.waits for one in sums.values()), Waits())),
        lines=lines,
        hours=_hours(asked, by_hour, lines, parts),
        by_inbox=by_inbox,
        shares=shares,
        fairness=_fairness(shares),
    )


def _by_inbox(sums: Mapping[int, InboxSum], inboxes: Sequence[Choice]) -> tuple[ReportInboxLine, ...]:
    """Return all inboxes, by number of assignments, highest first."""
    nothing = InboxSum(count=0, waits=Waits())
    summed = [(one, sums.get(one.id, nothing)) for one in inboxes]
    lines = [ReportInboxLine(inbox=one, count=figures.count, waited=_waited(figures.waits)) for one, figures in summed]
    return tuple(sorted(lines, key=lambda line: -line.count))


def _hours(
    asked: ReportFilter,
    by_hour: Mapping[datetime, HourSum],
    lines: Sequence[Choice],
    parts: Mapping[tuple[datetime, int], int],
) -> tuple[HourLine, ...]:
    """Return all hours, from the current one back to the first."""
    nothing = HourSum(count=0, median=None, ninetieth=None, waits=Waits())
    found = []
    at = hour_of(asked.until)
    while at >= asked.since:
        summed = by_hour.get(at, nothing)
        own = tuple(parts.get((at, line.id), 0) for line in lines)
        others = max(0, summed.count - sum(own))
        found.append(HourLine(at=at, count=summed.count, parts=own, others=others, waited=_waited_in(summed)))
        at -= HOUR
    return tuple(found)


def _waited_in(hour: HourSum) -> WaitFigures | None:
    if hour.median is None or hour.ninetieth is None:
        return _waited(hour.waits)
    return WaitFigures(median=_wait(Quantile(hour.median)), ninetieth=_wait(Quantile(hour.ninetieth)))


def _waited(waits: Waits) -> WaitFigures | None:
    median, ninetieth = waits.quantile(0.5), waits.quantile(0.9)
    if median is None or ninetieth is None:
        return None
    return WaitFigures(median=_wait(median), ninetieth=_wait(ninetieth))


def _wait(found: Quantile) -> Wait:
    return Wait(timedelta(seconds=found.seconds), found.bound)


def _shares(work: UnitOfWork, asked: ReportFilter) -> tuple[ReportShare, ...]:
    """Return all members and all agents with assignments, highest number first."""
    given = store.shares(work.session, asked)
    known = {share.id for share in given}
    everybody = [*given, *(one for one in store.members(work.session, asked) if one.id not in known)]
    return tuple(sorted(everybody, key=lambda share: (-share.by_runs, -share.by_hand, share.name.lower(), share.id)))


def _fairness(shares: Sequence[ReportShare]) -> FairnessLine:
    everybody = [share.by_runs for share in shares]
    takers = [count for count in everybody if count]
    return FairnessLine(
        index=jain(takers),
        index_with_idle=jain(everybody),
        takers=len(takers),
        idle=len(everybody) - len(takers),
        spread=spread(takers),
    )
