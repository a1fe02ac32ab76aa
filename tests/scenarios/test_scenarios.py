"""A day at the desk: every step through the API, every assignment by the worker, none by a sweep."""

from datetime import timedelta

import pytest

from dashboard import clock
from dashboard.config import Settings
from dashboard.store.postgres import locks
from tests.counting import WAITS_FOR_AN_INBOX
from tests.desks import own_session
from tests.scenarios.conftest import Helpdesk
from tests.waiting import eventually, promptly

pytestmark = pytest.mark.usefixtures("at_work")


def ago(**span: float) -> str:
    return (clock.now() - timedelta(**span)).isoformat()


def test_nine_go_to_three_and_who_goes_offline_gets_nothing_until_they_are_back(helpdesk: Helpdesk):
    """E19, E30, E37: scenario (a)."""
    support = helpdesk.inbox("Support", "Ana", "Bo", "Cleo")

    first = helpdesk.bring(support, 9)
    helpdesk.settles(support)
    helpdesk.call("PUT", f"/agents/{helpdesk.agent('Bo')}/availability", {"availability": "away_manual"})
    second = helpdesk.bring(support, 4)
    helpdesk.settles(support)
    helpdesk.call("PUT", f"/agents/{helpdesk.agent('Bo')}/availability", {"availability": "online"})
    third = helpdesk.bring(support, 3)
    helpdesk.settles(support)

    assert sorted(helpdesk.who(first)) == ["Ana"] * 3 + ["Bo"] * 3 + ["Cleo"] * 3
    assert sorted(helpdesk.who(second)) == ["Ana"] * 2 + ["Cleo"] * 2
    assert sorted(helpdesk.who(third)) == ["Ana", "Bo", "Cleo"]


def test_a_limit_of_three_is_filled_again_as_soon_as_there_is_room(helpdesk: Helpdesk):
    """E15, E30: scenario (b)."""
    support = helpdesk.inbox("Support", "Ana", "Bo")
    helpdesk.capacity("Ana", **{f"inbox_{support}": 3})

    ids = helpdesk.bring(support, 8)
    helpdesk.settles(support)
    assert (helpdesk.held("Ana"), helpdesk.held("Bo")) == (3, 5)

    of_ana = [one for one, name in zip(ids, helpdesk.who(ids), strict=True) if name == "Ana"]
    for one in of_ana[:2]:
        helpdesk.post(f"/conversations/{one}/toggle_status", {"status": "resolved"})
    helpdesk.bring(support, 4)
    helpdesk.settles(support)

    assert (helpdesk.held("Ana"), helpdesk.held("Bo")) == (3, 7)


def test_room_that_was_made_is_used_at_once(helpdesk: Helpdesk):
    """E30: resolving starts the run; nothing else happens."""
    support = helpdesk.inbox("Support", "Ana")
    helpdesk.capacity("Ana", **{f"inbox_{support}": 1})
    first, second = helpdesk.bring(support, 2)
    helpdesk.settles(support, waiting=1)

    helpdesk.post(f"/conversations/{first}/toggle_status", {"status": "resolved"})

    helpdesk.settles_at_once(support)
    assert helpdesk.who([second]) == ["Ana"]


def test_three_an_hour_each_leaves_four_waiting_who_know_when_their_turn_comes(helpdesk: Helpdesk):
    """E14, E48: scenario (c)."""
    support = helpdesk.inbox("Support", "Ana", "Bo", fair_distribution_limit=3, fair_distribution_window=3600)

    ids = helpdesk.bring(support, 10)
    helpdesk.settles(support, waiting=4)

    told = helpdesk.call("GET", f"/conversations/{ids[-1]}/explanation")
    assert (told["state"], told["reason"], told["position"]) == ("waiting", "all_rate_limited", 4)
    assert told["funnel"] == {
        "members": 2,
        "auto_assign": 2,
        "skilled": 2,
        "online": 2,
        "under_rate_limit": 0,
        "with_capacity": 0,
    }
    soonest = min(agent["facts"]["free_at"] for agent in told["agents"])
    assert told["next_possible_at"] == soonest


def test_with_a_window_of_three_seconds_the_rest_follow_by_themselves(helpdesk: Helpdesk):
    """E14, E30: scenario (c)."""
    support = helpdesk.inbox("Support", "Ana", "Bo", fair_distribution_limit=3, fair_distribution_window=3)

    helpdesk.bring(support, 10)

    eventually(lambda: helpdesk.waiting(support) <= 4)
    promptly(lambda: helpdesk.waiting(support) == 0, within=8.0)
    assert helpdesk.given(support) == [6, 4]


def test_excluded_labels_and_ages_leave_only_the_rest(helpdesk: Helpdesk):
    """E5, E6: scenario (d)."""
    support = helpdesk.inbox("Support", "Ana")
    policy = helpdesk.capacity("Ana", **{f"inbox_{support}": 100})
    rules = {"excluded_labels": ["VIP", "Escalation"], "exclude_older_than_hours": 24}
    helpdesk.call("PATCH", f"/agent_capacity_policies/{policy}", {"exclusion_rules": rules})

    vip = helpdesk.bring(support, 2, labels=["VIP", "late"])
    escalated = helpdesk.bring(support, 2, labels=["Escalation"])
    old = helpdesk.bring(support, 2, created_at=ago(hours=25))
    rest = helpdesk.bring(support, 2, labels=["vip"])
    helpdesk.settles(support, waiting=6)

    assert helpdesk.who(rest) == ["Ana", "Ana"]
    assert set(helpdesk.who(vip + escalated + old)) == {"-"}
    helpdesk.post(f"/conversations/{vip[0]}/labels", {"labels": ["late"]})
    helpdesk.settles_at_once(support, waiting=5)


@pytest.mark.parametrize(("priority", "first"), [("longest_waiting", "silent"), ("earliest_created", "old")])
def test_the_order_decides_where_the_two_disagree(helpdesk: Helpdesk, priority, first):
    """E7: scenario (e)."""
    support = helpdesk.inbox("Support", "Ana", conversation_priority=priority)
    policy = helpdesk.capacity("Ana", **{f"inbox_{support}": 0})
    ids = {
        "old": helpdesk.bring(support, 1, created_at=ago(hours=9), last_activity_at=ago(minutes=1))[0],
        "silent": helpdesk.bring(support, 1, created_at=ago(hours=5), last_activity_at=ago(hours=5))[0],
    }
    [limit] = helpdesk.call("GET", f"/agent_capacity_policies/{policy}")["inbox_capacity_limits"]

    body = {"conversation_limit": 1}
    helpdesk.call("PATCH", f"/agent_capacity_policies/{policy}/inbox_limits/{limit['id']}", body)

    helpdesk.settles_at_once(support, waiting=1)
    assert helpdesk.who([ids[first]]) == ["Ana"]


def test_ten_thousand_of_a_full_team_do_not_hide_one_that_can_be_assigned(helpdesk: Helpdesk):
    """E9: scenario (f)."""
    support = helpdesk.inbox("Support", "Ana", "Bo")
    team = helpdesk.post("/teams", {"name": "Billing", "max_auto_assigned_conversations": 1})["id"]
    helpdesk.call("PUT", f"/teams/{team}/members", {"user_ids": [helpdesk.agent("Bo")]})
    helpdesk.bring(support, 10_000, team_id=team, created_at=ago(hours=1))
    helpdesk.settles(support, waiting=9_999)

    [behind] = helpdesk.bring(support, 1)

    promptly(lambda: helpdesk.who([behind]) == ["Ana"], within=2.0)


SWITCHES = {
    "policy": lambda work, inbox, policy: work.call("PATCH", f"/assignment_policies/{policy}", {"enabled": False}),
    "inbox": lambda work, inbox, _: work.call("PATCH", f"/inboxes/{inbox}", {"enable_auto_assignment": False}),
    "account": lambda work, *_: work.call("PATCH", "", {"assignment_v2": False}),
    "link": lambda work, inbox, _: work.call("DELETE", f"/inboxes/{inbox}/assignment_policy"),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_that_is_turned_off_in_mid_run_stops_it_at_the_next_batch(
    helpdesk: Helpdesk, settings: Settings, switch
):
    """E2: scenario (g). The test holds the inbox between the first batch and the second."""
    support = helpdesk.inbox("Support", "Ana", "Bo", enabled=False)
    policy = helpdesk.call("GET", f"/inboxes/{support}/assignment_policy")["id"]
    helpdesk.bring(support, 300)

    with own_session(settings) as session, locks.inbox_lock(session, support) as let_others_in:
        helpdesk.call("PATCH", f"/assignment_policies/{policy}", {"enabled": True})
        eventually(lambda: session.scalar(WAITS_FOR_AN_INBOX))
        let_others_in()
        assert helpdesk.waiting(support) == 200
        SWITCHES[switch](helpdesk, support, policy)

    eventually(lambda: helpdesk.have_ended(support))
    assert helpdesk.waiting(support) == 200


def test_a_thousand_created_at_once_are_all_assigned_by_a_handful_of_jobs(helpdesk: Helpdesk):
    """E32, E8"""
    support = helpdesk.inbox("Support", "Ana", "Bo")
    before = helpdesk.call("GET", f"/inboxes/{support}/assignment_runs")["meta"]["count"]

    helpdesk.bring(support, 1_000)

    helpdesk.settles(support)
    assert helpdesk.call("GET", f"/inboxes/{support}/assignment_runs")["meta"]["count"] - before <= 5


def test_each_entry_point_runs_the_same_engine_and_each_run_knows_its_source(helpdesk: Helpdesk):
    """E34, E35"""
    support = helpdesk.inbox("Support", "Ana", enabled=False)
    helpdesk.bring(support, 1)
    policy = helpdesk.call("GET", f"/inboxes/{support}/assignment_policy")["id"]
    helpdesk.call("PATCH", f"/assignment_policies/{policy}", {"enabled": True})
    helpdesk.settles(support)

    asked = helpdesk.post(f"/inboxes/{support}/assignment_runs?wait=true")

    assert (asked["source"], asked["outcome"], asked["reason"]) == ("manual", "stop", "nothing_waiting")
    runs = helpdesk.call("GET", f"/inboxes/{support}/assignment_runs")["data"]
    assert {"manual", "realtime"} <= {run["source"] for run in runs}
