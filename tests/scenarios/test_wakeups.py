"""Every cause that starts a run shows an assignment within two seconds, and no sweep."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.scenarios.conftest import Helpdesk

pytestmark = pytest.mark.usefixtures("at_work")


@dataclass(slots=True)
class Blocked:
    """An inbox with one conversation that waits for what the test is about."""

    desk: Helpdesk
    inbox: int
    waiting: int


Cause = Callable[[Helpdesk], tuple[Blocked, Callable[[], object]]]
CAUSES: dict[str, Cause] = {}


def cause(prepare: Cause) -> Cause:
    """Add a cause: it prepares what is blocked and returns what unblocks it."""
    CAUSES[prepare.__name__] = prepare
    return prepare


def blocked(desk: Helpdesk, inbox: int, **facts: object) -> Blocked:
    [waiting] = desk.bring(inbox, 1, **facts)
    return Blocked(desk, inbox, waiting)


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
def a_team_is_given_turns(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    team = desk.post("/teams", {"name": "Billing", "assignment_type": "manual"})["id"]
    desk.post(f"/teams/{team}/members", {"user_ids": [desk.agent("Ana")]})
    found = blocked(desk, inbox, team_id=team)
    return found, lambda: desk.call("PATCH", f"/teams/{team}", {"assignment_type": "round_robin"})


@cause
def a_teams_maximum_is_raised(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    team = desk.post("/teams", {"name": "Billing", "max_auto_assigned_conversations": 1})["id"]
    desk.post(f"/teams/{team}/members", {"user_ids": [desk.agent("Ana")]})
    desk.bring(inbox, 1, assignee_id=desk.agent("Ana"))
    found = blocked(desk, inbox, team_id=team)
    return found, lambda: desk.call("PATCH", f"/teams/{team}", {"max_auto_assigned_conversations": 2})


@cause
def a_conversation_moves_to_a_team(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    manual = desk.post("/teams", {"name": "People", "assignment_type": "manual"})["id"]
    team = desk.post("/teams", {"name": "Billing"})["id"]
    desk.post(f"/teams/{team}/members", {"user_ids": [desk.agent("Ana")]})
    found = blocked(desk, inbox, team_id=manual)
    return found, lambda: desk.post(f"/conversations/{found.waiting}/assignments", {"team_id": team})


@cause
def a_capacity_limit_is_raised(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    policy = desk.capacity("Ana", **{f"inbox_{inbox}": 0})
    [limit] = desk.call("GET", f"/agent_capacity_policies/{policy}")["inbox_capacity_limits"]
    path = f"/agent_capacity_policies/{policy}/inbox_limits/{limit['id']}"
    return blocked(desk, inbox), lambda: desk.call("PATCH", path, {"conversation_limit": 1})


@cause
def a_capacity_limit_is_removed(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    policy = desk.capacity("Ana", **{f"inbox_{inbox}": 0})
    [limit] = desk.call("GET", f"/agent_capacity_policies/{policy}")["inbox_capacity_limits"]
    path = f"/agent_capacity_policies/{policy}/inbox_limits/{limit['id']}"
    return blocked(desk, inbox), lambda: desk.call("DELETE", path)


@cause
def an_agent_leaves_their_capacity_policy(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    policy = desk.capacity("Ana", **{f"inbox_{inbox}": 0})
    path = f"/agent_capacity_policies/{policy}/users/{desk.agent('Ana')}"
    return blocked(desk, inbox), lambda: desk.call("DELETE", path)


@cause
def a_capacity_policy_is_deleted(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    policy = desk.capacity("Ana", **{f"inbox_{inbox}": 0})
    return blocked(desk, inbox), lambda: desk.call("DELETE", f"/agent_capacity_policies/{policy}")


@cause
def an_exclusion_rule_is_lifted(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    policy = desk.capacity("Ana", **{f"inbox_{inbox}": 9})
    path = f"/agent_capacity_policies/{policy}"
    desk.call("PATCH", path, {"exclusion_rules": {"excluded_labels": ["VIP"]}})
    found = blocked(desk, inbox, labels=["VIP"])
    return found, lambda: desk.call("PATCH", path, {"exclusion_rules": {"excluded_labels": []}})


@cause
def a_label_is_removed(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    policy = desk.capacity("Ana", **{f"inbox_{inbox}": 9})
    rules = {"exclusion_rules": {"excluded_labels": ["VIP"]}}
    desk.call("PATCH", f"/agent_capacity_policies/{policy}", rules)
    found = blocked(desk, inbox, labels=["VIP"])
    return found, lambda: desk.post(f"/conversations/{found.waiting}/labels", {"labels": []})


@cause
def a_policy_is_linked(desk: Helpdesk):
    inbox = desk.post("/inboxes", {"name": "Support"})["id"]
    desk.post(f"/inboxes/{inbox}/members", {"user_ids": [desk.agent("Ana")]})
    desk.here("Ana")
    policy = desk.post("/assignment_policies", {"name": "In turn"})["id"]
    found = blocked(desk, inbox)
    return found, lambda: desk.post(f"/inboxes/{inbox}/assignment_policy", {"assignment_policy_id": policy})


@cause
def a_policy_is_enabled(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana", enabled=False)
    policy = desk.call("GET", f"/inboxes/{inbox}/assignment_policy")["id"]
    found = blocked(desk, inbox)
    return found, lambda: desk.call("PATCH", f"/assignment_policies/{policy}", {"enabled": True})


@cause
def a_rate_limit_is_raised(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana", fair_distribution_limit=1)
    policy = desk.call("GET", f"/inboxes/{inbox}/assignment_policy")["id"]
    desk.bring(inbox, 1)
    desk.settles(inbox)
    found = blocked(desk, inbox)
    return found, lambda: desk.call("PATCH", f"/assignment_policies/{policy}", {"fair_distribution_limit": 2})


@cause
def the_inbox_is_switched_on(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    desk.call("PATCH", f"/inboxes/{inbox}", {"enable_auto_assignment": False})
    found = blocked(desk, inbox)
    return found, lambda: desk.call("PATCH", f"/inboxes/{inbox}", {"enable_auto_assignment": True})


@cause
def the_account_is_switched_on(desk: Helpdesk):
    inbox = desk.inbox("Support", "Ana")
    desk.call("PATCH", "", {"assignment_v2": False})
    found = blocked(desk, inbox)
    return found, lambda: desk.call("PATCH", "", {"assignment_v2": True})


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
    found, act = CAUSES[name](helpdesk)
    assert not found.waiting or "Ana" not in helpdesk.who([found.waiting])

    act()

    helpdesk.settles(found.inbox, within=2.0)
    assert helpdesk.who([found.waiting]) == ["Ana"]
    runs = helpdesk.call("GET", f"/inboxes/{found.inbox}/assignment_runs")["data"]
    assert {run["source"] for run in runs if run["assigned_count"]} == {"realtime"}
