"""Sums of the ledger by hour and by day, so that a report over a month reads no ledger rows for summed hours.

An hour is summed some time after its end, when no further rows of it can appear. Imported assignments are left out,
because they happened elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.engine.statistics.quantiles import BOUNDS, BUCKETS, BUCKETS_PER_DOUBLING, FIRST_DOUBLING
from dashboard.store.ledger.ledger import AssignmentSource
from dashboard.store.postgres.database import Session

GIVEN = f"agent_id IS NOT NULL AND reason IS DISTINCT FROM '{AssignmentSource.IMPORTED}'"
BY_RUNS = "count(*) FILTER (WHERE run_id IS NOT NULL)"
BY_HAND = "count(*) FILTER (WHERE run_id IS NULL)"
# Rows of one span; naming the inboxes makes Postgres use their index. Conversations without a wait have null, because
# greatest() alone would make it 0.
LEDGER = f"""
SELECT account_id, inbox_id, at, CASE WHEN waiting_since IS NOT NULL
  THEN CAST(greatest(extract(epoch FROM at - waiting_since), 0) AS double precision) END AS waited
FROM assignments
WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids) AND at >= :since AND at < :until AND {GIVEN}"""
_DOUBLINGS = f"ln(greatest(waited, {2.0**FIRST_DOUBLING / 2})) / ln(2) - ({FIRST_DOUBLING})"
BUCKET = f"CAST(least(greatest(floor({BUCKETS_PER_DOUBLING} * ({_DOUBLINGS})) + 1, 0), {BUCKETS - 1}) AS int)"
COUNT = "CAST(count(*) AS int)"
MEDIAN, NINETIETH = (f"percentile_disc({part}) WITHIN GROUP (ORDER BY waited)" for part in (0.5, 0.9))
# For an older release that runs beside this one.
_PLACE = f"width_bucket(waited, CAST(ARRAY[{', '.join(map(str, BOUNDS))}] AS double precision[]))"
_COARSE = ", ".join(f"CAST(count(*) FILTER (WHERE {_PLACE} = {n}) AS int)" for n in range(len(BOUNDS) + 1))
_OF_INBOXES = {
    "count": COUNT,
    "waits": f"ARRAY[{_COARSE}]",
    "shortest": "min(waited)",
    "longest": "max(waited)",
}
_OF_HOURS = {**_OF_INBOXES, "median": MEDIAN, "ninetieth": NINETIETH}


def _adding(table: str, unit: str, sets: str, figures: Mapping[str, str]) -> str:
    """Return the statement that sums the ledger by a unit of time; rows over all inboxes have no bucket counts."""
    time = f"date_trunc('{unit}', at)"
    return f"""
WITH ledger AS ({LEDGER}), bucketed AS (
  SELECT inbox_id, {time} AS {unit}, {BUCKET} AS bucket, {COUNT} AS count
  FROM ledger WHERE waited IS NOT NULL GROUP BY inbox_id, {time}, bucket
), counted AS (
  SELECT inbox_id, {unit}, array_agg(coalesce(bucketed.count, 0) ORDER BY bucket) AS counts
  FROM (SELECT DISTINCT inbox_id, {unit} FROM bucketed) each_one
  CROSS JOIN generate_series(0, {BUCKETS - 1}) AS bucket
  LEFT JOIN bucketed USING (inbox_id, {unit}, bucket)
  GROUP BY inbox_id, {unit}
), figures AS (
  SELECT account_id, inbox_id, {time} AS {unit}, {", ".join(f"{sql} AS {name}" for name, sql in figures.items())}
  FROM ledger GROUP BY GROUPING SETS {sets.format(time=time)}
)
INSERT INTO {table} (account_id, inbox_id, {unit}, {", ".join(figures)}, counts)
SELECT account_id, inbox_id, {unit}, {", ".join(figures)}, coalesce(counts, '{{}}')
FROM figures LEFT JOIN counted USING (inbox_id, {unit})"""


DUE = text("""
SELECT accounts.id AS account_id, summed.until, array_agg(inboxes.id) AS inbox_ids
FROM accounts JOIN inboxes ON inboxes.account_id = accounts.id
LEFT JOIN summed_until summed ON summed.account_id = accounts.id
WHERE summed.until IS NULL OR summed.until < :until
GROUP BY accounts.id, summed.until ORDER BY accounts.id""")
# Returns no row if another process has summed these hours.
TAKE = text("""
INSERT INTO summed_until AS summed (account_id, until) VALUES (:account_id, :until)
ON CONFLICT (account_id) DO UPDATE SET until = excluded.until WHERE summed.until <= :since
RETURNING account_id""")
ADD_HOURS = text(_adding("inbox_hours", "hour", "((account_id, inbox_id, {time}), (account_id, {time}))", _OF_HOURS))
ADD_INBOX_DAYS = text(_adding("inbox_days", "day", "((account_id, inbox_id, {time}))", _OF_INBOXES))
ADD_AGENT_DAYS = text(f"""
INSERT INTO agent_days (account_id, inbox_id, agent_id, day, by_runs, by_hand)
SELECT account_id, inbox_id, agent_id, date_trunc('day', at), {BY_RUNS}, {BY_HAND} FROM assignments
WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids) AND at >= :since AND at < :until AND {GIVEN}
GROUP BY GROUPING SETS (
  (account_id, inbox_id, agent_id, date_trunc('day', at)), (account_id, agent_id, date_trunc('day', at))
)""")
FORGET = (
    text("DELETE FROM inbox_days WHERE account_id = :account_id AND day < :before"),
    text("DELETE FROM inbox_hours WHERE account_id = :account_id AND hour < :before"),
    text("DELETE FROM agent_days WHERE account_id = :account_id AND day < :before"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRollup:
    """An account with hours to sum; `until` is the end of its sums, None without any."""

    account_id: int
    until: datetime | None
    inbox_ids: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupSpan:
    """A span of whole hours on one day (UTC)."""

    since: datetime
    until: datetime


def due(session: Session, until: datetime) -> Sequence[DueRollup]:
    """Return the accounts with hours to sum before this instant."""
    return [DueRollup(**row._mapping) for row in session.execute(DUE, {"until": until})]


def add(session: Session, account: DueRollup, span: RollupSpan) -> bool:
    """Sum these hours, and their day if it ends with them; return False if another process has done so."""
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
    """Delete the sums before this instant, which no report reads."""
    for statement in FORGET:
        session.execute(statement, {"account_id": account_id, "before": before})


def day_of(at: datetime) -> datetime:
    """Return the midnight (UTC) before an instant."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
