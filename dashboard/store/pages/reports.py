"""What reports are made of: sums of closed hours and days, and of the ledger since then."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from dashboard.store.database import Session
from dashboard.store.sums import BY_HAND, BY_RUNS, GIVEN, HOURS, WAITS, day_of

DAY = timedelta(days=1)
# `{which}` is of some inboxes, or of all in one.
_SOURCE = f"""
SELECT hour, inbox_id, count, waits FROM inbox_hours
WHERE account_id = :account_id AND {{which}} AND hour >= :first AND hour < :since
UNION ALL SELECT hour, inbox_id, count, waits FROM ({HOURS}) later WHERE {{which}}"""
THESE, ALL = "inbox_id = ANY(:inbox_ids)", "inbox_id IS NULL"
SUMMED = text("SELECT until FROM summed_until WHERE account_id = :account_id")
# Hours until the first whole day, then days, then hours again.
BY_INBOX = text(f"""
SELECT inbox_id AS key, sum(count) AS assigned, {WAITS} AS waits FROM (
  {_SOURCE.format(which=THESE)}
  UNION ALL SELECT hour, inbox_id, count, waits FROM inbox_hours
  WHERE account_id = :account_id AND {THESE} AND hour >= :begins AND hour < least(:first_day, :since)
  UNION ALL SELECT NULL, inbox_id, count, waits FROM inbox_days
  WHERE account_id = :account_id AND {THESE} AND day >= :first_day AND day < :first
) source GROUP BY inbox_id""")
BY_HOUR = {
    which: text(f"""
SELECT hour AS key, sum(count) AS assigned, {WAITS} AS waits
FROM ({_SOURCE.format(which=which)}) source GROUP BY hour""")
    for which in (THESE, ALL)
}
BY_BOTH = text(f"""
SELECT hour, inbox_id, sum(count) AS assigned
FROM ({_SOURCE.format(which=THESE)}) source GROUP BY hour, inbox_id""")
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
class Asked:
    """Of which inboxes, from when on until when. `alone` tells that one inbox is asked for, not all."""

    account_id: int
    inbox_ids: Sequence[int]
    alone: bool
    since: datetime
    until: datetime

    @property
    def which(self) -> str:
        """Return the condition for the sums that are asked for."""
        return THESE if self.alone else ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many were assigned, and of those whose wait is known how many by the bucket of their wait."""

    count: int
    waits: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What an agent was given by runs, and by people."""

    id: int
    name: str
    by_runs: int = 0
    by_hand: int = 0


def by_hour(session: Session, asked: Asked) -> Mapping[datetime, Counted]:
    """Return what was assigned in each hour; hours in which nothing was are missing."""
    return _counted(session.execute(BY_HOUR[asked.which], _from_hours(session, asked)).all())


def by_inbox(session: Session, asked: Asked) -> Mapping[int, Counted]:
    """Return what was assigned in each inbox; those in which nothing was are missing."""
    days = _from_days(session, asked)
    said = {**days, **_from_hours(session, asked), "first": days["since"]}
    return _counted(session.execute(BY_INBOX, said).all())


def by_both(session: Session, asked: Asked, inbox_ids: Collection[int]) -> Mapping[tuple[datetime, int], int]:
    """Return how many were assigned in each hour in each of these inboxes."""
    rows = session.execute(BY_BOTH, {**_from_hours(session, asked), "inbox_ids": list(inbox_ids)}).all()
    return {(hour, inbox_id): int(assigned) for hour, inbox_id, assigned in rows}


def shares(session: Session, asked: Asked) -> Sequence[Share]:
    """Return what each agent was given who was given anything."""
    rows = session.execute(SHARES_OF[asked.which], _from_days(session, asked)).all()
    return [Share(id=i, name=name, by_runs=int(by_runs), by_hand=int(by_hand)) for i, name, by_runs, by_hand in rows]


def members(session: Session, asked: Asked) -> Sequence[Share]:
    """Return the active members of these inboxes, as if given nothing."""
    rows = session.execute(IDLE, {"account_id": asked.account_id, "inbox_ids": list(asked.inbox_ids)})
    return [Share(id=row.id, name=row.name) for row in rows]


def _counted(rows: Iterable[Sequence[Any]]) -> dict[Any, Counted]:
    return {key: Counted(count=int(assigned), waits=tuple(waits)) for key, assigned, waits in rows}


def _from_hours(session: Session, asked: Asked) -> dict[str, object]:
    """Return the query's values; `since` is where the sums end and the ledger is read."""
    summed = _summed(session, asked.account_id)
    return _values(asked, max(asked.since, summed) if summed else asked.since)


def _from_days(session: Session, asked: Asked) -> dict[str, object]:
    """Return the same where the sums are of whole days, and the first of those."""
    summed, first_day = _summed(session, asked.account_id), day_of(asked.since)
    if first_day < asked.since:
        first_day += DAY
    since = max(first_day, day_of(summed)) if summed else first_day
    return {**_values(asked, since), "begins": asked.since, "first_day": first_day}


def _values(asked: Asked, since: datetime) -> dict[str, object]:
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
