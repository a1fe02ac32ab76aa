"""Stored business hours as the engine's value."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from dashboard.engine.hours import BusinessHours, Window
from dashboard.store.inboxes import public_holidays

# The keys of `weekly`, in the order of the engine's weekdays.
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def of(stored: Mapping[str, Any] | None) -> BusinessHours | None:
    """Return the hours with their country's holidays; None for an inbox that is always open."""
    if stored is None:
        return None
    own = frozenset(map(date.fromisoformat, stored["holidays"]))
    country = stored["country"]
    return BusinessHours(
        timezone=stored["timezone"],
        weekly=tuple(tuple(map(_window, stored["weekly"].get(day, ()))) for day in DAYS),
        holidays=own | public_holidays.dates(country) if country else own,
    )


def _window(times: Sequence[str]) -> Window:
    start, end = map(_since_midnight, times)
    return Window(start=start, end=end)


def _since_midnight(time: str) -> timedelta:
    hours, minutes = map(int, time.split(":"))
    return timedelta(hours=hours, minutes=minutes)
