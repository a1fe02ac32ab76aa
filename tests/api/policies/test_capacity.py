"""Capacity policies, their limits, and who is under them (api.md section 3)."""

import pytest

from tests.api.conftest import Caller
from tests.desks import Acme, Recorded

ROOT = "/agent_capacity_policies"


def made(supervisor: Caller, **rules: object) -> dict:
    answer = supervisor.post(ROOT, {"name": "Juniors", **rules})
    assert answer.status_code == 201, answer.json
    return answer.json


def woken(queue: Recorded) -> set[int]:
    return {inbox_id for _, inbox_id, _ in queue.runs}


def test_a_new_capacity_policy_limits_nothing(supervisor: Caller) -> None:
    policy = made(supervisor)

    assert policy == {
        "id": policy["id"],
        "name": "Juniors",
        "description": None,
        "conversation_limit": None,
        "count_only_unanswered": False,
        "exclusion_rules": {"excluded_labels": [], "exclude_older_than_hours": None},
        "assigned_agent_count": 0,
        "inbox_capacity_limits": [],
    }
    assert supervisor.get(f"{ROOT}/{policy['id']}").json == policy
    assert supervisor.get(ROOT).json["data"] == [policy]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_everything_of_a_capacity_policy_can_be_changed(supervisor: Caller, method: str) -> None:
    path = f"{ROOT}/{made(supervisor)['id']}"
    rules = {"excluded_labels": ["VIP", "vip", "VIP"], "exclude_older_than_hours": 24}

    changed = supervisor(
        method, path, {"agent_capacity_policy": {"name": "Seniors", "conversation_limit": 9, "exclusion_rules": rules}}
    )

    assert changed.status_code == 200
    assert (changed.json["name"], changed.json["conversation_limit"]) == ("Seniors", 9)
    assert changed.json["exclusion_rules"] == {"excluded_labels": ["VIP", "vip"], "exclude_older_than_hours": 24}
    assert supervisor.patch(path, {"name": "Elders"}).json["exclusion_rules"] == changed.json["exclusion_rules"]
    only = supervisor.patch(path, {"exclusion_rules": {"excluded_labels": ["A"]}})
    assert only.json["exclusion_rules"] == {"excluded_labels": ["A"], "exclude_older_than_hours": None}
    none = supervisor.patch(path, {"exclusion_rules": None})
    assert none.json["exclusion_rules"] == {"excluded_labels": [], "exclude_older_than_hours": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"conversation_limit": -1}, "conversation_limit"),
        ({"conversation_limit": 100_001}, "conversation_limit"),
        ({"exclusion_rules": {"exclude_older_than_hours": 0}}, "exclusion_rules.exclude_older_than_hours"),
        ({"exclusion_rules": {"exclude_older_than_hours": 87_601}}, "exclusion_rules.exclude_older_than_hours"),
        ({"exclusion_rules": {"excluded_labels": [""]}}, "exclusion_rules.excluded_labels"),
        ({"exclusion_rules": {"excluded_labels": ["x" * 101]}}, "exclusion_rules.excluded_labels"),
        ({"exclusion_rules": {"excluded_labels": [f"l{n}" for n in range(101)]}}, "exclusion_rules.excluded_labels"),
        ({"exclusion_rules": {"labels": []}}, "exclusion_rules.labels"),
        ({"exclusion_rules": []}, "exclusion_rules"),
        ({"users": []}, "users"),
    ],
)
def test_what_a_capacity_policy_cannot_say_is_refused_by_its_field(supervisor: Caller, body: dict, field: str) -> None:
    policy = made(supervisor)

    refused = supervisor.patch(f"{ROOT}/{policy['id']}", body)

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]
    assert supervisor.get(f"{ROOT}/{policy['id']}").json == policy


def test_the_edges_are_allowed(supervisor: Caller) -> None:
    rules = {"excluded_labels": [f"{n:0100}" for n in range(100)], "exclude_older_than_hours": 87_600}

    policy = made(supervisor, conversation_limit=100_000, exclusion_rules=rules)

    assert policy["exclusion_rules"] == rules
    assert made(supervisor, name="None", conversation_limit=0)["conversation_limit"] == 0


def test_a_name_is_one_capacity_policys(supervisor: Caller) -> None:
    made(supervisor)

    refused = supervisor.post(ROOT, {"name": "Juniors"})

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["name"]


def test_limits_by_inbox_are_set_changed_and_lifted(supervisor: Caller, acme: Acme) -> None:
    policy = made(supervisor)
    path = f"{ROOT}/{policy['id']}/inbox_limits"

    limit = supervisor.post(path, {"inbox_id": acme.support, "conversation_limit": 3})
    assert limit.status_code == 201
    assert limit.json == {"id": limit.json["id"], "inbox_id": acme.support, "conversation_limit": 3}
    sales = supervisor.post(path, {"inbox_limit": {"inbox_id": acme.sales, "conversation_limit": 0}})
    assert supervisor.patch(f"{path}/{limit.json['id']}", {"conversation_limit": 5}).json["conversation_limit"] == 5
    assert supervisor.put(f"{path}/{limit.json['id']}", {"conversation_limit": 6}).json["inbox_id"] == acme.support

    shown = supervisor.get(f"{ROOT}/{policy['id']}").json["inbox_capacity_limits"]
    assert shown == [{"id": limit.json["id"], "inbox_id": acme.support, "conversation_limit": 6}, sales.json]
    assert supervisor.delete(f"{path}/{limit.json['id']}").status_code == 204
    assert supervisor.get(f"{ROOT}/{policy['id']}").json["inbox_capacity_limits"] == [sales.json]


def test_an_inbox_has_one_limit_in_a_policy(supervisor: Caller, acme: Acme) -> None:
    path = f"{ROOT}/{made(supervisor)['id']}/inbox_limits"
    supervisor.post(path, {"inbox_id": acme.support, "conversation_limit": 3})
    sales = supervisor.post(path, {"inbox_id": acme.sales, "conversation_limit": 3}).json

    for refused in (
        supervisor.post(path, {"inbox_id": acme.support, "conversation_limit": 4}),
        supervisor.patch(f"{path}/{sales['id']}", {"inbox_id": acme.support}),
        supervisor.post(path, {"inbox_id": acme.stranger_inbox_id, "conversation_limit": 4}),
        supervisor.post(path, {"conversation_limit": 4}),
    ):
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == ["inbox_id"]


@pytest.mark.parametrize("limit", [-1, 100_001, 1.5, "3", None])
def test_a_limit_is_a_whole_number_in_its_range(supervisor: Caller, acme: Acme, limit: object) -> None:
    path = f"{ROOT}/{made(supervisor)['id']}/inbox_limits"

    refused = supervisor.post(path, {"inbox_id": acme.support, "conversation_limit": limit})

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["conversation_limit"]


def test_agents_are_put_under_a_policy_and_taken_out(supervisor: Caller, acme: Acme) -> None:
    first, second = made(supervisor), made(supervisor, name="Seniors")
    ana = acme.agents["Ana"]

    put = supervisor.post(f"{ROOT}/{first['id']}/users", {"user_id": ana})
    assert put.status_code == 200
    assert (put.json["id"], put.json["agent_capacity_policy_id"]) == (ana, first["id"])
    assert not {"token", "password", "password_hash"} & put.json.keys()
    assert supervisor.get(f"{ROOT}/{first['id']}").json["assigned_agent_count"] == 1
    supervisor.post(f"{ROOT}/{second['id']}/users", {"user_id": ana})

    assert supervisor.get(f"{ROOT}/{first['id']}/users").json["data"] == []
    assert [one["id"] for one in supervisor.get(f"{ROOT}/{second['id']}/users").json["data"]] == [ana]
    assert supervisor.delete(f"{ROOT}/{first['id']}/users/{ana}").status_code == 404
    assert supervisor.delete(f"{ROOT}/{second['id']}/users/{ana}").status_code == 204
    assert supervisor.get(f"/audit_entries?subject=agent_capacity&subject_id={ana}").json["meta"]["count"] == 3


def test_only_active_agents_of_the_account_are_put_under_a_policy(
    supervisor: Caller, admin: Caller, acme: Acme
) -> None:
    path = f"{ROOT}/{made(supervisor)['id']}/users"
    admin.delete(f"/agents/{acme.agents['Dov']}")

    for body in ({"user_id": acme.stranger_id}, {"user_id": acme.agents["Dov"]}, {}):
        refused = supervisor.post(path, body)
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == ["user_id"]


def test_deleting_a_capacity_policy_lets_everybody_go(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    policy = made(supervisor)
    supervisor.post(f"{ROOT}/{policy['id']}/users", {"user_id": acme.agents["Ana"]})
    supervisor.post(f"{ROOT}/{policy['id']}/inbox_limits", {"inbox_id": acme.support, "conversation_limit": 0})
    acme.waiting(1)

    assert supervisor.delete(f"{ROOT}/{policy['id']}").status_code == 204

    assert supervisor.get(f"{ROOT}/{policy['id']}").status_code == 404
    assert supervisor.get(f"/agents/{acme.agents['Ana']}").json["agent_capacity_policy_id"] is None
    assert woken(queue) == {acme.support}
    deleted = [one for one in supervisor.get("/audit_entries").json["data"] if one["action"] == "deleted"]
    assert {one["subject"] for one in deleted} == {"agent_capacity_policy", "inbox_capacity_limit", "agent_capacity"}


def test_room_starts_runs(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    """E30"""
    policy = made(supervisor)
    path = f"{ROOT}/{policy['id']}"
    acme.waiting(1)
    limit = supervisor.post(f"{path}/inbox_limits", {"inbox_id": acme.support, "conversation_limit": 0}).json
    for change in (
        lambda: supervisor.patch(f"{path}/inbox_limits/{limit['id']}", {"conversation_limit": 1}),
        lambda: supervisor.patch(path, {"exclusion_rules": {"excluded_labels": ["VIP"]}}),
        lambda: supervisor.post(f"{path}/users", {"user_id": acme.agents["Ana"]}),
        lambda: supervisor.delete(f"{path}/inbox_limits/{limit['id']}"),
    ):
        acme.work.signals.wakeups.clear(acme.account_id, acme.support)
        queue.runs.clear()
        change()
        assert woken(queue) >= {acme.support}
    acme.work.signals.wakeups.clear(acme.account_id, acme.support)
    queue.runs.clear()
    supervisor.patch(path, {"name": "Renamed"})
    assert queue.runs == []
