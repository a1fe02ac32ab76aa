"""The live board as data."""

from datetime import timedelta

from dashboard import clock
from dashboard.engine.model import Role
from tests.api.conftest import Caller
from tests.desks import Acme

MINUTE = timedelta(minutes=1)


def test_the_board_says_what_waits_why_and_who_is_free(supervisor: Caller, acme: Acme) -> None:
    """E56, E18"""
    acme.policy("Support")
    acme.capacity("Bo", {"Support": 2}, conversation_limit=5)
    now = clock.now()
    acme.online("Bo", at=now)
    acme.held("Bo", 2)
    acme.waiting(1, created_at=now - 14 * MINUTE, respond_by=now - MINUTE)
    acme.waiting(1, created_at=now - 2 * MINUTE, respond_by=now + 3 * MINUTE)

    board = supervisor.get("/board").json

    support = next(one for one in board["inboxes"] if one["id"] == acme.support)
    bo = next(one for one in board["agents"] if one["name"] == "Bo")
    # Bo is full in Support, and free for Sales.
    assert (board["waiting"], board["online"], board["free"]) == (2, 1, 1)
    assert (board["overdue"], board["at_risk"]) == (1, 1)
    assert board["oldest_wait_seconds"] >= 14 * 60
    assert board["stranded"] == {"count": 0, "checked_at": None}
    assert (support["waiting"], support["reasons"]) == (2, {"all_at_capacity": 2})
    assert (support["members"], support["online"], support["free"]) == (4, 1, 0)
    assert (support["overdue"], support["at_risk"], support["within_target"]) == (1, 1, {"met": 0, "of": 1})
    assert (bo["presence"], bo["open"]) == ("online", 2)
    assert bo["limits"] == [
        {"inbox_id": acme.sales, "open": 0, "limit": None},
        {"inbox_id": acme.support, "open": 2, "limit": 2},
        {"inbox_id": None, "open": 2, "limit": 5},
    ]


def test_an_agent_sees_their_own_inboxes(call_as, acme: Acme) -> None:
    """E56"""
    acme.waiting(1)
    acme.waiting(1, "Sales")
    cleo = call_as(Role.AGENT, user_id=acme.agents["Cleo"])

    board = cleo.get("/board").json

    assert [one["name"] for one in board["inboxes"]] == ["Support"]
    assert board["waiting"] == 1


def test_a_board_without_anything_has_nothing_due(supervisor: Caller, acme: Acme) -> None:
    """E56"""
    board = supervisor.get("/board").json

    assert (board["waiting"], board["oldest_wait_seconds"], board["overdue"], board["at_risk"]) == (0, None, 0, 0)
    assert {one["within_target"]["of"] for one in board["inboxes"]} == {0}
    assert {one["presence"] for one in board["agents"]} == {"offline"}
