"""The ledger summed up by the hour and by the day, so that a report over a month reads no row of it.

An hour is summed once it has been over for a while: what is assigned then has an instant of its own. What an import
brought is not counted, for nobody was given it here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.store.database import Session
from dashboard.store.ledger import Why

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# The lower bounds, in seconds, of how long conversations had waited; what is under the first is the bucket before it.
BOUNDS = (
    *(1, 5, 10, 20, 30, 45),
    *(MINUTE * n for n in (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45)),
    *(HOUR * n for n in (1, 1.5, 2, 3, 4, 8, 16)),
    *(DAY * n for n in (1, 2, 4)),
)
BUCKETS = len(BOUNDS) + 1
_LIST = ", ".join(map(str, BOUNDS))
# What did not wait is in no bucket; greatest() alone would make 0 of it.
_SECONDS = "CAST(greatest(extract(epoch FROM at - waiting_since), 0) AS double precision)"
_WAITED = f"CASE WHEN waiting_since IS NOT NULL THEN {_SECONDS} END"
# Of several rows of buckets, added up.
WAITS = f"ARRAY[{', '.join(f'CAST(sum(waits[{n}]) AS int)' for n in range(1, BUCKETS + 1))}]"
_COUNTS = ", ".join(f"CAST(count(*) FILTER (WHERE bucket = {n}) AS int)" for n in range(BUCKETS))
GIVEN = f"agent_id IS NOT NULL AND reason IS DISTINCT FROM '{Why.IMPORTED}'"
BY_RUNS = "count(*) FILTER (WHERE run_id IS NOT NULL)"
BY_HAND = "count(*) FILTER (WHERE run_id IS NULL)"
# From one instant to another; the inboxes are named so that their index is used.
HOURS = f"""
SELECT account_id, date_trunc('hour', at) AS hour, inbox_id, CAST(count(*) AS int) AS count, ARRAY[{_COUNTS}] AS waits
FROM (
  SELECT account_id, inbox_id, at, width_bucket({_WAITED}, CAST(ARRAY[{_LIST}] AS double precision[])) AS bucket
  FROM assignments
  WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids) AND at >= :since AND at < :until AND {GIVEN}
) given
GROUP BY GROUPING SETS ((account_id, date_trunc('hour', at), inbox_id), (account_id, date_trunc('hour', at)))"""
DUE = text("""
SELECT accounts.id AS account_id, summed.until, array_agg(inboxes.id) AS inbox_ids
FROM accounts JOIN inboxes ON inboxes.account_id = accounts.id
LEFT JOIN summed_until summed ON summed.account_id = accounts.id
WHERE summed.until IS NULL OR summed.until < :until
GROUP BY accounts.id, summed.until ORDER BY accounts.id""")
# Nobody's if somebody else has summed them meanwhile.
TAKE = text("""
INSERT INTO summed_until AS summed (account_id, until) VALUES (:account_id, :until)
ON CONFLICT (account_id) DO UPDATE SET until = excluded.until WHERE summed.until <= :since
RETURNING account_id""")
ADD_HOURS = text(f"INSERT INTO inbox_hours (account_id, hour, inbox_id, count, waits) {HOURS}")
ADD_AGENT_DAYS = text(f"""
INSERT INTO agent_days (account_id, inbox_id, agent_id, day, by_runs, by_hand)
SELECT account_id, inbox_id, agent_id, date_trunc('day', at), {BY_RUNS}, {BY_HAND} FROM assignments
WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids) AND at >= :since AND at < :until AND {GIVEN}
GROUP BY GROUPING SETS (
  (account_id, inbox_id, agent_id, date_trunc('day', at)), (account_id, agent_id, date_trunc('day', at))
)""")
ADD_INBOX_DAYS = text(f"""
INSERT INTO inbox_days (account_id, inbox_id, day, count, waits)
SELECT account_id, inbox_id, date_trunc('day', hour), sum(count), {WAITS} FROM inbox_hours
WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids) AND hour >= :since AND hour < :until
GROUP BY account_id, inbox_id, date_trunc('day', hour)""")
FORGET = (
    text("DELETE FROM inbox_days WHERE account_id = :account_id AND day < :before"),
    text("DELETE FROM inbox_hours WHERE account_id = :account_id AND hour < :before"),
    text("DELETE FROM agent_days WHERE account_id = :account_id AND day < :before"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An account whose ledger is not summed far enough; `until` is None where it never was."""

    account_id: int
    until: datetime | None
    inbox_ids: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one whole hour to another, on the same day (UTC)."""

    since: datetime
    until: datetime


def due(session: Session, until: datetime) -> Sequence[Due]:
    """Return the accounts that are to be summed up to this hour."""
    return [Due(**row._mapping) for row in session.execute(DUE, {"until": until})]


def add(session: Session, account: Due, span: Span) -> bool:
    """Sum these hours, and their day if it ends with them; false if another process has."""
    asked = {"account_id": account.account_id, "inbox_ids": list(account.inbox_ids)}
    hours = {**asked, "since": span.since, "until": span.until}
    if (
        session.execute(TAKE, {"account_id": account.account_id, "since": span.since, "until": span.until}).first()
        is None
    ):
        return False
    session.execute(ADD_HOURS, hours)
    if span.until == day_of(span.until):
        for statement in (ADD_AGENT_DAYS, ADD_INBOX_DAYS):
            session.execute(statement, {**hours, "since": day_of(span.since)})
    return True


def forget(session: Session, account_id: int, before: datetime) -> None:
    """Remove the sums that no report asks for any more."""
    for statement in FORGET:
        session.execute(statement, {"account_id": account_id, "before": before})


def day_of(at: datetime) -> datetime:
    """Return the midnight (UTC) before an instant."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
