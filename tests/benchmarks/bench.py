"""The embedded stores of one run of the benchmarks: set as `make run` sets them, so a commit waits for the disk."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import structlog
from redis import Redis
from sqlalchemy import text
from sqlalchemy.engine import make_url

from dashboard import clock, config
from dashboard.config import Settings
from dashboard.services.core.container import build
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.stack.embedded_stores import stores
from dashboard.store.postgres import database
from jobs.rq_queue import RqJobs
from tests.benchmarks.floor import ACCOUNT, Floor

# Of a table that is known to be empty a plan is to read it whole, and a statement that is prepared keeps its plan until
# the table is looked at again: nobody looks at tables that were never written to.
TABLES = text("SELECT relname FROM pg_stat_user_tables ORDER BY relname")


@dataclass(slots=True, kw_only=True)
class Bench:
    """Where benchmarks put their floors: each is built once, and every round starts from a copy of it."""

    settings: Settings
    _built: set[Floor] = field(default_factory=set)
    _filled: set[str] = field(default_factory=set)

    @contextmanager
    def copy(self, floor: Floor, *, bulk_limit: int = 100) -> Iterator[Settings]:
        """Yield settings with a database and an empty Redis that hold this floor; both are gone afterwards."""
        if floor not in self._built:
            self._build(floor)
        self._say(f"CREATE DATABASE copy TEMPLATE {floor.database} STRATEGY file_copy")
        settings = replace(self._on("copy"), bulk_limit=bulk_limit)
        try:
            self._empty_redis(floor)
            yield settings
        finally:
            self._say("DROP DATABASE copy WITH (FORCE)")

    def new(self, name: str) -> Settings:
        """Return settings with a database of this name, migrated and empty, and with an empty Redis."""
        self._say(f"CREATE DATABASE {name}")
        settings = self._on(name)
        database.migrate(settings.database_url)
        with Redis.from_url(settings.redis_url) as client:
            client.flushdb()
        return settings

    def once(self, name: str, fill: Callable[[Settings], None]) -> Settings:
        """Return settings with a database of this name, filled when it is first asked for, and with an empty Redis."""
        if name not in self._filled:
            fill(self.new(name))
            self._filled.add(name)
        with Redis.from_url(self.settings.redis_url) as client:
            client.flushdb()
        return self._on(name)

    def _build(self, floor: Floor) -> None:
        settings = self.new(floor.database)
        engine = database.connect(settings.database_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in floor.statements():
                connection.execute(text(statement))
            tables = connection.scalars(TABLES).all()
            filled = [table for table in tables if connection.execute(text(f"TABLE {table} LIMIT 1")).first()]
            connection.execute(text(f"VACUUM ANALYZE {', '.join(filled)}"))
        engine.dispose()
        self._built.add(floor)

    def _empty_redis(self, floor: Floor) -> None:
        with Redis.from_url(self.settings.redis_url) as client:
            client.flushdb()
        beat(self.settings, floor)

    def _on(self, name: str) -> Settings:
        url = make_url(self.settings.database_url).set(database=name).render_as_string(hide_password=False)
        return replace(self.settings, database_url=url)

    def _say(self, statement: str) -> None:
        server = database.connect(self.settings.database_url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(statement))
        server.dispose()


@contextmanager
def embedded() -> Iterator[Bench]:
    """Yield a bench in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="evenhand-bench-") as folder:
        # Presence outlasts every benchmark: a desk whose agents stay.
        wanted = {"EVENHAND_INSTANCE": folder, "PRESENCE_DURATION": "86400"}
        with stores(config.load(wanted)) as settings:
            yield Bench(settings=settings)


@contextmanager
def work(settings: Settings) -> Iterator[UnitOfWork]:
    """Yield a desk as a worker has it: one connection, and a queue that nobody works on."""
    engine = database.connect(settings.database_url)
    with engine.connect() as connection, database.Session(connection, expire_on_commit=False) as session:
        yield build(settings, RqJobs(settings.redis_url)).work(session)
    engine.dispose()


def quiet() -> None:
    """Let nothing be logged in this process."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


def beat(settings: Settings, floor: Floor) -> None:
    """Let every agent of the floor be there."""
    made = build(settings, RqJobs(settings.redis_url))
    made.heartbeats.beat(ACCOUNT, floor.agent_ids, clock.now())
    made.close()
