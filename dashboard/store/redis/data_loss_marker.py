"""Since when Redis has known an account: what began after the account's first run began anew (E42)."""

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
    """One note per account, which is lost with everything else that Redis held."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def is_noted(self, account_id: int) -> bool:
        """Say whether Redis has held what it was told since the note was made."""
        with translate_redis_errors("beginnings"):
            return bool(self._redis.exists(keys.since(account_id)))

    def note(self, account_id: int, anew_at: datetime | None) -> bool:
        """Note that it begins from the first, or anew at this instant; false if somebody else just has."""
        value = FROM_THE_FIRST if anew_at is None else score(anew_at)
        with translate_redis_errors("beginnings"):
            return bool(self._redis.set(keys.since(account_id), value, nx=True))

    def anew_at(self, account_id: int) -> datetime | None:
        """Return when it began anew, None if it never did."""
        with translate_redis_errors("beginnings"):
            found = self._redis.get(keys.since(account_id))
        return instant(str(found)) if found and int(found) != FROM_THE_FIRST else None


def has_run(session: Session, account_id: int) -> bool:
    """Say whether anything was ever decided in the account."""
    return bool(session.scalar(select(exists().where(Run.account_id == account_id))))
