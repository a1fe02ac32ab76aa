"""What a store says when it cannot be asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

# Postgres refused or was not reached; the transaction is gone, earlier ones stand (E43).
DatabaseFailed = DBAPIError


class StoreUnavailable(Exception):
    """A store did not answer; the message names the concern, the cause is the driver's error."""


@contextmanager
def asking(concern: str) -> Iterator[None]:
    """Turn Redis's many failures into the one that callers decide on."""
    try:
        yield
    except RedisError as error:
        raise StoreUnavailable(f"{concern}: {error}") from error
