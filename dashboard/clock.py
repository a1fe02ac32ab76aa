"""The one place that reads the clock. If this machine's clock is wrong, Postgres's time is used."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

# Synchronised clocks differ by milliseconds, not by this much.
TOLERATED = timedelta(seconds=2)
_ahead = timedelta(0)


def now() -> datetime:
    """Return this instant, aware and in UTC."""
    return datetime.now(UTC) - _ahead


def compare(ask: Callable[[], datetime]) -> timedelta | None:
    """Use the given time if this machine's clock differs by more than TOLERATED; return a new difference, else None.

    A slow answer proves nothing: the clock is corrected only if the answer lies outside the duration of the call.
    """
    global _ahead
    before, right, after = datetime.now(UTC), ask(), datetime.now(UTC)
    ahead = max(before - right, timedelta(0)) + min(after - right, timedelta(0))
    ahead = ahead if abs(ahead) > TOLERATED else timedelta(0)
    is_new = abs(ahead - _ahead) > TOLERATED
    _ahead = ahead
    return ahead if is_new else None
