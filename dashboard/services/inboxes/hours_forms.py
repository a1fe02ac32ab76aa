"""The form of an inbox's business hours (E62)."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields

from dashboard.services.core.form_fields import EARLIEST, LATEST
from dashboard.store.inboxes import public_holidays
from dashboard.store.inboxes.business_hours import DAYS

MOST_WINDOWS = 10
MOST_HOLIDAYS = 400
FIELDS = frozenset({"timezone", "weekly", "holidays", "country"})
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
LAST = "24:00"
NOT_WINDOWS = 'Not a list of windows such as [["09:00", "17:30"]].'
NOT_HOLIDAYS = 'Not a list of dates such as ["2026-12-25"].'


class Hours(fields.Field[Any]):
    """Business hours as stored: days without windows are left out, holidays are sorted."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValidationError("Not business hours: an object with a time zone and weekly windows.")
        errors: dict[str, Any] = {str(name): ["Unknown field."] for name in value if name not in FIELDS}
        found: dict[str, Any] = {}
        for name, read in READERS.items():
            try:
                found[name] = read(value.get(name))
            except ValidationError as refused:
                errors[name] = refused.messages
        if errors:
            raise ValidationError(errors)
        return found


def _timezone(said: Any) -> str:
    if not isinstance(said, str) or said not in _zones():
        raise ValidationError("Not a known time zone such as Europe/Berlin.")
    return said


def _weekly(said: Any) -> dict[str, list[list[str]]]:
    if not isinstance(said, Mapping):
        raise ValidationError('Not windows by weekday such as {"mon": [["09:00", "17:30"]]}.')
    errors: dict[str, Any] = {
        str(day): ["Not a weekday: mon, tue, wed, thu, fri, sat, sun."] for day in said.keys() - set(DAYS)
    }
    found: dict[str, list[list[str]]] = {}
    for day in (day for day in DAYS if said.get(day)):
        try:
            found[day] = _windows(said[day])
        except ValidationError as refused:
            errors[day] = refused.messages
    if errors:
        raise ValidationError(errors)
    return found


def _windows(said: Any) -> list[list[str]]:
    if not isinstance(said, list | tuple):
        raise ValidationError(NOT_WINDOWS)
    if len(said) > MOST_WINDOWS:
        raise ValidationError(f"At most {MOST_WINDOWS} windows a day.")
    return [_window(one) for one in said]


def _window(said: Any) -> list[str]:
    if not isinstance(said, list | tuple) or len(said) != 2:
        raise ValidationError(NOT_WINDOWS)
    for time in said:
        if not isinstance(time, str) or not TIME.fullmatch(time):
            raise ValidationError("A time is from 00:00 to 24:00, with two digits each.")
    start, end = said
    if start == LAST:
        raise ValidationError("A window starts at 23:59 at the latest; 24:00 can only end one.")
    return [start, end]


def _holidays(said: Any) -> list[str]:
    if said is None:
        return []
    if not isinstance(said, list | tuple):
        raise ValidationError(NOT_HOLIDAYS)
    if len(said) > MOST_HOLIDAYS:
        raise ValidationError(f"At most {MOST_HOLIDAYS} dates.")
    return sorted({_date(one) for one in said})


def _date(said: Any) -> str:
    try:
        day = date.fromisoformat(said)
    except (TypeError, ValueError):
        raise ValidationError(NOT_HOLIDAYS) from None
    if not EARLIEST.date() <= day <= LATEST.date():
        raise ValidationError(f"A holiday is from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}.")
    return day.isoformat()


def _country(said: Any) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str) or not public_holidays.is_known(said):
        raise ValidationError("Not a known country such as DE, or a part of one such as DE-BY.")
    return said


READERS = {"timezone": _timezone, "weekly": _weekly, "holidays": _holidays, "country": _country}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
