"""Whatever happens to conversations and agents shows an assignment within two seconds, and no sweep."""

import pytest

from tests.scenarios.causes import Blocked, Cause, added_to, assigns_at_once, blocked
from tests.scenarios.conftest import Helpdesk

pytestmark = pytest.mark.usefixtures("at_work")
CAUSES: dict[str, Cause] = {}
cause = added_to(CAUSES)


def full(work: Helpdesk, **members: object) -> tuple[Blocked, int]:
    """Ana may hold one, and holds it; a second waits."""
    inbox = work.inbox("Support", "Ana")
    work.capacity("Ana", **{f"inbox_{inbox}": 1})
    [held] = work.bring(inbox, 1)
    work.settles(inbox)
    return blocked(work, inbox), held


@cause
def a_conversation_is_created(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    found = Blocked(work, inbox, 0)

    def create() -> None:
        found.waiting = work.post("/conversations", {"inbox_id": inbox})["id"]

    return found, create


@cause
def a_conversation_is_reopened(work: Helpdesk):
    found = blocked(work, work.inbox("Support", "Ana"), status="resolved")
    return found, lambda: work.post(f"/conversations/{found.waiting}/toggle_status", {"status": "open"})


@cause
def the_customer_writes_on_a_resolved_conversation(work: Helpdesk):
    found = blocked(work, work.inbox("Support", "Ana"), status="resolved")
    return found, lambda: work.post(f"/conversations/{found.waiting}/messages", {"message_type": "incoming"})


@cause
def a_conversation_is_released(work: Helpdesk):
    found = blocked(work, work.inbox("Support", "Ana"), assignee_id=work.agent("Bo"))
    return found, lambda: work.post(f"/conversations/{found.waiting}/assignments", {"assignee_id": None})


@cause
def one_is_resolved_and_makes_room(work: Helpdesk):
    found, held = full(work)
    return found, lambda: work.post(f"/conversations/{held}/toggle_status", {"status": "resolved"})


@cause
def one_is_snoozed_and_makes_room(work: Helpdesk):
    found, held = full(work)
    return found, lambda: work.post(f"/conversations/{held}/toggle_status", {"status": "snoozed"})


@cause
def one_is_handed_over_and_makes_room(work: Helpdesk):
    found, held = full(work)
    return found, lambda: work.post(f"/conversations/{held}/assignments", {"assignee_id": work.agent("Bo")})


@cause
def one_is_resolved_elsewhere_and_makes_room_over_all_inboxes(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    sales = work.inbox("Sales", "Ana")
    policy = work.capacity("Ana")
    work.call("PATCH", f"/agent_capacity_policies/{policy}", {"conversation_limit": 1})
    [held] = work.bring(sales, 1)
    work.settles(sales)
    found = blocked(work, inbox)
    return found, lambda: work.post(f"/conversations/{held}/toggle_status", {"status": "resolved"})


@cause
def an_agent_sends_a_heartbeat(work: Helpdesk):
    inbox = work.inbox("Support")
    work.post(f"/inboxes/{inbox}/members", {"user_ids": [work.agent("Ana")]})
    return blocked(work, inbox), lambda: work.here("Ana")


@cause
def an_agent_becomes_available(work: Helpdesk):
    path = f"/agents/{work.agent('Ana')}/availability"
    inbox = work.inbox("Support", "Ana")
    work.call("PUT", path, {"availability": "busy"})
    return blocked(work, inbox), lambda: work.call("PUT", path, {"availability": "online"})


@cause
def an_agent_is_activated_again(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    work.call("DELETE", f"/agents/{work.agent('Ana')}")

    def back() -> None:
        work.call("PATCH", f"/agents/{work.agent('Ana')}", {"active": True})
        work.post(f"/inboxes/{inbox}/members", {"user_ids": [work.agent("Ana")]})
        work.here("Ana")

    return blocked(work, inbox), back


@cause
def a_member_joins_the_inbox(work: Helpdesk):
    inbox = work.inbox("Support")
    work.here("Ana")
    return blocked(work, inbox), lambda: work.post(f"/inboxes/{inbox}/members", {"user_ids": [work.agent("Ana")]})


@cause
def a_member_joins_the_team(work: Helpdesk):
    inbox, team = work.inbox("Support", "Ana"), work.post("/teams", {"name": "Billing"})["id"]
    found = blocked(work, inbox, team_id=team)
    return found, lambda: work.post(f"/teams/{team}/members", {"user_ids": [work.agent("Ana")]})


@cause
def a_conversation_moves_to_a_team(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    manual = work.post("/teams", {"name": "People", "assignment_type": "manual"})["id"]
    team = work.post("/teams", {"name": "Billing"})["id"]
    work.post(f"/teams/{team}/members", {"user_ids": [work.agent("Ana")]})
    found = blocked(work, inbox, team_id=manual)
    return found, lambda: work.post(f"/conversations/{found.waiting}/assignments", {"team_id": team})


@cause
def an_agent_with_work_is_removed(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    found = blocked(work, inbox, assignee_id=work.agent("Bo"))
    return found, lambda: work.call("DELETE", f"/agents/{work.agent('Bo')}")


@cause
def the_customer_writes_to_an_agent_who_is_away_and_reassigning(work: Helpdesk):
    inbox = work.inbox("Support", "Bo")
    found = blocked(work, inbox)
    work.settles(inbox)
    work.call("PUT", f"/agents/{work.agent('Bo')}/availability", {"availability": "away_and_reassigning"})
    work.post(f"/inboxes/{inbox}/members", {"user_ids": [work.agent("Ana")]})
    work.here("Ana")
    return found, lambda: work.post(f"/conversations/{found.waiting}/messages", {"message_type": "incoming"})


@pytest.mark.parametrize("name", CAUSES)
def test_it_is_assigned_within_two_seconds(helpdesk: Helpdesk, name: str):
    """E30, E31, E36"""
    assigns_at_once(helpdesk, CAUSES[name])
