"""What starts a run: one pending mark and one scheduled wake-up per inbox (E30, E32)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys
from dashboard.store.redis.scores import instant, score

# A mark whose job was lost with its worker must not silence the inbox for long.
MARK_LASTS_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledWakeup:
    """A wake-up that must be scheduled anew, and when the one stands that it takes the place of."""

    before: datetime | None


class Wakeups:
    """Marks that coalesce triggers; a job clears the mark before it reads, so nothing that comes later is lost."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def mark(self, account_id: int, inbox_id: int) -> bool:
        """Ask for a run; true if none was asked for yet, and then the caller must enqueue one."""
        with translate_redis_errors("wake-ups"):
            return bool(self._redis.set(keys.pending(account_id, inbox_id), 1, nx=True, px=MARK_LASTS_FOR))

    def clear(self, account_id: int, inbox_id: int) -> None:
        """Begin a run: whatever arrives from now on asks for the next one."""
        with translate_redis_errors("wake-ups"):
            self._redis.delete(keys.pending(account_id, inbox_id))

    def move(self, account_id: int, inbox_id: int, at: datetime, *, now: datetime) -> ScheduledWakeup | None:
        """Note that the inbox shall wake up at this instant; None if that is noted already."""
        key, due = keys.wakeup(account_id, inbox_id), str(score(at))
        lasts_for = max(at - now, timedelta(milliseconds=1))
        with translate_redis_errors("wake-ups"):
            before = self._redis.set(key, due, px=lasts_for, get=True)
        return None if before == due else ScheduledWakeup(before=instant(str(before)) if before else None)
