"""The viewer's time zone for the days that they choose: from a cookie that js/times.js sets, else UTC."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from flask import request

COOKIE = "zone"


def name() -> str:
    """Return the time zone's name; UTC for an unknown one."""
    said = request.cookies.get(COOKIE, "")
    return said if said in _known() else "UTC"


def begins(day: date) -> datetime:
    """Return a day's first instant in the viewer's time zone. Raises OverflowError at the ends of time."""
    return datetime.combine(day, time.min, _zone()).astimezone(UTC)


def ends(day: date) -> datetime:
    """Return a day's last instant in the viewer's time zone. Raises OverflowError at the ends of time."""
    return datetime.combine(day, time.max, _zone()).astimezone(UTC)


def instant(typed: str) -> datetime | None:
    """Return the instant of a browser's date and time field, in the viewer's time zone; None for other text."""
    try:
        at = datetime.fromisoformat(typed)
        return at.replace(tzinfo=_zone()).astimezone(UTC) if at.tzinfo is None else None
    except (ValueError, OverflowError):
        return None


def _zone() -> tzinfo:
    called = name()
    return UTC if called == "UTC" else ZoneInfo(called)


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())
