"""Teams on the live board: who is asked only for a team's work, and a maximum that is reached."""

from dashboard import clock
from tests.desks import Acme
from tests.pages import Looker, waiting_for
from tests.web.board.test_board import seen


def test_a_teams_maximum_that_is_reached_is_shown_and_stops_what_waits_for_the_team(mara: Looker, acme: Acme) -> None:
    """E17. Seen to fail with everybody judged for no team: "agents are free, but no run has come"."""
    acme.policy("Support")
    billing = acme.team("Billing", "Ana", "Bo", max_auto_assigned_conversations=2)
    acme.held("Ana", 2)
    acme.held("Bo", 3, "Sales")
    acme.online(*acme.agents, at=clock.now())
    waiting_for(acme, 2, minutes=1, team_id=billing)

    board = mara.get("/")

    support = seen(board, f"inbox-{acme.support}")
    assert "all at capacity" in support
    assert "members 2 online 2 under the rate limit 2 with capacity 0" in support
    assert "Billing 2/2" in seen(board, f"agent-{acme.agents['Ana']}")
    assert "Billing 3/2" in seen(board, f"agent-{acme.agents['Bo']}")
    assert "Billing" not in seen(board, f"agent-{acme.agents['Cleo']}")
    assert "4 free" in seen(board, "agents")


def test_who_is_asked_only_for_a_full_teams_work_is_full(mara: Looker, acme: Acme) -> None:
    """E11, E17. Seen to fail with members alone judged: "2 free"."""
    acme.policy("Sales")
    for name in ("Ana", "Bo"):
        acme.leave("Sales", name)
    for name in ("Ana", "Cleo"):
        acme.leave("Support", name)
    night = acme.team("Night", "Ana", "Cleo", max_auto_assigned_conversations=1)
    acme.held("Cleo", 1)
    acme.online("Ana", "Cleo", at=clock.now())
    waiting_for(acme, 1, minutes=1, inbox="Sales", team_id=night)

    board = mara.get("/")
    in_sales = mara.get(f"/?inbox={acme.sales}").text

    assert "1 free 1 full" in seen(board, "agents")
    assert "Night 1/1" in seen(board, f"agent-{acme.agents['Cleo']}")
    assert "no members" not in seen(board, f"inbox-{acme.sales}")
    assert f'id="agent-{acme.agents["Ana"]}"' in in_sales
    assert f'id="agent-{acme.agents["Bo"]}"' not in in_sales


def test_what_is_left_to_people_makes_nobody_free(mara: Looker, acme: Acme) -> None:
    """E12"""
    acme.policy("Support")
    vip = acme.team("VIP", "Ana", assignment_type="manual")
    acme.capacity("Ana", {"Support": 0, "Sales": 0})
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=1, team_id=vip)

    board = mara.get("/")

    assert "1 full" in seen(board, "agents")
    assert "left to their team" in seen(board, f"inbox-{acme.support}")
