"""Counts the statements that reach Postgres, and those that wait there."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, text

from dashboard.store.postgres.database import Engine, Session

# Of this database: beside it others have their tests.
WAITS_FOR_A_LOCK = text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
# Within a transaction pg_stat_activity stays as it was.
WAITS_FOR_AN_INBOX = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
    " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
)


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """Yield a list that grows with each statement of this session's database."""
    bound = session.get_bind()
    engine: Engine = bound.engine
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
