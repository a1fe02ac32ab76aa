"""Whatever happens to conversations and agents shows an assignment within two seconds, and no sweep."""

import pytest

from tests.scenarios.causes import Blocked, Cause, added_to, assigns_at_once, blocked
from tests.scenarios.conftest import Helpdesk

pytestmark = pytest.mark.usefixtures("at_work")
CAUSES: dict[str, Cause] = {}
cause = added_to(CAUSES)


def full(desk: Helpdesk, **members: object) -> tuple[Blocked, int]:
    """Ana may hold one, and holds it; a second waits."""
    inbox = desk.inbox("Support", "Ana")
    desk.capacity("Ana", **{f"inbox_{inbox}": 1})
    [held] = desk.bring(inbox, 1)
    desk.settles(inbox)
    return blocked(desk, inbox), held


@cause
def a_conversation_is_created(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    found = Blocked(desk, inbox, 0)

    def create() -> None:
        found.waiting = desk.post("/conversations", {"inbox_id": inbox})["id"]

    return found, create


@cause
def a_conversation_is_reopened(desk: Helpdesk):
    found = blocked(desk, desk.inbox("Support", "Ana"), status="resolved")
    return found, lambda: desk.post(f"/conversations/{found.waiting}/toggle_status", {"status": "open"})


@cause
def the_customer_writes_on_a_resolved_conversation(desk: Helpdesk):
    found = blocked(desk, desk.inbox("Support", "Ana"), status="resolved")
    return found, lambda: desk.post(f"/conversations/{found.waiting}/messages", {"message_type": "incoming"})


@cause
def a_conversation_is_released(desk: Helpdesk):
    found = blocked(desk, desk.inbox("Support", "Ana"), assignee_id=desk.agent("Bo"))
    return found, lambda: desk.post(f"/conversations/{found.waiting}/assignments", {"assignee_id": None})


@cause
def one_is_resolved_and_makes_room(desk: Helpdesk):
    found, held = full(desk)
    return found, lambda: desk.post(f"/conversations/{held}/toggle_status", {"status": "resolved"})


@cause
def one_is_snoozed_and_makes_room(desk: Helpdesk):
    found, held = full(desk)
    return found, lambda: desk.post(f"/conversations/{held}/toggle_status", {"status": "snoozed"})


@cause
def one_is_handed_over_and_makes_room(desk: Helpdesk):
    found, held = full(desk)
    return found, lambda: desk.post(f"/conversations/{held}/assignments", {"assignee_id": desk.agent("Bo")})


@cause
def one_is_resolved_elsewhere_and_makes_room_over_all_inboxes(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    sales = desk.inbox("Sales", "Ana")
    policy = desk.capacity("Ana")
    desk.call("PATCH", f"/agent_capacity_policies/{policy}", {"conversation_limit": 1})
    [held] = desk.bring(sales, 1)
    desk.settles(sales)
    found = blocked(desk, inbox)
    return found, lambda: desk.post(f"/conversations/{held}/toggle_status", {"status": "resolved"})


@cause
def an_agent_sends_a_heartbeat(desk: Helpdesk):
    inbox = desk.inbox("Support")
    desk.post(f"/inboxes/{inbox}/members", {"user_ids": [desk.agent("Ana")]})
    return blocked(desk, inbox), lambda: desk.here("Ana")


@cause
def an_agent_becomes_available(desk: Helpdesk):
    path = f"/agents/{desk.agent('Ana')}/availability"
    inbox = desk.inbox("Support", "Ana")
    desk.call("PUT", path, {"availability": "busy"})
    return blocked(desk, inbox), lambda: desk.call("PUT", path, {"availability": "online"})


@cause
def an_agent_is_activated_again(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    desk.call("DELETE", f"/agents/{desk.agent('Ana')}")

    def back() -> None:
        desk.call("PATCH", f"/agents/{desk.agent('Ana')}", {"active": True})
        desk.post(f"/inboxes/{inbox}/members", {"user_ids": [desk.agent("Ana")]})
        desk.here("Ana")

    return blocked(desk, inbox), back


@cause
def a_member_joins_the_inbox(desk: Helpdesk):
    inbox = desk.inbox("Support")
    desk.here("Ana")
    return blocked(desk, inbox), lambda: desk.post(f"/inboxes/{inbox}/members", {"user_ids": [desk.agent("Ana")]})


@cause
def a_member_joins_the_team(desk: Helpdesk):
    inbox, team = desk.inbox("Support", "Ana"), desk.post("/teams", {"name": "Billing"})["id"]
    found = blocked(desk, inbox, team_id=team)
    return found, lambda: desk.post(f"/teams/{team}/members", {"user_ids": [desk.agent("Ana")]})


@cause
def a_conversation_moves_to_a_team(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    manual = desk.post("/teams", {"name": "People", "assignment_type": "manual"})["id"]
    team = desk.post("/teams", {"name": "Billing"})["id"]
    desk.post(f"/teams/{team}/members", {"user_ids": [desk.agent("Ana")]})
    found = blocked(desk, inbox, team_id=manual)
    return found, lambda: desk.post(f"/conversations/{found.waiting}/assignments", {"team_id": team})


@cause
def an_agent_with_work_is_removed(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    found = blocked(desk, inbox, assignee_id=desk.agent("Bo"))
    return found, lambda: desk.call("DELETE", f"/agents/{desk.agent('Bo')}")


@cause
def the_customer_writes_to_an_agent_who_is_away_and_reassigning(desk: Helpdesk):
    inbox = desk.inbox("Support", "Bo")
    found = blocked(desk, inbox)
    desk.settles(inbox)
    desk.call("PUT", f"/agents/{desk.agent('Bo')}/availability", {"availability": "away_and_reassigning"})
    desk.post(f"/inboxes/{inbox}/members", {"user_ids": [desk.agent("Ana")]})
    desk.here("Ana")
    return found, lambda: desk.post(f"/conversations/{found.waiting}/messages", {"message_type": "incoming"})


@pytest.mark.parametrize("name", CAUSES)
def test_it_is_assigned_within_two_seconds(helpdesk: Helpdesk, name: str):
    """E30, E31, E36"""
    assigns_at_once(helpdesk, CAUSES[name])
