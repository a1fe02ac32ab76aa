"""Starts of runs: one pending mark and one scheduled wake-up per inbox (E30, E32)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys
from dashboard.store.redis.scores import instant, score

# The mark of a job that was lost with its worker must not block the inbox for long.
MARK_LASTS_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledWakeup:
    """A new wake-up to schedule; `before` is the instant of the replaced one, if any."""

    before: datetime | None


class Wakeups:
    """Marks that merge triggers; a job deletes its mark before it reads, so no later trigger is lost."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def mark(self, account_id: int, inbox_id: int) -> bool:
        """Set the mark; return True if it was unset, so that the caller must enqueue a run."""
        with translate_redis_errors("wake-ups"):
            return bool(self._redis.set(keys.pending(account_id, inbox_id), 1, nx=True, px=MARK_LASTS_FOR))

    def clear(self, account_id: int, inbox_id: int) -> None:
        """Delete the mark at the start of a run: later triggers request the next one."""
        with translate_redis_errors("wake-ups"):
            self._redis.delete(keys.pending(account_id, inbox_id))

    def move(self, account_id: int, inbox_id: int, at: datetime, *, now: datetime) -> ScheduledWakeup | None:
        """Write the inbox's next wake-up; return None if this instant is written already."""
        key, due = keys.wakeup(account_id, inbox_id), str(score(at))
        lasts_for = max(at - now, timedelta(milliseconds=1))
        with translate_redis_errors("wake-ups"):
            before = self._redis.set(key, due, px=lasts_for, get=True)
        return None if before == due else ScheduledWakeup(before=instant(str(before)) if before else None)
