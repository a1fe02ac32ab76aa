"""The one place that reads the clock. Where this machine's is wrong, the time is what Postgres says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

# Clocks that are kept differ by milliseconds: this is none of those.
TOLERATED = timedelta(seconds=2)
_ahead = timedelta(0)


def now() -> datetime:
    """Return this instant, aware and in UTC."""
    return datetime.now(UTC) - _ahead


def compare(ask: Callable[[], datetime]) -> timedelta | None:
    """Take the answer for the time if this machine's differs by more than is tolerated; return what is new of that.

    An answer that was long on its way, as from a store that stood still, shows nothing while it lies between.
    """
    global _ahead
    before, right, after = datetime.now(UTC), ask(), datetime.now(UTC)
    ahead = max(before - right, timedelta(0)) + min(after - right, timedelta(0))
    ahead = ahead if abs(ahead) > TOLERATED else timedelta(0)
    is_new = abs(ahead - _ahead) > TOLERATED
    _ahead = ahead
    return ahead if is_new else None
