"""Counters of the request limits: in Redis for all servers, in this process while Redis does not answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from limits.storage import MemoryStorage, RedisStorage
from redis.exceptions import RedisError

from dashboard.store.redis import client

log = structlog.get_logger()
PREFIX = "throttles+"


def address(redis_url: str) -> str:
    """Return the storage address for flask-limiter."""
    return PREFIX + redis_url


def _counted(question: str) -> Callable[..., Any]:
    """Return a method that calls Redis, or after an error this process's memory.

    Flask-limiter's own fallback is not used: of several requests during an outage, it lets one through and
    raises in the others.
    """
    of_redis, of_memory = getattr(RedisStorage, question), getattr(MemoryStorage, question)

    @wraps(of_redis)
    def asked(storage: "Throttles", *args: Any, **named: Any) -> Any:
        try:
            return of_redis(storage, *args, **named)
        except RedisError as error:
            log.info("counted_in_this_process", error=str(error))
            return of_memory(storage.memory, *args, **named)

    return asked


class Throttles(RedisStorage):
    """Counts in Redis, or in memory for each call that Redis does not answer."""

    STORAGE_SCHEME = [f"{PREFIX}{scheme}" for scheme in ("redis", "rediss", "unix")]

    incr = _counted("incr")
    get = _counted("get")
    get_expiry = _counted("get_expiry")
    clear = _counted("clear")
    acquire_entry = _counted("acquire_entry")
    get_moving_window = _counted("get_moving_window")
    acquire_sliding_window_entry = _counted("acquire_sliding_window_entry")
    get_sliding_window = _counted("get_sliding_window")
    clear_sliding_window = _counted("clear_sliding_window")

    def __init__(self, uri: str, **options: Any) -> None:
        url = uri.removeprefix(PREFIX)
        super().__init__(url, connection_pool=client.connect(url, shares_silence=True).connection_pool, **options)
        self.memory = MemoryStorage()
