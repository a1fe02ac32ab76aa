"""Connections to Redis."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import ConnectionError
from redis.retry import Retry

__all__ = ["Pipeline", "Redis", "connect"]

ANSWER_SECONDS = 1.0


def connect(url: str, *, text: bool = True, waits: bool = False) -> Redis:
    """Return a client; nothing is opened before first use, so it is safe to make after a fork.

    Answers are text for our own keys and bytes for RQ, which stores pickles. One retry: a pooled connection that
    a restart closed is opened again; who does not answer in time is not asked twice. A worker `waits` for its next
    job longer than an answer may take, and sets the time-out of that itself.
    """
    return Redis.from_url(
        url,
        decode_responses=text,
        socket_timeout=None if waits else ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
        # Else each connection, and so each job, looks up the driver's version on the disk to tell Redis: 3 ms.
        driver_info=None,
    )
