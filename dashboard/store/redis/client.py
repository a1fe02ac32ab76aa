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
    """Return a client. It connects at first use, so it may be created before a fork.

    Answers are text for our own keys and bytes for RQ, which stores pickles. With `waits`, no time-out applies: a
    worker waits longer for its next job, and sets its own. With `shares_silence`, all threads of a process stop
    asking after one time-out: a page needs many answers, and many pages are served at once.
    """
    return Redis.from_url(
        url,
        decode_responses=text,
        socket_timeout=None if waits else ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=_Once(_silence_of(url) if shares_silence else None),
        # Otherwise each connection, and so each job, reads the driver's version from the disk to send it: 3 ms.
        driver_info=None,
    )


class Silence:
    """A pause in the requests to a Redis that did not answer in time."""

    def __init__(self) -> None:
        self._until = 0.0

    def __deepcopy__(self, _: object) -> Self:
        """Return the same object: redis-py copies its retry policy for each connection."""
        return self

    def begin(self) -> None:
        """Start the pause."""
        self._until = monotonic() + SILENCE_SECONDS

    def respect(self) -> None:
        """Raise ConnectionError during the pause."""
        if monotonic() < self._until:
            raise ConnectionError("Redis did not answer a moment ago.")


class _Once(Retry):
    """One retry, for a pooled connection that a restart closed; a time-out is not retried."""

    def __init__(self, silence: Silence | None) -> None:
        super().__init__(NoBackoff(), 1, supported_errors=(ConnectionError,))
        self._silence = silence

    def call_with_retry(self, do: Callable[[], T], fail: Callable[..., object], *more: Any, **named: Any) -> T:
        """Call Redis unless a pause lasts."""
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
