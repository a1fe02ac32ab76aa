"""Detects a Postgres that hangs: waits for a long statement go on, waits for a hanging server end.

The server's own timeouts end no wait while it hangs, and the kernel's timeouts do not apply to a Unix socket.
"""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout, OperationalError, _WaitTimeout
from sqlalchemy import Engine, event

T = TypeVar("T")
# After the first period, a new connection must succeed within the connect time-out, or the wait ends: under five
# seconds in all.
PATIENCE_SECONDS, CONNECT_SECONDS = 1.0, 3
# No connection is tried for this long after the server did not answer.
SILENCE_SECONDS = 2.0


def watch(engine: Engine) -> None:
    """End every wait of this engine's connections soon after the server stops answering."""
    liveness = Liveness()

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, words: list[Any], named: dict[str, Any]) -> Connection[Any]:
        return liveness.connect(*words, **{**named, "connect_timeout": CONNECT_SECONDS})


class Liveness:
    """The state of one server, shared by all threads of a process; one thread checks for all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answered_at = self._silent_until = 0.0

    def connect(self, *words: Any, **named: Any) -> "_Watched":
        """Return a watched connection. Raises OperationalError."""
        self._respect_silence()
        try:
            connection = _Watched.connect(*words, **named)
        except ConnectionTimeout:
            self._silent_until = monotonic() + SILENCE_SECONDS
            raise
        connection.expect_answers = lambda: self._expect_answers(lambda: self.connect(*words, **named))
        return connection

    def _expect_answers(self, connect: Callable[[], Connection[Any]]) -> None:
        """Raise OperationalError unless the server answers a new connection, even by a refusal."""
        with self._lock:
            self._respect_silence()
            if monotonic() - self._answered_at < PATIENCE_SECONDS:
                return
            try:
                connect().close()
            except ConnectionTimeout:
                raise
            except OperationalError:
                pass
            self._answered_at = monotonic()

    def _respect_silence(self) -> None:
        if monotonic() < self._silent_until:
            raise ConnectionTimeout("Postgres did not answer a moment ago.")


class _Watched(Connection[Any]):
    """A connection that checks the server while it waits."""

    expect_answers: Callable[[], None]

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for the answer while the server answers new connections."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        while True:
            try:
                return super().wait(gen, interval, PATIENCE_SECONDS)
            except _WaitTimeout:
                self._look()

    def _look(self) -> None:
        try:
            self.expect_answers()
        except OperationalError:
            self.close()
            raise
