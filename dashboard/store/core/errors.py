"""Errors of stores that do not answer or refuse a statement."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import ConnectionError, RedisError
from redis.exceptions import TimeoutError as NoAnswer
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from dashboard.store.core.error_texts import without_command

# Postgres refused or was not reached; the transaction is lost, earlier ones are committed (E43).
DatabaseFailed = DBAPIError
# Three kinds of failure for a request: retry later, reload after another's change, or correct the value.
UNREACHABLE = (OperationalError, InterfaceError, NoConnectionFree)
# Redis does not answer; every other Redis error is an answer.
REDIS_AWAY = (ConnectionError, NoAnswer)
Collided = IntegrityError
OutOfRange = DataError
# Another transaction changed a referenced row, took a unique value, or an excluded range.
CONFLICTS = frozenset({"23503", "23505", "23P01"})


class StoreUnavailable(Exception):
    """A store did not answer; the message names the concern, the cause is the driver's error."""


def is_conflict(error: Collided) -> bool:
    """Return True if another transaction's change conflicts; False if a constraint refused the value itself."""
    return getattr(error.orig, "sqlstate", None) in CONFLICTS


@contextmanager
def translate_redis_errors(concern: str) -> Iterator[None]:
    """Turn every Redis error into StoreUnavailable."""
    try:
        yield
    except RedisError as error:
        raise StoreUnavailable(f"{concern}: {without_command(error)}") from error
