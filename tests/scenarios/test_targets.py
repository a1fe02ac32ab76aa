"""Targets by priority: an urgent conversation overtakes, and every wait has an end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard import clock
from tests.scenarios.conftest import Helpdesk
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("at_work")
MINUTE = timedelta(minutes=1)
TARGETS = {"1": 15, "2": 60, "3": 240, "4": 480, "none": 240}
RULES = {"conversation_priority": "soonest_due", "response_targets": TARGETS}
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def brought(helpdesk: Helpdesk, inbox: int, priority: int | None, *, minutes_ago: float) -> int:
    """Bring a conversation that has waited for some minutes."""
    at = clock.now() - minutes_ago * MINUTE
    body = {"inbox_id": inbox, "priority": priority, "created_at": at.isoformat()}
    return int(helpdesk.post("/conversations", body)["id"])


def queue(helpdesk: Helpdesk, inbox: int) -> list[dict[str, Any]]:
    """Return what waits, in the order of assignment."""
    found: list[dict[str, Any]] = helpdesk.call("GET", f"/conversations?inbox_id={inbox}&waiting=true")["data"]
    return found


def held(helpdesk: Helpdesk, inbox: int) -> list[int]:
    wanted = f"/conversations?inbox_id={inbox}&status=open&assignee_id={helpdesk.agent('Ana')}"
    return [one["id"] for one in helpdesk.call("GET", wanted)["data"]]


def handled_in_order(helpdesk: Helpdesk, inbox: int, *, arriving: int) -> list[int]:
    """Resolve one after the other while urgent ones go on arriving; return the ids in the order of assignment."""
    order: list[int] = []
    while True:
        eventually(lambda: held(helpdesk, inbox) or not queue(helpdesk, inbox))
        if not (now_held := held(helpdesk, inbox)):
            return order
        assert len(now_held) == 1
        order += now_held
        if len(order) <= arriving:
            brought(helpdesk, inbox, 1, minutes_ago=0)
        helpdesk.post(f"/conversations/{now_held[0]}/toggle_status", {"status": "resolved"})


def test_four_priorities_go_by_what_is_due_and_none_of_them_starves(helpdesk: Helpdesk):
    """E54, E55: scenario (a). Urgent ones keep coming; what is overdue goes before each of them."""
    inbox = helpdesk.inbox("Targets", "Ana", **RULES)
    helpdesk.capacity("Ana", **{f"inbox_{inbox}": 1})
    first = brought(helpdesk, inbox, 1, minutes_ago=0)
    eventually(lambda: held(helpdesk, inbox) == [first])
    waits = [(4, 490), (None, 230), (3, 300), (2, 30), (1, 0), (4, 0)]
    ids = [brought(helpdesk, inbox, priority, minutes_ago=ago) for priority, ago in waits]
    low, plain, medium, high, urgent, newest = ids
    told = helpdesk.call("GET", f"/conversations/{urgent}/explanation")
    waiting = queue(helpdesk, inbox)

    order = handled_in_order(helpdesk, inbox, arriving=4)

    # Overdue: medium for an hour, low for ten minutes. Due in 10 plain, in 15 urgent, in 30 high, in 480 the newest.
    assert [one["id"] for one in waiting] == [medium, low, plain, urgent, high, newest]
    assert [one["due_at"] for one in waiting] == sorted(one["due_at"] for one in waiting)
    assert told["position"] == 4
    assert told["sentence"].endswith("3 conversations are due before it.")
    assert order[:5] == [first, medium, low, plain, urgent]
    assert order[-2:] == [high, newest]
    assert len(order) == len(ids) + 5


def test_a_change_of_targets_reorders_what_waits_by_itself(helpdesk: Helpdesk):
    """E54: the job of the timetable renews it."""
    inbox = helpdesk.inbox("Renewed", "Ana", **RULES)
    helpdesk.capacity("Ana", **{f"inbox_{inbox}": 0})
    low, plain = (brought(helpdesk, inbox, priority, minutes_ago=5) for priority in (4, None))
    policy = helpdesk.call("GET", f"/inboxes/{inbox}/assignment_policy")
    before = [one["id"] for one in queue(helpdesk, inbox)]

    changed = helpdesk.call("PATCH", f"/assignment_policies/{policy['id']}", {"response_targets": {"4": 10}})
    eventually(lambda: [one["id"] for one in queue(helpdesk, inbox)] == [low, plain])
    eventually(lambda: [one["due_at"] is None for one in queue(helpdesk, inbox)] == [False, True])

    assert before == [plain, low]
    assert changed["response_targets"] == {"1": None, "2": None, "3": None, "4": 10, "none": None}


def test_an_answer_counts_open_hours_only(helpdesk: Helpdesk):
    """E54, E62: an inbox that is never open never has anything due; open always, its time runs."""
    inbox = helpdesk.inbox("Hours", **RULES)
    helpdesk.call("PATCH", f"/inboxes/{inbox}", {"business_hours": {"timezone": "UTC", "weekly": {}}})
    never = brought(helpdesk, inbox, 1, minutes_ago=5)
    closed = helpdesk.call("GET", f"/conversations/{never}")["due_at"]
    whole = {"timezone": "UTC", "weekly": {day: [["00:00", "24:00"]] for day in EVERY_DAY}}

    helpdesk.call("PATCH", f"/inboxes/{inbox}", {"business_hours": whole})
    helpdesk.call("PATCH", f"/conversations/{never}", {"priority": 2})

    shown = helpdesk.call("GET", f"/conversations/{never}")
    assert closed is None
    assert clock.now() + 54 * MINUTE < datetime.fromisoformat(shown["due_at"]) < clock.now() + 55 * MINUTE
