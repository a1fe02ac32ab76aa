"""Whose days are meant where one chooses a day: the browser says its time zone in a cookie (js/times.js), else UTC."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from flask import request

COOKIE = "zone"


def name() -> str:
    """Return what the time zone is called; one that this machine does not know is UTC."""
    said = request.cookies.get(COOKIE, "")
    return said if said in _known() else "UTC"


def begins(day: date) -> datetime:
    """Return when a day begins there. Raises OverflowError at the ends of time."""
    return datetime.combine(day, time.min, _zone()).astimezone(UTC)


def ends(day: date) -> datetime:
    """Return the last instant of a day there. Raises OverflowError at the ends of time."""
    return datetime.combine(day, time.max, _zone()).astimezone(UTC)


def instant(typed: str) -> datetime | None:
    """Return the instant of a day and a time there, as a browser's field sends them; None if it is none."""
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
