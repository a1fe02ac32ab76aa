"""Connections to Redis."""

from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import Any, Self, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import ConnectionError, TimeoutError
from redis.retry import Retry

__all__ = ["Pipeline", "Redis", "connect"]

T = TypeVar("T")
ANSWER_SECONDS = 1.0
SILENCE_SECONDS = 1.0


def connect(url: str, *, text: bool = True, waits: bool = False, shares_silence: bool = False) -> Redis:
    """Return a client; nothing is opened before first use, so it is safe to make after a fork.

    Answers are text for our own keys and bytes for RQ, which stores pickles. A worker `waits` for its next job longer
    than an answer may take, and sets the time-out of that itself. Of a web process, all threads share a silence: a
    page asks many questions, and all pages ask them at once.
    """
    return Redis.from_url(
        url,
        decode_responses=text,
        socket_timeout=None if waits else ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=_Once(_silence_of(url) if shares_silence else None),
        # Else each connection, and so each job, looks up the driver's version on the disk to tell Redis: 3 ms.
        driver_info=None,
    )


class Silence:
    """A Redis that did not answer in time, and is asked nothing for a moment."""

    def __init__(self) -> None:
        self._until = 0.0

    def __deepcopy__(self, _: object) -> Self:
        """Return the same: redis-py gives each connection a copy of what it retries by."""
        return self

    def begin(self) -> None:
        """Ask nothing from now on."""
        self._until = monotonic() + SILENCE_SECONDS

    def respect(self) -> None:
        """Raise ConnectionError while it lasts."""
        if monotonic() < self._until:
            raise ConnectionError("Redis did not answer a moment ago.")


class _Once(Retry):
    """One retry: a pooled connection that a restart closed is opened again. Who is silent is not asked twice."""

    def __init__(self, silence: Silence | None) -> None:
        super().__init__(NoBackoff(), 1, supported_errors=(ConnectionError,))
        self._silence = silence

    def call_with_retry(self, do: Callable[[], T], fail: Callable[..., object], *more: Any, **named: Any) -> T:
        """Ask, unless that would be waiting for nothing."""
        if self._silence:
            self._silence.respect()
        try:
            return super().call_with_retry(do, fail, *more, **named)
        except TimeoutError:
            if self._silence:
                self._silence.begin()
            raise


@cache
def _silence_of(_url: str) -> Silence:
    return Silence()
