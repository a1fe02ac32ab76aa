"""Whether Postgres answers at all: a long statement is waited for, a server that hangs is not.

Its own time-outs end no wait while it hangs, and those of the kernel none on a Unix socket.
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
# After the first, another connection is opened within the second, or the wait ends: together less than five seconds.
PATIENCE_SECONDS, CONNECT_SECONDS = 1.0, 3
# Nobody connects for this long after a server did not answer.
SILENCE_SECONDS = 2.0


def watch(engine: Engine) -> None:
    """End every wait of this engine's connections soon after the server has stopped to answer."""
    liveness = Liveness()

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, words: list[Any], named: dict[str, Any]) -> Connection[Any]:
        return liveness.connect(*words, **{**named, "connect_timeout": CONNECT_SECONDS})


class Liveness:
    """The knowledge of all threads of a process about one server. One of them asks for all."""

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
        """Raise OperationalError unless the server answers somebody who connects, be it by a refusal."""
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
    """A connection that looks after the server while it waits."""

    expect_answers: Callable[[], None]

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for the answer as long as the server answers others."""
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
