"""Figures of reports: sums of closed hours and days, and the later rows of the ledger."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from dashboard.engine.statistics.quantiles import BOUNDS, BUCKETS, Waits
from dashboard.store.postgres.database import Session
from dashboard.store.reports.rollups import BUCKET, BY_HAND, BY_RUNS, COUNT, GIVEN, LEDGER, MEDIAN, NINETIETH, day_of

DAY = timedelta(days=1)
# `{which}` selects some inboxes, or the rows over all inboxes.
THESE, ALL = "inbox_id = ANY(:inbox_ids)", "inbox_id IS NULL"
SUMMED = text("SELECT until FROM summed_until WHERE account_id = :account_id")
BY_HOUR = {
    which: text(f"""
SELECT hour, count, median, ninetieth, CASE WHEN counts IS NULL THEN waits ELSE '{{}}' END AS coarse FROM inbox_hours
WHERE account_id = :account_id AND {which} AND hour >= :first AND hour < :since
UNION ALL SELECT date_trunc('hour', at), {COUNT}, {MEDIAN}, {NINETIETH}, '{{}}'
FROM ({LEDGER}) later GROUP BY date_trunc('hour', at)""")
    for which in (THESE, ALL)
}
BY_BOTH = text(f"""
SELECT hour, inbox_id, count FROM inbox_hours
WHERE account_id = :account_id AND {THESE} AND hour >= :first AND hour < :since
UNION ALL SELECT date_trunc('hour', at), inbox_id, {COUNT}
FROM ({LEDGER}) later GROUP BY date_trunc('hour', at), inbox_id""")
# Hours until the first whole day, then days, then hours again. Rows without counts come from an earlier release.
_FINE = f"ARRAY[{', '.join(f'sum(counts[{n}])' for n in range(1, BUCKETS + 1))}]"
_COARSE = f"ARRAY[{', '.join(f'sum(waits[{n}]) FILTER (WHERE counts IS NULL)' for n in range(1, len(BOUNDS) + 2))}]"
_OF_INBOX = "inbox_id, count, waits, shortest, longest, counts"
BY_INBOX = text(f"""
SELECT inbox_id, sum(count) AS count, min(shortest) AS shortest, max(longest) AS longest,
  {_FINE} AS fine, {_COARSE} AS coarse
FROM (
  SELECT {_OF_INBOX} FROM inbox_hours
  WHERE account_id = :account_id AND {THESE}
    AND (hour >= :begins AND hour < least(:first_day, :since) OR hour >= :first AND hour < :since)
  UNION ALL SELECT {_OF_INBOX} FROM inbox_days
  WHERE account_id = :account_id AND {THESE} AND day >= :first_day AND day < :first
) source GROUP BY inbox_id""")
BY_INBOX_LATER = text(f"""
SELECT inbox_id, CAST(sum(number) AS int), min(shortest), max(longest),
  array_agg(bucket) FILTER (WHERE bucket IS NOT NULL), array_agg(number) FILTER (WHERE bucket IS NOT NULL)
FROM (
  SELECT inbox_id, bucket, {COUNT} AS number, min(waited) AS shortest, max(waited) AS longest
  FROM (SELECT *, CASE WHEN waited IS NOT NULL THEN {BUCKET} END AS bucket FROM ({LEDGER}) later) bucketed
  GROUP BY inbox_id, bucket
) counted GROUP BY inbox_id""")
_LEDGER = f"""
SELECT agent_id, {BY_RUNS} AS by_runs, {BY_HAND} AS by_hand FROM assignments
WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids) AND at >= {{since}} AND at < {{until}} AND {GIVEN}
GROUP BY agent_id"""
SHARES = f"""
SELECT agent.user_id AS id, agent.name, share.by_runs, share.by_hand FROM (
  SELECT agent_id, sum(by_runs) AS by_runs, sum(by_hand) AS by_hand FROM (
    SELECT agent_id, by_runs, by_hand FROM agent_days
    WHERE account_id = :account_id AND {{which}} AND day >= :first_day AND day < :since
    UNION ALL {_LEDGER.format(since=":begins", until="least(:first_day, :until)")}
    UNION ALL {_LEDGER.format(since=":since", until=":until")}
  ) part GROUP BY agent_id
) share JOIN account_users agent ON agent.account_id = :account_id AND agent.user_id = share.agent_id"""
SHARES_OF = {which: text(SHARES.format(which=which)) for which in (THESE, ALL)}
IDLE = text("""
SELECT agent.user_id AS id, agent.name FROM account_users agent
WHERE agent.account_id = :account_id AND agent.active AND EXISTS (
  SELECT FROM inbox_members member
  WHERE member.account_id = :account_id AND member.user_id = agent.user_id AND member.inbox_id = ANY(:inbox_ids)
)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """The inboxes and the span of a report; `alone` is True for a report on one inbox instead of all."""

    account_id: int
    inbox_ids: Sequence[int]
    alone: bool
    since: datetime
    until: datetime

    @property
    def which(self) -> str:
        """Return the condition for the summed rows."""
        return THESE if self.alone else ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class HourSum:
    """The assignments of an hour, with the 50 % and 90 % quantiles of their waits in seconds.

    Hours that an older release summed have only its coarse `waits`.
    """

    count: int
    median: float | None
    ninetieth: float | None
    waits: Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSum:
    """The assignments in an inbox, with their waits."""

    count: int
    waits: Waits

    def __add__(self, other: "InboxSum") -> "InboxSum":
        return InboxSum(count=self.count + other.count, waits=self.waits + other.waits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportShare:
    """An agent's assignments by runs and by hand."""

    id: int
    name: str
    by_runs: int = 0
    by_hand: int = 0


def by_hour(session: Session, asked: ReportFilter) -> Mapping[datetime, HourSum]:
    """Return the sums of each hour; hours without an assignment are missing."""
    rows = session.execute(BY_HOUR[asked.which], _from_hours(session, asked)).all()
    return {
        hour: HourSum(count=count, median=median, ninetieth=ninetieth, waits=Waits(coarse=dict(enumerate(coarse))))
        for hour, count, median, ninetieth, coarse in rows
    }


def by_inbox(session: Session, asked: ReportFilter) -> Mapping[int, InboxSum]:
    """Return the sums of each inbox; inboxes without an assignment are missing."""
    days = _from_days(session, asked)
    said = {**days, **_from_hours(session, asked), "first": days["since"]}
    summed = {row.inbox_id: _summed_up(row) for row in session.execute(BY_INBOX, said)}
    later = {row.inbox_id: _counted_later(row) for row in session.execute(BY_INBOX_LATER, said)}
    return {**later, **{one: summed[one] + later[one] if one in later else summed[one] for one in summed}}


def by_both(session: Session, asked: ReportFilter, inbox_ids: Collection[int]) -> Mapping[tuple[datetime, int], int]:
    """Return the number of assignments in each hour in each of these inboxes."""
    rows = session.execute(BY_BOTH, {**_from_hours(session, asked), "inbox_ids": list(inbox_ids)}).all()
    return {(hour, inbox_id): count for hour, inbox_id, count in rows}


def shares(session: Session, asked: ReportFilter) -> Sequence[ReportShare]:
    """Return the shares of all agents with an assignment."""
    rows = session.execute(SHARES_OF[asked.which], _from_days(session, asked)).all()
    return [
        ReportShare(id=i, name=name, by_runs=int(by_runs), by_hand=int(by_hand)) for i, name, by_runs, by_hand in rows
    ]


def members(session: Session, asked: ReportFilter) -> Sequence[ReportShare]:
    """Return the active members of these inboxes with empty shares."""
    rows = session.execute(IDLE, {"account_id": asked.account_id, "inbox_ids": list(asked.inbox_ids)})
    return [ReportShare(id=row.id, name=row.name) for row in rows]


def _summed_up(row: Sequence[Any]) -> InboxSum:
    _, count, shortest, longest, fine, coarse = row
    waits = Waits(fine=_numbers(fine), coarse=_numbers(coarse), shortest=shortest, longest=longest)
    return InboxSum(count=int(count), waits=waits)


def _counted_later(row: Sequence[Any]) -> InboxSum:
    _, count, shortest, longest, buckets, numbers = row
    fine = dict(zip(buckets or (), numbers or (), strict=True))
    return InboxSum(count=count, waits=Waits(fine=fine, shortest=shortest, longest=longest))


def _numbers(counts: Sequence[int | None]) -> dict[int, int]:
    return {bucket: int(count) for bucket, count in enumerate(counts) if count}


def _from_hours(session: Session, asked: ReportFilter) -> dict[str, object]:
    """Return the query's values; `since` is the end of the sums and the start of the ledger's rows."""
    summed = _summed(session, asked.account_id)
    return _values(asked, max(asked.since, summed) if summed else asked.since)


def _from_days(session: Session, asked: ReportFilter) -> dict[str, object]:
    """Return the same values for sums of whole days, with the first whole day."""
    summed, first_day = _summed(session, asked.account_id), day_of(asked.since)
    if first_day < asked.since:
        first_day += DAY
    since = max(first_day, day_of(summed)) if summed else first_day
    return {**_values(asked, since), "begins": asked.since, "first_day": first_day}


def _values(asked: ReportFilter, since: datetime) -> dict[str, object]:
    return {
        "account_id": asked.account_id,
        "inbox_ids": list(asked.inbox_ids),
        "first": asked.since,
        "since": since,
        "until": asked.until,
    }


def _summed(session: Session, account_id: int) -> datetime | None:
    until: datetime | None = session.scalar(SUMMED, {"account_id": account_id})
    return until
