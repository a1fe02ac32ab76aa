"""The live version: a counter per account that increases when a page may change."""

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys


class LiveVersions:
    """One counter per account; a poll compares it before any query to Postgres."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def bump(self, account_id: int) -> None:
        """Increase the version after a change."""
        with translate_redis_errors("live version"):
            self._redis.incr(keys.live(account_id))

    def current(self, account_id: int) -> int:
        """Return the current version."""
        with translate_redis_errors("live version"):
            return int(self._redis.get(keys.live(account_id)) or 0)
