"""The one place that reads the clock. Where this machine's is wrong, the time is what Postgres says."""

from datetime import UTC, datetime, timedelta

# Answers take a while to come, and clocks that are kept differ by milliseconds: this is neither.
TOLERATED = timedelta(seconds=2)
_ahead = timedelta(0)


def now() -> datetime:
    """Return this instant, aware and in UTC."""
    return datetime.now(UTC) - _ahead


def compare(right: datetime) -> timedelta | None:
    """Take this for the right time if this machine's differs by more than is tolerated; return what is new of that."""
    global _ahead
    ahead = datetime.now(UTC) - right
    ahead = ahead if abs(ahead) > TOLERATED else timedelta(0)
    is_new = abs(ahead - _ahead) > TOLERATED
    _ahead = ahead
    return ahead if is_new else None
