"""Instants in the forms of exports: ISO 8601, also with a space; numeric dates in either order; months by name."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PARTED = re.compile(
    r"""(?P<first>\d{1,2}|\d{4})(?P<by>[/.\-\ ])(?P<second>\d{1,2}|[a-z]{3,9})(?P=by)(?P<third>\d{1,2}|\d{4})
        (?:,?[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<seconds>\d{2})(?:\.\d+)?)?\ ?(?P<half>[ap]m)?)?
        (?:\ ?(?P<offset>[+-]\d{2}:?\d{2}))?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
NAMED_UTC = re.compile(r"\s*(?:utc|gmt|z)\Z", re.IGNORECASE)


class DateOrder(StrEnum):
    """The order of day and month in a numeric date."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


@dataclass(frozen=True, slots=True)
class Reading:
    """An instant by each order of day and month; None if an order results in no date."""

    day_first: datetime | None
    month_first: datetime | None
    names_zone: bool

    @property
    def is_ambiguous(self) -> bool:
        """Return whether the two orders result in different dates."""
        return None not in (self.day_first, self.month_first) and self.day_first != self.month_first

    @property
    def shows(self) -> DateOrder | None:
        """Return the order that results in a date, None if both do or neither does."""
        if (self.day_first is None) == (self.month_first is None):
            return None
        return DateOrder.DAY_FIRST if self.month_first is None else DateOrder.MONTH_FIRST

    def by(self, order: DateOrder | None) -> datetime | None:
        """Return the instant by this order; without an order, None if it is ambiguous."""
        if order is None:
            return None if self.is_ambiguous else self.day_first or self.month_first
        return self.day_first if order is DateOrder.DAY_FIRST else self.month_first


def read(text: str, zone: tzinfo) -> Reading | None:
    """Parse an instant, in this zone unless the text names one; None if it is none."""
    text = NAMED_UTC.sub("+00:00", text)
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        return Reading(_aware(at, zone), _aware(at, zone), names_zone=at.tzinfo is not None)
    if (found := PARTED.fullmatch(text)) is None:
        return None
    day_first, month_first = (_instant(found, order, zone) for order in DateOrder)
    known = day_first or month_first
    return Reading(day_first, month_first, names_zone=found["offset"] is not None) if known else None


def _instant(found: re.Match[str], order: DateOrder, zone: tzinfo) -> datetime | None:
    try:
        at = datetime.combine(date(*_date(found, order)), _time(found)).isoformat()
    except ValueError:
        return None
    return _aware(datetime.fromisoformat(at + (found["offset"] or "")), zone)


def _date(found: re.Match[str], order: DateOrder) -> tuple[int, int, int]:
    """Return year, month and day; an unknown month name results in 0. With dots, the day is first."""
    first, second, third = found["first"], found["second"], found["third"]
    if not second.isdecimal():
        return _year(third), _month(second), int(first)
    if len(first) == 4:
        return int(first), int(second), int(third)
    if order is DateOrder.DAY_FIRST or found["by"] == ".":
        return _year(third), int(second), int(first)
    return _year(third), int(first), int(second)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _month(name: str) -> int:
    short = name[:3].lower()
    return MONTHS.index(short) + 1 if short in MONTHS else 0


def _time(found: re.Match[str]) -> time:
    """Return the time of day, midnight if there is none. Raises ValueError."""
    hour, half = int(found["hour"] or 0), (found["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(hour)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(found["minute"] or 0), int(found["seconds"] or 0))


def _aware(at: datetime, zone: tzinfo) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=zone)
