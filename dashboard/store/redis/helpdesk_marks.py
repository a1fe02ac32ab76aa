"""Marks that merge requests for readings of helpdesks: one enqueued job of each kind for a connection."""

from datetime import timedelta

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys

# A mark of a job that was lost with its worker must not hold up later ones for long.
READING_LASTS_FOR = timedelta(seconds=10)
POLL_LASTS_FOR = timedelta(seconds=60)


class HelpdeskMarks:
    """A job deletes its mark before it reads, so that any later event enqueues the next job."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def mark_reading(self, account_id: int, connection_id: int) -> bool:
        """Set the mark; True if it was unset, so that the caller must enqueue a reading of marked conversations."""
        return self._mark(keys.marked(account_id, connection_id), READING_LASTS_FOR)

    def mark_poll(self, account_id: int, connection_id: int) -> bool:
        """Set the mark; True if it was unset, so that the caller must enqueue a poll."""
        return self._mark(keys.poll(account_id, connection_id), POLL_LASTS_FOR)

    def clear_reading(self, account_id: int, connection_id: int) -> None:
        """Delete the mark at the start of a reading."""
        self._clear(keys.marked(account_id, connection_id))

    def clear_poll(self, account_id: int, connection_id: int) -> None:
        """Delete the mark at the start of a poll."""
        self._clear(keys.poll(account_id, connection_id))

    def _mark(self, key: str, lasts_for: timedelta) -> bool:
        with translate_redis_errors("helpdesk marks"):
            return bool(self._redis.set(key, 1, nx=True, px=lasts_for))

    def _clear(self, key: str) -> None:
        with translate_redis_errors("helpdesk marks"):
            self._redis.delete(key)
