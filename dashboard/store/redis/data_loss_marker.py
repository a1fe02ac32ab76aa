"""A marker per account in Redis; if it is missing although the account has runs, Redis lost its data (E42)."""

from datetime import datetime

from redis import Redis
from sqlalchemy import exists, select

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.models import Run
from dashboard.store.postgres.database import Session
from dashboard.store.redis import keys
from dashboard.store.redis.scores import instant, score

FROM_THE_FIRST = 0


class DataLossMarker:
    """One marker per account; it is lost together with Redis's other data."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def is_noted(self, account_id: int) -> bool:
        """Return True if the marker exists, so that Redis has kept its data since."""
        with translate_redis_errors("beginnings"):
            return bool(self._redis.exists(keys.since(account_id)))

    def note(self, account_id: int, anew_at: datetime | None) -> bool:
        """Write the marker, after a data loss with its instant; return False if the marker exists already."""
        value = FROM_THE_FIRST if anew_at is None else score(anew_at)
        with translate_redis_errors("beginnings"):
            return bool(self._redis.set(keys.since(account_id), value, nx=True))

    def anew_at(self, account_id: int) -> datetime | None:
        """Return the instant at which Redis started over after a data loss, None if it never did."""
        with translate_redis_errors("beginnings"):
            found = self._redis.get(keys.since(account_id))
        return instant(str(found)) if found and int(found) != FROM_THE_FIRST else None


def has_run(session: Session, account_id: int) -> bool:
    """Return True if the account has a run."""
    return bool(session.scalar(select(exists().where(Run.account_id == account_id))))
