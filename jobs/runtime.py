"""Composition root of a worker: costly objects are built before RQ forks, connections are opened after."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import structlog
from rq import get_current_job
from structlog.contextvars import bound_contextvars

from dashboard import clock, config, logs, starting
from dashboard.config import BadSetting, Settings
from dashboard.services.assignment import batch
from dashboard.services.core.container import Container, build
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.core.errors import DatabaseFailed, StoreUnavailable
from dashboard.store.postgres import database, schema
from jobs.rq_queue import RqJobs

log = structlog.get_logger()
NO_URLS = "{names} must be set for a process that starts alone: python app.py brings its own stores, and starts all."


def begin() -> Settings:
    """Set up the log and return this process's settings; an error at the start ends it with one sentence."""
    with starting.or_exit():
        settings = config.load()
        urls = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
        if missing := [name for name, url in urls.items() if not url]:
            raise BadSetting(NO_URLS.format(names=" and ".join(missing)))
        schema.expect_current(settings.database_url)
    logs.set_up(settings.log_format)
    return settings


@contextmanager
def unit_of_work() -> Iterator[UnitOfWork]:
    """Give a job its unit of work, and finish it; its session keeps one connection, which a batch's lock lives on."""
    made, engine = _tools(), _database()
    with (
        bound_contextvars(**_causes()),
        engine.connect() as connection,
        database.Session(connection, expire_on_commit=False) as session,
    ):
        work = made.work(session)
        yield work
        work.finish()


def warm_up() -> None:
    """Do the first job's one-time work before the fork: read settings, load the driver, compile the statements.

    Measured: a first job with one assignment took 190 ms without it, and 41 ms with the reading statements warmed up.
    Warming up the writing ones too, and rolling them back, saved 6 of 45 ms of processor time. The connection is closed
    afterwards, so that no child shares it. If the database is missing, the first job reports that.
    """
    made, engine = _tools(), _database()
    try:
        with unit_of_work() as rehearsal:
            batch.warm_up(rehearsal, now=clock.now())
    except (DatabaseFailed, StoreUnavailable) as error:
        log.warning("not_warmed_up", error=str(error))
    engine.dispose()
    made.close()


def _causes() -> dict[str, str]:
    """Return the ids for each log line of a job: the job's, and the causing request's if there is one."""
    job = get_current_job()
    named = {"job": job.id, **job.meta} if job else {}
    return {name: named[name] for name in ("job", "request") if named.get(name)}


@cache
def jobs() -> RqJobs:
    return RqJobs(config.load().redis_url)


@cache
def _tools() -> Container:
    settings = config.load()
    logs.set_up(settings.log_format)
    return build(settings, jobs())


@cache
def _database() -> database.Engine:
    return database.connect(config.load().database_url, pool_size=1)
