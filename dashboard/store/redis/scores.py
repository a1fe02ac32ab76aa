"""Instants as Redis scores: whole microseconds, which a double holds exactly until the year 2255."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def score(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def instant(score: float | str) -> datetime:
    """Return the instant of a score."""
    return EPOCH + int(float(score)) * MICROSECOND
