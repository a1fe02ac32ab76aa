"""What a store says when it cannot be asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import ConnectionError, RedisError
from redis.exceptions import TimeoutError as NoAnswer
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from dashboard.store.core.error_texts import without_command

# Postgres refused or was not reached; the transaction is gone, earlier ones stand (E43).
DatabaseFailed = DBAPIError
# What a request may do about it: try again later, look again at what somebody else just changed, send something else.
UNREACHABLE = (OperationalError, InterfaceError, NoConnectionFree)
# Redis does not answer; whatever else it says, it answers.
REDIS_AWAY = (ConnectionError, NoAnswer)
Collided = IntegrityError
OutOfRange = DataError
# What somebody else made or removed meanwhile: a reference, a unique value, an exclusion.
CONFLICTS = frozenset({"23503", "23505", "23P01"})


class StoreUnavailable(Exception):
    """A store did not answer; the message names the concern, the cause is the driver's error."""


def is_conflict(error: Collided) -> bool:
    """Tell whether somebody else's change stands in the way; else a constraint refused the value itself."""
    return getattr(error.orig, "sqlstate", None) in CONFLICTS


@contextmanager
def translate_redis_errors(concern: str) -> Iterator[None]:
    """Turn Redis's many failures into the one that callers decide on."""
    try:
        yield
    except RedisError as error:
        raise StoreUnavailable(f"{concern}: {without_command(error)}") from error
