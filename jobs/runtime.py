"""Composition root of a worker: everything is made at first use, which is after RQ's fork."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from dashboard import config, logs
from dashboard.services.desk import Desk
from dashboard.services.tools import Tools, tools
from dashboard.store import database
from jobs.queues import Jobs


@contextmanager
def desk() -> Iterator[Desk]:
    """Give a desk whose session keeps one connection: a batch's lock lives on it (store/locks.py)."""
    made, engine = _tools(), _database()
    with engine.connect() as connection, database.Session(connection, expire_on_commit=False) as session:
        yield made.desk(session)


@cache
def _tools() -> Tools:
    settings = config.load()
    logs.set_up(settings.log_format)
    return tools(settings, Jobs(settings.redis_url))


@cache
def _database() -> database.Engine:
    return database.connect(config.load().database_url, pool_size=1)
