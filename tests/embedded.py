"""The real stores of a test run: one embedded Postgres and Redis, and a part of them for each of its processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from dashboard import config
from dashboard.config import Settings
from dashboard.stack.embedded_stores import stores
from dashboard.store.postgres import database

TEMPLATE = "migrated"
# Tests survive no power cut: a commit that does not wait for the disk is as real to every reader.
QUICK = ("synchronous_commit = off", "fsync = off", "full_page_writes = off")
ALONE = text("SELECT pg_advisory_lock(1)")
IS_THERE = text("SELECT count(*) FROM pg_database WHERE datname = :name")


@contextmanager
def test_stores() -> Iterator[Settings]:
    """Yield settings with a migrated database and a Redis database that only this process of the run uses."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with stores(config.load({"EVENHAND_INSTANCE": os.environ["EVENHAND_TEST_INSTANCE"]})) as shared:
        url = make_url(shared.database_url).set(database=f"test_{number}")
        _create_database(shared.database_url, url)
        yield replace(shared, database_url=_said(url), redis_url=shared.redis_url.replace("db=0", f"db={number}"))


def _create_database(server_url: str, url: URL) -> None:
    """Copy the database that the first process of the run migrates."""
    server = database.connect(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        for limit in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET {limit} = 0"))
        connection.execute(ALONE)
        if not connection.scalar(IS_THERE, {"name": TEMPLATE}):
            for setting in QUICK:
                connection.execute(text(f"ALTER SYSTEM SET {setting}"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text(f"CREATE DATABASE {TEMPLATE}"))
            database.migrate(_said(url.set(database=TEMPLATE)))
        connection.execute(text(f"CREATE DATABASE {url.database} TEMPLATE {TEMPLATE}"))
    server.dispose()


def _said(url: URL) -> str:
    return url.render_as_string(hide_password=False)
