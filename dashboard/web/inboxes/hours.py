"""The form of an inbox's business hours: one line of text a day (E62)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, request

from dashboard.services.inboxes.opening import Opening
from dashboard.web.core import form_input, timezones

DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
NAMED_BY_WEEKDAY = timedelta(days=6)
DASHES = re.compile(r"\s*[-\u2013]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursFields:
    """The texts of the form's fields; `weekly` by the key of the day."""

    timezone: str
    weekly: Mapping[str, str]
    holidays: str
    country: str


def init_app(app: Flask) -> None:
    """Add the fields and the state of an inbox's hours to the templates."""
    app.jinja_env.globals.update(hours_fields=fields, weekday_names=DAYS, own_timezone=timezones.name)
    app.jinja_env.filters.update(opening=state)


def typed() -> dict[str, Any] | None:
    """Return the sent hours for the service's form, None for an inbox that is always open, as if nothing is sent."""
    hours = {
        "timezone": form_input.text("timezone"),
        "weekly": {day: windows for day in DAYS if (windows := _windows(request.form.get(day, "")))},
        "holidays": request.form.get("holidays", "").replace(",", " ").split(),
        "country": (form_input.text("country") or "").upper() or None,
    }
    return hours if any(hours.values()) and request.form.get("way") != "always" else None


def fields(stored: Mapping[str, Any] | None, *, is_wrong: bool = False) -> HoursFields:
    """Return the fields: as sent if they are wrong, else as stored; empty for an inbox that is always open."""
    if is_wrong:
        said = request.form
        weekly = {day: said.get(day, "") for day in DAYS}
        return HoursFields(
            timezone=said.get("timezone", ""),
            weekly=weekly,
            holidays=said.get("holidays", ""),
            country=said.get("country", ""),
        )
    if stored is None:
        return HoursFields(timezone="", weekly=dict.fromkeys(DAYS, ""), holidays="", country="")
    return HoursFields(
        timezone=stored["timezone"],
        weekly={day: text_of(stored["weekly"].get(day, ())) for day in DAYS},
        holidays=" ".join(stored["holidays"]),
        country=stored["country"] or "",
    )


def text_of(windows: Any) -> str:
    """Return the windows of a day as they are typed."""
    return ", ".join(f"{start}-{end}" for start, end in windows)


def state(found: Opening, now: datetime) -> str:
    """Return whether the hours are open, and the next change on their own wall clock."""
    if found.is_open:
        return f"Open now, until {_wall(found.closes_at, found, now)}" if found.closes_at else "Open now"
    return f"Closed; opens {_wall(found.opens_at, found, now)}" if found.opens_at else "Closed; never opens"


def _wall(at: datetime, found: Opening, now: datetime) -> str:
    here, today = at.astimezone(found.zone), now.astimezone(found.zone).date()
    if here.date() == today:
        return f"{here:%H:%M}"
    return f"{here:%a %H:%M}" if at - now < NAMED_BY_WEEKDAY else f"{here:%a %-d %b %Y, %H:%M}"


def _windows(text: str) -> list[list[str]]:
    """Return the windows of a line such as 09:00-12:00, 13:00-17:30; the form refuses what is none."""
    parts = (part.strip() for part in text.split(","))
    return [DASHES.split(part) for part in parts if part]
