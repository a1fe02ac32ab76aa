"""The live version: a counter per account that goes up when a page may look different."""

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys


class LiveVersions:
    """One counter per account; a poll compares it before it asks Postgres anything."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def bump(self, account_id: int) -> None:
        """Say that something changed."""
        with translate_redis_errors("live version"):
            self._redis.incr(keys.live(account_id))

    def current(self, account_id: int) -> int:
        """Return the version that a page drawn now would have."""
        with translate_redis_errors("live version"):
            return int(self._redis.get(keys.live(account_id)) or 0)
