"""Writes a batch's assignments in sets: ledger rows, their counters, and two events per row (E26)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.engine.decisions import Source, Via
from dashboard.store.ledger.ledger import events_of
from dashboard.store.ledger.metric_counters import WAIT_BUCKETS
from dashboard.store.models.counters import Measure
from dashboard.store.postgres.bulk import bind_array, json_row
from dashboard.store.postgres.database import Session

LISTS = ("conversation_ids", "agent_ids", "since", "due", "via", "skills_relaxed")
# Adds to the metric counters (store/ledger/metric_counters.py): each wait counts in its smallest sufficient bucket.
WRITE_LEDGER = text("""
WITH given AS MATERIALIZED (
  SELECT *, CASE WHEN waiting_since IS NOT NULL THEN
    greatest(extract(epoch FROM CAST(:at AS timestamptz) - waiting_since), 0)
  END AS waited
  FROM unnest(
    CAST(:conversation_ids AS bigint[]), CAST(:agent_ids AS bigint[]), CAST(:since AS timestamptz[]),
    CAST(:due AS timestamptz[]), CAST(:via AS text[]), CAST(:skills_relaxed AS boolean[])
  ) WITH ORDINALITY AS given(conversation_id, agent_id, waiting_since, due_at, via, skills_relaxed, place)
), counted AS (
  INSERT INTO tallies (measure, word, bucket, count, seconds)
  SELECT :measure, :source, bucket, count(*), coalesce(sum(waited), 0) FROM given CROSS JOIN LATERAL (
    SELECT min(bound) AS bucket FROM unnest(CAST(:bounds AS double precision[])) AS bound WHERE waited <= bound
  ) AS fits
  GROUP BY bucket
)
INSERT INTO assignments (account_id, conversation_id, inbox_id, agent_id, source, run_id, position,
  policy_id, policy_version, actor_id, waiting_since, due_at, at, via, skills_relaxed)
SELECT :account_id, conversation_id, :inbox_id, agent_id, :source, :run_id, :first + place - 1,
  :policy_id, :policy_version, CAST(:actor_id AS bigint), waiting_since, due_at, :at, via, skills_relaxed
FROM given ORDER BY place
""")
# Written within Postgres: as JSON rows from here, ledger and events took a third of a run's time in this process.
WRITE_EVENTS = events_of("""
  SELECT position AS place, ARRAY['assignee_changed', 'conversation_updated'] AS events, account_id, conversation_id,
    agent_id, previous_agent_id, run_id, CAST(NULL AS text) AS presence, at
  FROM assignments WHERE run_id = :run_id AND position >= :first
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedRow:
    """A batch's assignments: common fields, and lists of conversations, agents and starts of waiting, in order."""

    account_id: int
    inbox_id: int
    run_id: int
    first: int
    source: Source
    actor_id: int | None
    policy_id: int
    policy_version: int
    at: datetime
    conversation_ids: Sequence[int]
    agent_ids: Sequence[int]
    since: Sequence[datetime | None]
    due: Sequence[datetime | None]
    via: Sequence[Via | None]
    skills_relaxed: Sequence[bool]


def write(session: Session, given: AssignedRow) -> None:
    """Append to the ledger, update the counters, and write the events; `first` is the first row's position."""
    if given.conversation_ids:
        lists = {name: bind_array(getattr(given, name)) for name in LISTS}
        counted = {"measure": Measure.ASSIGNMENTS, "bounds": bind_array(WAIT_BUCKETS)}
        session.execute(WRITE_LEDGER, {**json_row(given), **lists, **counted})
        session.execute(WRITE_EVENTS, {"run_id": given.run_id, "first": given.first})
