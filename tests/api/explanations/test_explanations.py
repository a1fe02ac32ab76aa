"""Why, and what if, through the API (api.md sections 5 and 6)."""

from dashboard import clock
from tests.api.conftest import Caller
from tests.desks import Acme

KEYS = {
    *("conversation_id", "state", "position", "outcome", "reason", "sentence", "exclusion", "funnel", "agents"),
    *("next_possible_at", "fixes", "agent_id", "run_id", "assigned_at", "policy_id", "policy_version", "via"),
    "skills_relaxed",
    "overrides",
}


def test_a_waiting_conversation_is_explained_in_the_documented_shape(supervisor: Caller, acme: Acme):
    """E48"""
    acme.policy()
    acme.capacity("Bo", {"Support": 1})
    acme.online("Bo", at=clock.now())
    acme.held("Bo", 1)
    [waiting] = acme.waiting(1)

    told = supervisor.get(f"/conversations/{waiting}/explanation").get_json()

    bo = {"id": acme.agents["Bo"], "name": "Bo", "verdict": "at_capacity", "facts": {"open": 1, "limit": 1}}
    assert bo in told.pop("agents")
    assert told.pop("fixes")[0] == "Raise Bo's limit in Support from 1 to 2"
    assert told == {
        "conversation_id": waiting,
        "state": "waiting",
        "position": 1,
        "outcome": "stop",
        "reason": "all_at_capacity",
        "sentence": "Waiting because the only online agent of Support is at capacity.",
        "exclusion": None,
        "funnel": {
            "members": 4,
            "auto_assign": 4,
            "skilled": 4,
            "online": 1,
            "under_rate_limit": 1,
            "with_capacity": 0,
        },
        "next_possible_at": None,
        "agent_id": None,
        "run_id": None,
        "assigned_at": None,
        "policy_id": None,
        "policy_version": None,
        "via": None,
        "skills_relaxed": False,
        "overrides": [],
    }


def test_an_explanation_has_every_key_whatever_the_state(supervisor: Caller, acme: Acme):
    """E47, E48. Seen to fail where each state had keys of its own."""
    acme.policy()
    acme.online("Bo")
    [by_run] = acme.waiting(1)
    acme.run()
    [by_hand], [waiting] = acme.held("Ana", 1), acme.waiting(1)
    [resolved] = acme.waiting(1, status="resolved", waiting_since=None, resolved_at=clock.now())

    told = {
        one: supervisor.get(f"/conversations/{one}/explanation").get_json()
        for one in (waiting, by_run, by_hand, resolved)
    }

    assert {one: found["state"] for one, found in told.items()} == {
        waiting: "waiting",
        by_run: "assigned",
        by_hand: "assigned",
        resolved: "not_waiting",
    }
    assert {tuple(sorted(found)) for found in told.values()} == {tuple(sorted(KEYS))}
    assert (told[by_run]["outcome"], told[by_run]["reason"], told[by_run]["position"]) == ("assign", None, None)
    assert {told[by_run]["next_possible_at"], *told[by_run]["fixes"]} == {None}
    known = {"conversation_id": resolved, "state": "not_waiting", "sentence": "Not waiting: it is resolved."}
    assert told[resolved] == {
        **dict.fromkeys(KEYS),
        **known,
        "agents": [],
        "fixes": [],
        "overrides": [],
        "skills_relaxed": False,
    }


def test_the_document_says_that_every_key_is_there(supervisor: Caller):
    """Seen to fail where none was required."""
    document = supervisor.client.get("/api/openapi.json").get_json()

    assert set(document["components"]["schemas"]["Explanation"]["required"]) == KEYS


def test_an_exclusion_names_its_label_and_policy(supervisor: Caller, acme: Acme):
    """E6, E48"""
    acme.policy()
    policy_id = acme.capacity("Dov", {"Support": 9}, excluded_labels=["VIP"])
    [waiting] = acme.waiting(1, labels=["VIP"])

    told = supervisor.get(f"/conversations/{waiting}/explanation").get_json()

    assert (told["outcome"], told["reason"]) == ("skip", "excluded_label")
    assert told["exclusion"] == {"label": "VIP", "policy_id": policy_id, "policy": "Limits of Dov"}


def test_an_assignment_is_explained_with_its_run_and_the_policys_version(supervisor: Caller, acme: Acme):
    """E47"""
    policy_id = acme.policy()
    acme.online("Bo")
    [given] = acme.waiting(1)
    run_id = acme.run().run_id

    told = supervisor.get(f"/conversations/{given}/explanation").get_json()

    assert (told["state"], told["agent_id"], told["run_id"]) == ("assigned", acme.agents["Bo"], run_id)
    assert (told["policy_id"], told["policy_version"]) == (policy_id, 1)
    assert {agent["name"]: agent["verdict"] for agent in told["agents"]}["Bo"] == "eligible"


def test_a_strangers_conversation_is_not_there(stranger: Caller, acme: Acme):
    """Nothing ever crosses from one account to another."""
    [waiting] = acme.waiting(1)

    assert stranger.get(f"/conversations/{waiting}/explanation").status_code == 404


def test_a_preview_compares_the_changed_policy_with_what_is(supervisor: Caller, acme: Acme):
    """E50"""
    acme.policy()
    acme.online("Ana", at=clock.now())
    first, second = acme.waiting(2)

    body = {"assignment_policy": {"fair_distribution_limit": 1}}
    seen = supervisor.post(f"/inboxes/{acme.support}/assignment_runs/preview", body).get_json()

    ana = acme.agents["Ana"]
    assert seen == {
        "assigned_count": 1,
        "assignments": [{"conversation_id": first, "agent_id": ana, "position": 1}],
        "left_waiting": {"all_rate_limited": 1},
        "compared_with_now": {
            "assigned_count": 2,
            "changed": [{"conversation_id": second, "now_agent_id": ana, "then_agent_id": None}],
        },
    }


def test_a_preview_without_changes_is_the_next_run(supervisor: Caller, acme: Acme):
    """E50"""
    acme.policy()
    acme.online("Ana", at=clock.now())
    acme.waiting(2)

    seen = supervisor.post(f"/inboxes/{acme.support}/assignment_runs/preview").get_json()

    assert (seen["assigned_count"], seen["compared_with_now"]["changed"]) == (2, [])


def test_a_preview_refuses_what_a_policy_would_refuse(supervisor: Caller, acme: Acme):
    """E50"""
    path = f"/inboxes/{acme.support}/assignment_runs/preview"

    assert supervisor.post(path, {"assignment_policy": {"fair_distribution_limit": -1}}).status_code == 422
    assert supervisor.post(path, {"no_such_field": 1}).status_code == 422


def test_a_preview_of_a_strangers_inbox_is_not_there(supervisor: Caller, acme: Acme):
    """Nothing ever crosses from one account to another."""
    assert supervisor.post(f"/inboxes/{acme.stranger_inbox_id}/assignment_runs/preview").status_code == 404
