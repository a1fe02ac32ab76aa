"""Whatever changes in the rules shows an assignment within two seconds, and no sweep."""

import pytest

from tests.scenarios.causes import Cause, added_to, assigns_at_once, blocked
from tests.scenarios.conftest import Helpdesk

pytestmark = pytest.mark.usefixtures("at_work")
CAUSES: dict[str, Cause] = {}
cause = added_to(CAUSES)


@cause
def a_team_is_given_turns(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    team = work.post("/teams", {"name": "Billing", "assignment_type": "manual"})["id"]
    work.post(f"/teams/{team}/members", {"user_ids": [work.agent("Ana")]})
    found = blocked(work, inbox, team_id=team)
    return found, lambda: work.call("PATCH", f"/teams/{team}", {"assignment_type": "round_robin"})


@cause
def a_teams_maximum_is_raised(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    team = work.post("/teams", {"name": "Billing", "max_auto_assigned_conversations": 1})["id"]
    work.post(f"/teams/{team}/members", {"user_ids": [work.agent("Ana")]})
    work.bring(inbox, 1, assignee_id=work.agent("Ana"))
    found = blocked(work, inbox, team_id=team)
    return found, lambda: work.call("PATCH", f"/teams/{team}", {"max_auto_assigned_conversations": 2})


@cause
def a_capacity_limit_is_raised(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    policy = work.capacity("Ana", **{f"inbox_{inbox}": 0})
    [limit] = work.call("GET", f"/agent_capacity_policies/{policy}")["inbox_capacity_limits"]
    path = f"/agent_capacity_policies/{policy}/inbox_limits/{limit['id']}"
    return blocked(work, inbox), lambda: work.call("PATCH", path, {"conversation_limit": 1})


@cause
def a_capacity_limit_is_removed(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    policy = work.capacity("Ana", **{f"inbox_{inbox}": 0})
    [limit] = work.call("GET", f"/agent_capacity_policies/{policy}")["inbox_capacity_limits"]
    path = f"/agent_capacity_policies/{policy}/inbox_limits/{limit['id']}"
    return blocked(work, inbox), lambda: work.call("DELETE", path)


@cause
def an_agent_leaves_their_capacity_policy(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    policy = work.capacity("Ana", **{f"inbox_{inbox}": 0})
    path = f"/agent_capacity_policies/{policy}/users/{work.agent('Ana')}"
    return blocked(work, inbox), lambda: work.call("DELETE", path)


@cause
def a_capacity_policy_is_deleted(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    policy = work.capacity("Ana", **{f"inbox_{inbox}": 0})
    return blocked(work, inbox), lambda: work.call("DELETE", f"/agent_capacity_policies/{policy}")


@cause
def an_exclusion_rule_is_lifted(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    policy = work.capacity("Ana", **{f"inbox_{inbox}": 9})
    path = f"/agent_capacity_policies/{policy}"
    work.call("PATCH", path, {"exclusion_rules": {"excluded_labels": ["VIP"]}})
    found = blocked(work, inbox, labels=["VIP"])
    return found, lambda: work.call("PATCH", path, {"exclusion_rules": {"excluded_labels": []}})


@cause
def a_label_is_removed(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    policy = work.capacity("Ana", **{f"inbox_{inbox}": 9})
    rules = {"exclusion_rules": {"excluded_labels": ["VIP"]}}
    work.call("PATCH", f"/agent_capacity_policies/{policy}", rules)
    found = blocked(work, inbox, labels=["VIP"])
    return found, lambda: work.post(f"/conversations/{found.waiting}/labels", {"labels": []})


@cause
def a_policy_is_linked(work: Helpdesk):
    inbox = work.post("/inboxes", {"name": "Support"})["id"]
    work.post(f"/inboxes/{inbox}/members", {"user_ids": [work.agent("Ana")]})
    work.here("Ana")
    policy = work.post("/assignment_policies", {"name": "In turn"})["id"]
    found = blocked(work, inbox)
    return found, lambda: work.post(f"/inboxes/{inbox}/assignment_policy", {"assignment_policy_id": policy})


@cause
def a_policy_is_enabled(work: Helpdesk):
    inbox = work.inbox("Support", "Ana", enabled=False)
    policy = work.call("GET", f"/inboxes/{inbox}/assignment_policy")["id"]
    found = blocked(work, inbox)
    return found, lambda: work.call("PATCH", f"/assignment_policies/{policy}", {"enabled": True})


@cause
def a_rate_limit_is_raised(work: Helpdesk):
    inbox = work.inbox("Support", "Ana", fair_distribution_limit=1)
    policy = work.call("GET", f"/inboxes/{inbox}/assignment_policy")["id"]
    work.bring(inbox, 1)
    work.settles(inbox)
    found = blocked(work, inbox)
    return found, lambda: work.call("PATCH", f"/assignment_policies/{policy}", {"fair_distribution_limit": 2})


@cause
def the_inbox_gets_a_limit_of_its_own(work: Helpdesk):
    inbox = work.inbox("Support", "Ana", fair_distribution_limit=1)
    policy = work.call("GET", f"/inboxes/{inbox}/assignment_policy")["id"]
    work.bring(inbox, 1)
    work.settles(inbox)
    found = blocked(work, inbox)
    link = {"assignment_policy_id": policy, "overrides": {"fair_distribution_limit": 2}}
    return found, lambda: work.post(f"/inboxes/{inbox}/assignment_policy", link)


@cause
def the_inbox_is_switched_on(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    work.call("PATCH", f"/inboxes/{inbox}", {"enable_auto_assignment": False})
    found = blocked(work, inbox)
    return found, lambda: work.call("PATCH", f"/inboxes/{inbox}", {"enable_auto_assignment": True})


@cause
def the_account_is_switched_on(work: Helpdesk):
    inbox = work.inbox("Support", "Ana")
    work.call("PATCH", "", {"assignment_v2": False})
    found = blocked(work, inbox)
    return found, lambda: work.call("PATCH", "", {"assignment_v2": True})


@pytest.mark.parametrize("name", CAUSES)
def test_it_is_assigned_within_two_seconds_of_the_change(helpdesk: Helpdesk, name: str):
    """E30"""
    assigns_at_once(helpdesk, CAUSES[name])
