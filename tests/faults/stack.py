"""The whole of Evenhand, each process by the entry point that production uses, on stores that may be broken."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from dashboard import config
from dashboard.allow_list import NEARBY
from dashboard.config import ROOT, Settings
from dashboard.stack.embedded_stores import Stores
from dashboard.stack.spawn import with_death_signal
from dashboard.store.core.errors import DatabaseFailed, StoreUnavailable
from dashboard.store.postgres import database
from tests import processes
from tests.faults import invariants
from tests.faults.http import Api, Failed
from tests.faults.own import OwnRedis, SmallDisk
from tests.stack.running import a_free_port
from tests.waiting import PATIENCE, eventually, promptly

WORKERS = 4
# The promise, in seconds of `stopwatch`.
HEALED_WITHIN = 5.0
WEB = ("-m", "dashboard.serving")
ASSIGNING = ("-m", "jobs.worker", "--queues", "scheduled_jobs", "default")


@dataclass(slots=True)
class Kept:
    """A process that is started again when it dies, after the pause that the supervisor makes."""

    words: Sequence[str]
    env: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)
    start_at: float = 0.0
    PAUSE = 0.5

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.words,
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=with_death_signal(signal.SIGKILL),  # noqa: PLW1509  a test run that is killed leaves nobody at work
            )
        self.start_at = 0.0

    def mend(self) -> None:
        if self.process.poll() is None:
            return
        self.start_at = self.start_at or time.monotonic() + self.PAUSE
        if time.monotonic() >= self.start_at:
            self.start()

    def kill(self, *, whole: bool = False) -> None:
        """Kill it as the kernel does when memory is out; `whole` is what a host's end takes with it."""
        if self.process.poll() is None:
            everything = processes.family(self.process.pid)
            processes.kill(everything if whole else everything[:1])
            self.process.wait()

    def stop(self) -> None:
        """Ask it to finish, as a deploy does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class Stack:
    """Stores, web, workers and scheduler, kept running until the end of the block."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.instance = directory, directory / "i"
        self.instance.mkdir()
        self.disk = SmallDisk(self.instance)
        self.redis = OwnRedis(directory / "r")
        self.stores = Stores(config.load({"EVENHAND_INSTANCE": str(self.instance), "REDIS_URL": self.redis.url}))
        self.port = a_free_port()
        self.kept: dict[str, Kept] = {}

    @property
    def settings(self) -> Settings:
        return self.stores.settings

    @property
    def workers(self) -> list[Kept]:
        """The processes that assign."""
        return [kept for name, kept in self.kept.items() if name.startswith("worker")]

    def start(self) -> None:
        database.migrate(self.settings.database_url)
        with self.beside() as postgres:
            postgres.execute("ALTER SYSTEM SET max_wal_size = '100MB'")
            postgres.execute("SELECT pg_reload_conf()")
        self.keep("web", *WEB, "--port", str(self.port))
        self.keep("scheduler", "-m", "jobs.schedule")
        self.keep("webhooks", "-m", "jobs.worker", "--queues", "webhooks")
        for number in range(WORKERS):
            self.keep(f"worker-{number}", *ASSIGNING)
        self.until(self.is_ready)

    def keep(self, name: str, *words: str, before: Sequence[str] = (), **env: str) -> Kept:
        """Start a process and keep it running."""
        words = (*before, sys.executable, *words)
        self.kept[name] = Kept(words, {**self.environment(), **env}, self.directory / f"{name}.log")
        return self.kept[name]

    def replace(self, name: str, *, before: Sequence[str] = (), **env: str) -> None:
        """Start a process anew in another environment; without one, in its own."""
        old = self.kept.pop(name)
        old.kill(whole=True)
        words = old.words[old.words.index(sys.executable) + 1 :]
        self.keep(name, *words, before=before, **env)

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.settings.redis_url,
            "EVENHAND_INSTANCE": str(self.instance),
            "SECRET_KEY": "the same for every process of this stack",
            "WEBHOOK_ALLOW_PRIVATE": "1",
            "HELPDESK_ALLOW": NEARBY,
        }

    def mend(self) -> None:
        """Start again what has died, as a supervisor does."""
        for kept in list(self.kept.values()):
            kept.mend()
        self.stores.mend()

    def until(self, true: Callable[[], object], within: float | None = None) -> None:
        """Wait until it is true, within the time that is promised if any is, and mend what dies meanwhile."""
        if within is None:
            eventually(true, meanwhile=self.mend)
        else:
            promptly(true, within, meanwhile=self.mend)

    def is_ready(self) -> bool:
        with suppress(Failed):
            answer = self.api().call("GET", "/ready")
            return bool(answer["workers"] >= WORKERS and answer["scheduler"])
        return False

    def api(self, token: str = "") -> Api:
        return Api(self.port, token)

    def heals(self) -> float:
        """Fail unless all that somebody could take is taken in time; return how long it took."""
        began, left = time.monotonic(), ["nothing was asked"]

        def nothing_left() -> bool:
            left[:] = self._unsettled()
            return not left

        try:
            self.until(nothing_left, HEALED_WITHIN)
        except AssertionError as late:
            raise AssertionError(f"{late}: {'; '.join(left)}") from None
        return time.monotonic() - began

    def check(self) -> None:
        """Fail unless the records agree with each other."""
        with self.session() as session:
            invariants.check(session)

    def beside(self) -> psycopg.Connection:
        """Connect to Postgres beside the application."""
        return psycopg.connect(self.settings.database_url.replace("+psycopg", ""), autocommit=True)

    @contextmanager
    def session(self) -> Iterator[database.Session]:
        engine = database.connect(self.settings.database_url)
        with engine.connect() as connection, database.Session(connection, expire_on_commit=False) as session:
            yield session
        engine.dispose()

    def stop(self) -> None:
        for kept in self.kept.values():
            kept.kill(whole=True)
        self.redis.stop()

    def _unsettled(self) -> list[str]:
        try:
            return invariants.unsettled(self.settings)
        except (StoreUnavailable, DatabaseFailed) as error:
            return [f"a store does not answer: {error}"]


@contextmanager
def running() -> Iterator[Stack]:
    """A stack in a temporary directory, with a short name that suits a socket."""
    with tempfile.TemporaryDirectory(prefix="eh-") as directory:
        Path(directory).chmod(0o755)
        stack = Stack(Path(directory))
        with stack.disk, stack.stores:
            try:
                stack.start()
                yield stack
            finally:
                stack.stop()
