"""The stores of a process: the configured ones, or the embedded ones, which run while they have users."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import BinaryIO, Self

from dashboard import private
from dashboard.config import ROOT, Settings
from dashboard.stack import locks, server_state_file
from dashboard.stack.embedded_server import Server
from dashboard.stack.postgres import Postgres
from dashboard.stack.redis import Redis
from dashboard.stack.server_state_file import ServerState
from dashboard.starting import CannotStart, full, unusable
from dashboard.store.postgres import database

KEEPER = "dashboard.stack.embedded_server_main"
GLANCE = 0.02
SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
SETTLED = 60.0
LARGEST_LOG = 10_000_000


@contextmanager
def stores(settings: Settings) -> Iterator[Settings]:
    """Yield the settings with both URLs; both servers answer."""
    with Stores(settings) as held:
        yield held.settings


class Stores:
    """A hold on the embedded servers that these settings need."""

    def __init__(self, settings: Settings) -> None:
        postgres, redis = Postgres(settings.instance), Redis(settings.instance)
        self._postgres = None if settings.database_url else postgres
        self._holds = [
            *([] if settings.database_url else [ServerUse(postgres)]),
            *([] if settings.redis_url else [ServerUse(redis)]),
        ]
        self.settings = replace(
            settings,
            database_url=settings.database_url or postgres.url,
            redis_url=settings.redis_url or redis.url,
        )

    def __enter__(self) -> Self:
        begins_at = self._postgres.log_size if self._postgres else 0
        try:
            for hold in self._holds:
                hold.begin()
            for hold in self._holds:
                hold.wait()
            self._try(begins_at)
        except OSError as error:
            self._leave()
            raise unusable(self.settings.instance, error) from error
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _try(self, begins_at: int) -> None:
        """Raise CannotStart if Postgres accepts connections but cannot work: it checks its tables only then.

        A connection that breaks while Postgres crashes tells nothing; its log does, from this position on.
        """
        if self._postgres and (why := database.why_unreachable(self.settings.database_url)):
            raise CannotStart(
                self._postgres.failure(self._postgres.complaint(self._postgres.printed(begins_at)) or why)
            )

    def mend(self) -> list[str]:
        """Restart dead servers; return one sentence per change since the last call."""
        return [news for hold in self._holds if (news := hold.mend())]

    def _leave(self) -> None:
        """Release the holds; without other users, return after the servers have stopped."""
        for hold in self._holds:
            hold.let_go()
        for hold in self._holds:
            hold.wait_until_gone()


class ServerUse:
    """One use of one embedded server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._users: int | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._known: ServerState | None = None
        self._pause = SHORTEST_PAUSE
        self._next_call = 0.0

    def begin(self) -> None:
        """Become a user, and start a keeper if there is none."""
        self._users = locks.take(self._server.lock("users"), shared=True, wait=True)
        self._call_keeper()

    def wait(self) -> None:
        """Wait until the server answers, including its recovery; raises CannotStart if its keeper gave up."""
        while (record := server_state_file.read(self._server)) is None or record.process is None:
            if self._keeper is not None and self._keeper.poll() is not None:
                raise self._failure(record)
            self._call_keeper()
            time.sleep(GLANCE)
        self._known = record

    def mend(self) -> str:
        """Start a new keeper if there is none, with growing pauses; return a sentence about a change, or ""."""
        now = time.monotonic()
        if now >= self._next_call and self._call_keeper():
            calm = now - self._next_call > SETTLED
            self._pause = SHORTEST_PAUSE if calm else min(self._pause * 2, LONGEST_PAUSE)
            self._next_call = now + self._pause
        record = server_state_file.read(self._server)
        if record is None or record == self._known or not (record.process or record.failure):
            return ""
        self._known = record
        state = f". {record.failure}" if record.failure else f"; it runs again (pid {record.process})."
        return f"The embedded {self._server.name} had stopped{state}"

    def let_go(self) -> None:
        """Stop being a user; the last user keeps its lock, so that no new user can enter."""
        if self._users is not None and not locks.become_alone(self._users):
            os.close(self._users)
            self._users = None

    def wait_until_gone(self) -> None:
        """Stop the server and wait for its end, unless it has other users."""
        if self._users is None:
            return
        while locks.is_held(self._server.lock("keeper")):
            if record := server_state_file.read(self._server):
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(record.keeper, signal.SIGTERM)
            time.sleep(GLANCE)
        if self._keeper is not None:
            self._keeper.wait()
        os.close(self._users)
        self._users = None

    def _failure(self, record: ServerState | None) -> CannotStart:
        """Return the error of a keeper that gave up, or a general one if it wrote none."""
        unknown = f"The embedded {self._server.name} does not start: mend what {self._server.log} says."
        return CannotStart(record.failure) if record else full(self._server.instance) or CannotStart(unknown)

    def _call_keeper(self) -> bool:
        """Start a keeper, which inherits the keepers' lock; return False if there is one already."""
        lock = locks.take(self._server.lock("keeper"))
        if lock is None:
            return False
        try:
            server_state_file.forget(self._server)
            with _log(self._server) as log:
                self._keeper = subprocess.Popen(
                    [sys.executable, "-m", KEEPER, self._server.name, str(self._server.instance)],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=[lock],
                )
        finally:
            os.close(lock)
        return True


def _log(server: Server) -> BinaryIO:
    """Open the server's log for appending; a large one is renamed first."""
    private.make_folder(server.log.parent)
    if server.log.exists() and server.log.stat().st_size > LARGEST_LOG:
        server.log.replace(server.log.with_suffix(".old"))
    return open(server.log, "ab", opener=private.opener)
