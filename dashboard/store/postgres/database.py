"""Connections to Postgres, and migrations of its tables."""

import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import cast

import structlog
from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from dashboard import clock
from dashboard.starting import CannotStart
from dashboard.store.core.error_texts import leave_values_out

__all__ = ["ENGINE_OPTIONS", "Engine", "Session", "commit", "connect", "migrate", "roll_back", "sessions"]

log = structlog.get_logger()
LOCK_TIMEOUT = "5s"
# Seconds between two checks of a busy connection.
ASKS_EVERY = 10.0
STATEMENT_TIMEOUT = "60s"
PREPARED_MOST = 500
NEWER = "The tables are of a newer Evenhand (version {version}): start that release, or restore a backup of this one."
OPTIONS = f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT} -c timezone=UTC"
ENGINE_OPTIONS = {
    # Errors are logged with their statement; this leaves out parameters, such as customers' texts and passwords.
    "hide_parameters": True,
    # Detects a connection that the server or a restart has closed, before it is used.
    "pool_pre_ping": True,
    "pool_recycle": 1_800,
    "connect_args": {"options": OPTIONS, "connect_timeout": 5, "application_name": "evenhand"},
}


class Unreachable(CannotStart):
    """Postgres refuses the connection; the message does not contain the password."""


class OtherTables(CannotStart):
    """The tables belong to another release and cannot be migrated."""


event.listen(Engine, "handle_error", leave_values_out)


def connect(url: str, **options: object) -> Engine:
    """Return the engine for this URL. It connects at first use, so it may be created before a fork."""
    return create_engine(url, **{**ENGINE_OPTIONS, **options})


@event.listens_for(Pool, "connect")
def _keep_prepared(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Let the driver keep the prepared statements of all pages; its default of 100 is too small."""
    connection.prepared_max = PREPARED_MOST


@event.listens_for(Pool, "checkout")
def _ask_the_time(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Compare this machine's clock with Postgres's regularly: all machines share rate windows and heartbeats."""
    if time.monotonic() - record.info.get("asked", -ASKS_EVERY) < ASKS_EVERY:
        return
    ahead = clock.compare(lambda: _now(connection))
    record.info["asked"] = time.monotonic()
    if ahead is not None:
        log.warning("clock_differs_from_postgres", seconds=round(ahead.total_seconds(), 1))


def _now(connection: DBAPIConnection) -> datetime:
    with closing(connection.cursor()) as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [(now,)] = cursor.fetchall()
    connection.commit()  # after a rollback, the driver would lose its prepared statements
    return cast(datetime, now)


def sessions(database: Engine) -> sessionmaker[Session]:
    """Return the factory of sessions; rows stay readable after the commit."""
    return sessionmaker(database, expire_on_commit=False)


def commit(session: Session) -> None:
    """End the transaction; also one that only read: a rollback would have the driver forget what it has prepared."""
    session.commit()


def roll_back(session: Session) -> None:
    """End the transaction and take back what it wrote."""
    session.rollback()


def check_connection(url: str) -> None:
    """Connect once; raises Unreachable."""
    if why := why_unreachable(url):
        raise Unreachable(f"DATABASE_URL cannot be reached ({why}): correct it, or start that Postgres.")


def why_unreachable(url: str) -> str:
    """Return the reason why no connection is possible, or ""."""
    try:
        database = connect(url)
        database.connect().close()
        database.dispose()
    except (SQLAlchemyError, ValueError) as error:
        return _why(error)
    return ""


def migrate(url: str) -> None:
    """Migrate the tables; several processes may call it at once. Raises OtherTables."""
    try:
        command.upgrade(alembic(url), "head")
    except CommandError as error:
        if isinstance(error.__cause__, ResolutionError):
            raise OtherTables(NEWER.format(version=error.__cause__.argument)) from error
        raise
    except SQLAlchemyError as error:
        raise OtherTables(
            f"The tables cannot be brought up to date ({_why(error)}): mend this, and start again."
        ) from error


def _why(error: Exception) -> str:
    """Return the first line of the driver's message."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).splitlines()[0].rstrip(".")


def alembic(url: str) -> Config:
    """Return Alembic's configuration."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    config.attributes["url"] = url
    return config
