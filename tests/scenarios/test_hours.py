"""Hours open and close, and agents come back, by the clock alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard import clock
from tests.scenarios.conftest import Helpdesk
from tests.waiting import eventually, promptly

pytestmark = pytest.mark.usefixtures("at_work")
MINUTE = timedelta(minutes=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def next_minute() -> datetime:
    """Return the second next full minute: there is time to prepare before it."""
    return clock.now().replace(second=0, microsecond=0) + 2 * MINUTE


def all_day_from(at: datetime, *, until: datetime) -> dict[str, Any]:
    """Return hours that open every day at one minute and close at another, in UTC."""
    times = [f"{one.astimezone(UTC):%H:%M}" for one in (at, until)]
    return {"business_hours": {"timezone": "UTC", "weekly": {day: [times] for day in DAYS}}}


@pytest.mark.gate
def test_at_the_minute_of_the_opening_a_run_assigns_what_waits(helpdesk: Helpdesk):
    """E62: the watch rests, so that only the wake-up of the stopped run can start this run."""
    inbox, opening = helpdesk.inbox("Returns", "Ana"), next_minute()
    hours = all_day_from(opening, until=opening - 5 * MINUTE)
    closed = helpdesk.call("PATCH", f"/inboxes/{inbox}", hours)
    waiting = helpdesk.bring(inbox, 3)
    eventually(lambda: [run["reason"] for run in helpdesk.runs(inbox)[:1]] == ["outside_hours"])
    told = helpdesk.call("GET", f"/conversations/{waiting[0]}/explanation")

    eventually(lambda: clock.now() >= opening)
    promptly(lambda: helpdesk.waiting(inbox) == 0, within=5.0)

    assert (closed["open_now"], datetime.fromisoformat(closed["opens_at"])) == (False, opening)
    assert datetime.fromisoformat(told["next_possible_at"]) == opening
    assert helpdesk.who(waiting) == ["Ana"] * 3
    [assigning] = [run for run in helpdesk.runs(inbox) if run["assigned_count"]]
    assert assigning["source"] == "wakeup"
    assert datetime.fromisoformat(assigning["started_at"]) >= opening
    assert helpdesk.call("GET", f"/inboxes/{inbox}")["open_now"] is True


def test_hours_that_close_leave_the_rest_of_a_backlog_waiting_until_they_open(helpdesk: Helpdesk):
    """E2, E62: what was assigned before stands."""
    inbox = helpdesk.inbox("Returns", "Ana")
    given = helpdesk.bring(inbox, 2)
    helpdesk.settles(inbox)
    yesterday = clock.now() - timedelta(days=1)
    helpdesk.call("PATCH", f"/inboxes/{inbox}", all_day_from(yesterday - 9 * MINUTE, until=yesterday - 5 * MINUTE))

    left = helpdesk.bring(inbox, 2)
    eventually(lambda: [run["reason"] for run in helpdesk.runs(inbox)[:1]] == ["outside_hours"])
    closed = helpdesk.who([*given, *left])
    helpdesk.call("PATCH", f"/inboxes/{inbox}", {"business_hours": None})
    helpdesk.settles_at_once(inbox)

    assert closed == ["Ana", "Ana", "-", "-"]


@pytest.mark.gate
def test_an_agent_whose_absence_ends_is_assigned_what_waits_within_five_seconds(helpdesk: Helpdesk):
    """E66"""
    inbox, back_at = helpdesk.inbox("Returns", "Ana"), clock.now() + timedelta(seconds=8)
    path = f"/agents/{helpdesk.agent('Ana')}"
    absence = {"availability": "busy", "availability_until": back_at.isoformat()}
    helpdesk.call("PUT", f"{path}/availability", absence)
    waiting = helpdesk.bring(inbox, 1)
    eventually(lambda: [run["reason"] for run in helpdesk.runs(inbox)[:1]] == ["nobody_online"])

    eventually(lambda: clock.now() >= back_at)
    promptly(lambda: helpdesk.waiting(inbox) == 0, within=5.0)

    found = helpdesk.call("GET", path)
    assert helpdesk.who(waiting) == ["Ana"]
    assert (found["availability"], found["availability_until"]) == ("online", None)
