"""Whatever changes in the rules shows an assignment within two seconds, and no sweep."""

import pytest

from tests.scenarios.causes import Cause, added_to, assigns_at_once, blocked
from tests.scenarios.conftest import Helpdesk

pytestmark = pytest.mark.usefixtures("at_work")
CAUSES: dict[str, Cause] = {}
cause = added_to(CAUSES)


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


@pytest.mark.parametrize("name", CAUSES)
def test_it_is_assigned_within_two_seconds_of_the_change(helpdesk: Helpdesk, name: str):
    """E30"""
    assigns_at_once(helpdesk, CAUSES[name])
