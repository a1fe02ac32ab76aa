"""The raw limit: the very rows that runs wrote, written again by plain set-based SQL, without any engine.

Same tables, indexes, constraints, batch size and commits. The rows lie ready in the database: nothing is read, locked,
decided or made, and nothing crosses to a client.
"""

from collections.abc import Mapping
from time import perf_counter

import psycopg

from dashboard.config import Settings

TABLES = ("runs", "run_batches", "assignments", "outbox_events")
CLAIM = """
UPDATE conversations c
SET assignee_id = a.agent_id, assigned_at = a.at, assigned_by_engine = true, waiting_since = NULL
FROM ready_assignments a WHERE a.id BETWEEN %(first)s AND %(last)s AND c.id = a.conversation_id"""
LEDGER = "INSERT INTO assignments SELECT * FROM ready_assignments WHERE id BETWEEN %(first)s AND %(last)s"
EVENTS = (
    "INSERT INTO outbox_events SELECT * FROM ready_outbox_events WHERE id BETWEEN 2 * %(first)s - 1 AND 2 * %(last)s"
)
BATCH = """
INSERT INTO run_batches SELECT * FROM ready_run_batches WHERE (run_id, number) = (
  SELECT run_id, 1 + (position - 1) / %(size)s FROM ready_assignments WHERE id = %(first)s)"""
RUNS = "INSERT INTO runs SELECT * FROM ready_runs"


def written(settings: Settings) -> Mapping[str, bytes]:
    """Return what runs wrote, as Postgres copies it."""
    with psycopg.connect(_dsn(settings)) as connection:
        return {table: _copied(connection, f"COPY {table} TO STDOUT (FORMAT binary)") for table in TABLES}


def write(settings: Settings, rows: Mapping[str, bytes], *, batch: int) -> float:
    """Write them into a copy of the floor that the runs began with; return the seconds it took."""
    with psycopg.connect(_dsn(settings)) as connection:
        count = _lay_ready(connection, rows)
        began = perf_counter()
        connection.execute(RUNS)
        for first in range(1, count + 1, batch):
            ids = {"first": first, "last": first + batch - 1, "size": batch}
            for statement in (CLAIM, LEDGER, BATCH, EVENTS):
                connection.execute(statement, ids)
            connection.commit()
        return perf_counter() - began


def _lay_ready(connection: psycopg.Connection, rows: Mapping[str, bytes]) -> int:
    for table in TABLES:
        connection.execute(f"CREATE UNLOGGED TABLE ready_{table} (LIKE {table})")
        with connection.cursor().copy(f"COPY ready_{table} FROM STDIN (FORMAT binary)") as copy:
            copy.write(rows[table])
    connection.execute("CREATE INDEX ON ready_assignments (id)")
    connection.execute("CREATE INDEX ON ready_outbox_events (id)")
    connection.execute("CREATE INDEX ON ready_run_batches (run_id, number)")
    for table in TABLES:
        connection.execute(f"ANALYZE ready_{table}")
    connection.commit()
    [count] = connection.execute("SELECT count(*) FROM ready_assignments").fetchone() or (0,)
    return int(count)


def _copied(connection: psycopg.Connection, statement: str) -> bytes:
    with connection.cursor().copy(statement) as copy:
        return b"".join(copy)


def _dsn(settings: Settings) -> str:
    return settings.database_url.replace("postgresql+psycopg://", "postgresql://")
