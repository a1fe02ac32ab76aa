"""The hours of an inbox on its page (E62)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from dashboard import clock
from dashboard.store.inboxes import inboxes
from tests.desks import Acme
from tests.pages import HTMX, Looker, waiting_for

FORM = {"way": "save", "timezone": "Europe/Berlin", "mon": "09:00-12:00, 13:00 \u2013 17:30", "country": "de"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours_of(acme: Acme) -> Any:
    row = inboxes.shelf.find(acme.work.session, acme.account_id, acme.support)
    acme.work.session.rollback()
    assert row
    return row.business_hours


def closed_now() -> dict[str, str]:
    """Return a form with one window, in two days."""
    return {"way": "save", "timezone": "UTC", DAYS[(clock.now() + timedelta(days=2)).weekday()]: "09:00-10:00"}


def test_an_inbox_without_hours_has_an_example_in_a_closed_control_and_an_empty_form_changes_nothing(
    mara: Looker, acme: Acme
) -> None:
    """E62"""
    text = mara.get(f"/inboxes/{acme.support}").text

    assert "Hours: open always" in text
    assert '<details class="removal hours" id="hours">' in text
    assert 'name="mon" value="" maxlength="200" placeholder="09:00-17:00"' in text
    mara.post(f"/inboxes/{acme.support}/hours", {"way": "save", "timezone": "", "mon": ""})
    assert hours_of(acme) is None


@pytest.mark.parametrize("how", [{}, {"headers": HTMX}])
def test_hours_are_saved_as_they_are_typed_and_removed(mara: Looker, acme: Acme, how: dict[str, Any]) -> None:
    """E62: with and without JavaScript."""
    path = f"/inboxes/{acme.support}/hours"

    mara.post(path, {**FORM, "holidays": "2026-12-31, 2026-12-24"}, **how)
    saved = hours_of(acme)
    mara.post(path, {"way": "always"}, **how)

    assert saved == {
        "timezone": "Europe/Berlin",
        "weekly": {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]},
        "holidays": ["2026-12-24", "2026-12-31"],
        "country": "DE",
    }
    assert hours_of(acme) is None


def test_wrong_hours_are_shown_again_with_what_is_wrong(mara: Looker, acme: Acme) -> None:
    """E62"""
    refused = mara.post(f"/inboxes/{acme.support}/hours", {**FORM, "tue": "nine to five"})

    assert refused.status_code == 422
    assert 'value="nine to five"' in refused.text
    assert 'id="hours" open' in refused.text
    assert "Not a list of windows" in refused.text
    assert hours_of(acme) is None


def test_hours_that_somebody_else_changed_meanwhile_are_not_overwritten(mara: Looker, acme: Acme) -> None:
    """E62: the form was rendered from an inbox that was always open."""
    path, drawn = f"/inboxes/{acme.support}/hours", json.dumps({"facts": {"business_hours": None}, "untouched": {}})
    mara.post(path, {**FORM, "drawn": drawn})

    refused = mara.post(path, {**FORM, "mon": "10:00-11:00", "drawn": drawn})

    assert refused.status_code == 409
    assert "set this at" in refused.text
    assert hours_of(acme)["weekly"] == {"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}


def test_a_closed_inbox_says_so_calmly_on_its_page_in_the_list_and_on_the_board(mara: Looker, acme: Acme) -> None:
    """E62"""
    acme.policy("Support")
    waiting_for(acme, 2, minutes=30)
    mara.post(f"/inboxes/{acme.support}/hours", closed_now())

    page, inbox_list, board = (mara.get(path).text for path in (f"/inboxes/{acme.support}", "/inboxes", "/"))

    assert "Hours: Closed; opens " in page
    assert '<span class="said" data-level="calm">outside its hours</span>' in inbox_list
    assert '<span class="said" data-level="calm">outside its hours, opens <time' in board


def test_the_audit_log_tells_the_hours(mara: Looker, acme: Acme) -> None:
    """E62"""
    mara.post(f"/inboxes/{acme.support}/hours", FORM)

    text = mara.get("/audit").text

    assert "open always" in text
    assert "mon 09:00-12:00, 13:00-17:30, Europe/Berlin, holidays of DE" in text
