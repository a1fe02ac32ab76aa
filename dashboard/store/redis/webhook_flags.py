"""Whether anybody wants to hear of an account's events, and one mark for a burst of them."""

from datetime import timedelta

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys

# A mark whose job was lost must not silence the outbox for long; the timetable looks once a minute as well.
MARK_LASTS_FOR = timedelta(seconds=60)
# Said again once a minute: a flag that was lost or left over does not stay so.
FLAG_LASTS_FOR = timedelta(hours=1)


class Listeners:
    """An account without webhooks costs one question per change, and no job."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def mark(self, account_id: int) -> bool:
        """Ask for a look at the outbox; true if somebody listens and none was asked for yet: then enqueue one."""
        with translate_redis_errors("listeners"):
            if not self._redis.exists(keys.listeners(account_id)):
                return False
            return bool(self._redis.set(keys.outbox(account_id), 1, nx=True, px=MARK_LASTS_FOR))

    def clear(self, account_id: int) -> None:
        """Begin a look: whatever is written from now on asks for the next one."""
        with translate_redis_errors("listeners"):
            self._redis.delete(keys.outbox(account_id))

    def note(self, account_id: int, listening: bool) -> None:
        """Keep whether anybody listens."""
        with translate_redis_errors("listeners"):
            if listening:
                self._redis.set(keys.listeners(account_id), 1, px=FLAG_LASTS_FOR)
            else:
                self._redis.delete(keys.listeners(account_id))
