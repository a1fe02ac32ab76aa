"""The raw limit: the rows that runs wrote, written by plain set-based SQL without any engine.

Same tables, indexes, constraints, batch size and commits, and the same statement makes the events. Nobody's presence,
limits or turns are read, nothing is planned, and what a batch saw is written as a run wrote it.
"""

from collections.abc import Sequence
from time import perf_counter

from sqlalchemy import Connection, text

from dashboard import clock
from dashboard.config import Settings
from dashboard.store.assignment.batch_writes import WRITE_EVENTS
from dashboard.store.postgres import database
from tests.benchmarks.floor import Floor

BEGIN = text("INSERT INTO runs (account_id, inbox_id, source, started_at) VALUES (1, 1, 'periodic', :at) RETURNING id")
GIVE = text("""
WITH taken AS MATERIALIZED (
  SELECT id, waiting_since FROM conversations
  WHERE inbox_id = 1 AND status = 'open' AND assignee_id IS NULL
  ORDER BY created_at, id LIMIT :size FOR NO KEY UPDATE
), given AS MATERIALIZED (
  SELECT id, waiting_since, row_number() OVER () AS place FROM taken
), claimed AS (
  UPDATE conversations c
  SET assignee_id = 1 + place % :agents, assigned_at = :at, assigned_by_engine = true, waiting_since = NULL
  FROM given WHERE c.id = given.id
  RETURNING c.id, c.assignee_id, given.waiting_since, given.place
)
INSERT INTO assignments (account_id, conversation_id, inbox_id, agent_id, source, run_id, position,
  policy_id, policy_version, waiting_since, at)
SELECT 1, id, 1, assignee_id, 'periodic', :run_id, :first + place - 1, 1, 1, waiting_since, :at
FROM claimed ORDER BY place
""")
KEEP = text("""
INSERT INTO run_batches (account_id, run_id, number, planned_at, first_position, snapshot)
VALUES (1, :run_id, :number, :at, :first, CAST(:snapshot AS json))
""")
ALL = text("SELECT count(*) FROM outbox_events")


def seen(settings: Settings) -> Sequence[str]:
    """Return what each batch saw, as runs kept it."""
    engine = database.connect(settings.database_url)
    with engine.connect() as connection:
        wanted = text("SELECT CAST(snapshot AS text) FROM run_batches ORDER BY run_id, number")
        found = list(connection.scalars(wanted))
    engine.dispose()
    return found


def give_all(settings: Settings, floor: Floor, snapshots: Sequence[str], *, batch: int) -> float:
    """Give everything that waits on this floor; return the seconds it took."""
    engine = database.connect(settings.database_url)
    with engine.connect() as connection:
        connection.execute(ALL)
        connection.rollback()
        began = perf_counter()
        _write(connection, floor, snapshots, batch)
        took = perf_counter() - began
        assert connection.scalar(ALL) == 2 * floor.waiting
    engine.dispose()
    return took


def _write(connection: Connection, floor: Floor, snapshots: Sequence[str], batch: int) -> None:
    run_id = connection.scalar(BEGIN, {"at": clock.now()})
    for number, first in enumerate(range(1, floor.waiting + 1, batch), start=1):
        facts = {"run_id": run_id, "first": first, "at": clock.now(), "size": batch, "agents": floor.agents}
        connection.execute(GIVE, facts)
        connection.execute(WRITE_EVENTS, facts)
        connection.execute(KEEP, {**facts, "number": number, "snapshot": snapshots[number - 1]})
        connection.commit()
