"""Flags in Redis: whether an account has webhooks, and one mark for a burst of events."""

from datetime import timedelta

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys

# The mark of a lost job must not block the outbox for long; the timetable also checks it once a minute.
MARK_LASTS_FOR = timedelta(seconds=60)
# Renewed once a minute, so that a lost or outdated flag is corrected.
FLAG_LASTS_FOR = timedelta(hours=1)


class Listeners:
    """Flags per account; without webhooks, a change costs one Redis call and no job."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def mark(self, account_id: int) -> bool:
        """Set the mark; return True if it was unset and the account has webhooks: then the caller enqueues a job."""
        with translate_redis_errors("listeners"):
            if not self._redis.exists(keys.listeners(account_id)):
                return False
            return bool(self._redis.set(keys.outbox(account_id), 1, nx=True, px=MARK_LASTS_FOR))

    def clear(self, account_id: int) -> None:
        """Delete the mark at the start of a delivery job: later events request the next one."""
        with translate_redis_errors("listeners"):
            self._redis.delete(keys.outbox(account_id))

    def note(self, account_id: int, listening: bool) -> None:
        """Write whether the account has webhooks."""
        with translate_redis_errors("listeners"):
            if listening:
                self._redis.set(keys.listeners(account_id), 1, px=FLAG_LASTS_FOR)
            else:
                self._redis.delete(keys.listeners(account_id))
