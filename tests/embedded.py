"""The real stores of a test run: one embedded Postgres and Redis, and a part of them for each of its processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.engine import make_url

from dashboard import config
from dashboard.config import Settings
from dashboard.stack.stores import stores
from dashboard.store import database


@contextmanager
def test_stores() -> Iterator[Settings]:
    """Yield settings with a migrated database and a Redis database that only this process of the run uses."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with stores(config.load({"EVENHAND_INSTANCE": os.environ["EVENHAND_TEST_INSTANCE"]})) as shared:
        url = make_url(shared.database_url).set(database=f"test_{number}").render_as_string(hide_password=False)
        _create_database(shared.database_url, f"test_{number}")
        database.migrate(url)
        yield replace(shared, database_url=url, redis_url=shared.redis_url.replace("db=0", f"db={number}"))


def _create_database(url: str, name: str) -> None:
    server = database.connect(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        # Tests need no power cut survived: a commit that does not wait for the disk is as real to every reader.
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    server.dispose()
