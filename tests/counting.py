"""Counts the statements that reach Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from dashboard.store.database import Engine, Session


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
