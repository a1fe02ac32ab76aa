"""Business hours of an inbox through the API (E62)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard import clock
from tests.api.conftest import Caller
from tests.desks import Acme

OFFICE = {
    "timezone": "Europe/Berlin",
    "weekly": {"mon": [["09:00", "17:30"]], "fri": [["09:00", "12:00"], ["13:00", "24:00"]]},
    "holidays": ["2026-12-25"],
    "country": "DE",
}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours(**fields: Any) -> dict[str, Any]:
    return {"business_hours": {**OFFICE, **fields}}


def test_hours_are_kept_as_they_were_given_and_null_is_always_open(supervisor: Caller, acme: Acme) -> None:
    """E62"""
    path = f"/inboxes/{acme.support}"

    given = supervisor.patch(path, hours()).json
    removed = supervisor.patch(path, {"business_hours": None}).json
    made = supervisor.post("/inboxes", {"name": "Returns", **hours(country="DE-BY")}).json

    assert given["business_hours"] == OFFICE
    assert (removed["business_hours"], removed["open_now"], removed["opens_at"]) == (None, True, None)
    assert made["business_hours"]["country"] == "DE-BY"


def test_a_closed_inbox_has_its_next_opening_and_an_open_one_has_none(supervisor: Caller, acme: Acme) -> None:
    """E62"""
    path, now = f"/inboxes/{acme.support}", clock.now()
    day = DAYS[(now + timedelta(days=2)).weekday()]

    closed = supervisor.patch(
        path, hours(timezone="UTC", weekly={day: [["09:00", "10:00"]]}, holidays=[], country=None)
    )
    always = supervisor.patch(
        path, hours(weekly={one: [["00:00", "24:00"]] for one in DAYS}, holidays=[], country=None)
    )
    never = supervisor.patch(path, hours(weekly={}))

    in_two_days = (now + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    assert closed.json["open_now"] is False
    assert datetime.fromisoformat(closed.json["opens_at"]) == in_two_days
    assert (always.json["open_now"], always.json["opens_at"]) == (True, None)
    assert (never.json["open_now"], never.json["opens_at"]) == (False, None)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"timezone": "Europe/Nowhere"}, "timezone"),
        ({"timezone": None}, "timezone"),
        ({"weekly": []}, "weekly"),
        ({"weekly": {"monday": []}}, "weekly.monday"),
        ({"weekly": {"mon": [["9:00", "17:30"]]}}, "weekly.mon"),
        ({"weekly": {"mon": [["09:00", "25:00"]]}}, "weekly.mon"),
        ({"weekly": {"mon": [["24:00", "03:00"]]}}, "weekly.mon"),
        ({"weekly": {"mon": [["09:00"]]}}, "weekly.mon"),
        ({"weekly": {"mon": "09:00-17:30"}}, "weekly.mon"),
        ({"weekly": {"tue": [["09:00", "10:00"]] * 11}}, "weekly.tue"),
        ({"holidays": ["25 December"]}, "holidays"),
        ({"holidays": [20261225]}, "holidays"),
        ({"holidays": ["1026-12-25"]}, "holidays"),
        ({"country": "XX"}, "country"),
        ({"country": "DE-XX"}, "country"),
        ({"country": "HolidayBase"}, "country"),
        ({"open": True}, "open"),
    ],
)
def test_wrong_hours_are_refused_by_the_name_of_the_field(
    supervisor: Caller, acme: Acme, wrong: dict[str, Any], field: str
) -> None:
    """E62"""
    refused = supervisor.patch(f"/inboxes/{acme.support}", hours(**wrong))

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [f"business_hours.{field}"]
    assert supervisor.get(f"/inboxes/{acme.support}").json["business_hours"] is None


def test_hours_that_are_no_object_are_refused(supervisor: Caller, acme: Acme) -> None:
    """E62"""
    refused = supervisor.patch(f"/inboxes/{acme.support}", {"business_hours": "always"})

    assert list(refused.json["errors"]) == ["business_hours"]
