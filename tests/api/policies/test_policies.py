"""Assignment policies and their links (api.md section 3)."""

import pytest
from sqlalchemy import select

from dashboard.store.models import AssignmentPolicyVersion
from tests.api.conftest import Caller
from tests.desks import Acme, Recorded


def woken(queue: Recorded) -> set[int]:
    return {inbox_id for _, inbox_id, _ in queue.runs}


def made(supervisor: Caller, **rules: object) -> dict:
    answer = supervisor.post("/assignment_policies", {"name": "Fair", **rules})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_new_policy_has_the_defaults(supervisor: Caller) -> None:
    policy = made(supervisor)

    assert policy == {
        "id": policy["id"],
        "name": "Fair",
        "description": None,
        "assignment_order": "round_robin",
        "conversation_priority": "earliest_created",
        "fair_distribution_limit": None,
        "fair_distribution_window": 3600,
        "enabled": True,
        "eligible_presence": ["online"],
        "one_agent_per_contact": False,
        "relax_skills_after": None,
        "overflow_team_id": None,
        "overflow_after": None,
        "prefer_last_agent": None,
        "wait_for_preferred": 0,
        "pace_seconds": None,
        "response_targets": None,
        "return_after": None,
        "return_when_absent": None,
        "return_by_hand_too": False,
        "max_returns": 3,
        "version": 1,
        "assigned_inbox_count": 0,
        "created_at": policy["created_at"],
        "updated_at": policy["updated_at"],
    }
    assert policy["created_at"].endswith("Z")
    assert supervisor.get(f"/assignment_policies/{policy['id']}").json == policy
    assert supervisor.get("/assignment_policies").json["data"] == [policy]


ALL = {
    "name": "Busy hours",
    "description": "For Mondays.",
    "assignment_order": "balanced",
    "conversation_priority": "longest_waiting",
    "fair_distribution_limit": 5,
    "fair_distribution_window": 60,
    "enabled": False,
    "eligible_presence": ["online", "busy"],
    "one_agent_per_contact": True,
}


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_everything_of_a_policy_can_be_changed_bare_or_wrapped(supervisor: Caller, method: str, wrapped: bool) -> None:
    path = f"/assignment_policies/{made(supervisor)['id']}"

    changed = supervisor(method, path, {"assignment_policy": ALL} if wrapped else ALL)

    assert changed.status_code == 200
    assert {name: changed.json[name] for name in ALL} == ALL
    assert changed.json["version"] == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 256),
        ("name", None),
        ("assignment_order", "random"),
        ("conversation_priority", "newest"),
        ("fair_distribution_limit", -1),
        ("fair_distribution_limit", 100_001),
        ("fair_distribution_limit", "5"),
        ("fair_distribution_limit", 2.5),
        ("fair_distribution_limit", True),
        ("fair_distribution_window", 0),
        ("fair_distribution_window", 86_400_001),
        ("enabled", "true"),
        ("enabled", None),
        ("eligible_presence", []),
        ("eligible_presence", ["asleep"]),
        ("eligible_presence", "online"),
        ("one_agent_per_contact", 1),
        ("version", 7),
        ("selector", "balanced"),
    ],
)
def test_what_a_policy_cannot_say_is_refused_and_nothing_changes(supervisor: Caller, field: str, value: object) -> None:
    policy = made(supervisor)
    path = f"/assignment_policies/{policy['id']}"
    for refused in (
        supervisor.patch(path, {field: value}),
        supervisor.post("/assignment_policies", {"name": "Other", field: value}),
    ):
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == [field]
        assert refused.json["error"].startswith(f"{field}: ")
    assert supervisor.get("/assignment_policies").json["data"] == [policy]


@pytest.mark.parametrize(
    "edges",
    [
        {"fair_distribution_limit": 0, "fair_distribution_window": 1},
        {"fair_distribution_limit": 100_000, "fair_distribution_window": 86_400_000},
        {"fair_distribution_limit": None, "fair_distribution_window": None},
        {"name": "x" * 255},
    ],
)
def test_the_limits_themselves_are_allowed(supervisor: Caller, edges: dict) -> None:
    policy = made(supervisor, **edges)

    assert {name: policy[name] for name in edges} == edges


def test_a_name_is_one_policys_in_an_account(supervisor: Caller, stranger: Caller) -> None:
    made(supervisor)
    other = made(supervisor, name="Other")

    for refused in (
        supervisor.post("/assignment_policies", {"name": "Fair"}),
        supervisor.patch(f"/assignment_policies/{other['id']}", {"name": " Fair "}),
    ):
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == ["name"]
    assert made(stranger)["name"] == "Fair"


def test_the_version_goes_up_with_what_alters_decisions_only(supervisor: Caller, acme: Acme) -> None:
    path = f"/assignment_policies/{made(supervisor)['id']}"

    for change, version in (
        ({"name": "Fairer"}, 1),
        ({"description": "x"}, 1),
        ({"enabled": True}, 1),
        ({"fair_distribution_limit": 0}, 1),
        ({"fair_distribution_window": None}, 1),
        ({"enabled": False}, 2),
        ({"fair_distribution_limit": 5}, 3),
        ({"eligible_presence": ["busy", "online"]}, 4),
        ({"eligible_presence": ["online", "busy"]}, 4),
        ({}, 4),
    ):
        assert supervisor.patch(path, change).json["version"] == version, change
    kept = acme.work.session.scalars(select(AssignmentPolicyVersion).order_by(AssignmentPolicyVersion.version)).all()
    assert [row.version for row in kept] == [1, 2, 3, 4]
    assert kept[2].rules["fair_distribution_limit"] == 5
    assert kept[3].rules["eligible_presence"] == ["busy", "online"]
    assert kept[0].actor_id == supervisor.user_id


def test_every_change_is_in_the_audit_log_with_before_after_and_who(supervisor: Caller) -> None:
    policy = made(supervisor)
    supervisor.patch(f"/assignment_policies/{policy['id']}", {"enabled": False})
    supervisor.patch(f"/assignment_policies/{policy['id']}", {"enabled": False})
    supervisor.delete(f"/assignment_policies/{policy['id']}")

    deleted, updated, created = supervisor.get("/audit_entries?subject=assignment_policy").json["data"]

    assert [entry["action"] for entry in (created, updated, deleted)] == ["created", "updated", "deleted"]
    assert created["before"] is None
    assert created["after"]["name"] == "Fair"
    assert (updated["before"]["enabled"], updated["after"]["enabled"]) == (True, False)
    assert deleted["after"] is None
    assert {entry["actor"]["id"] for entry in (created, updated, deleted)} == {supervisor.user_id}
    assert {entry["subject_id"] for entry in (created, updated, deleted)} == {policy["id"]}


def test_a_policy_is_linked_replaced_and_unlinked(supervisor: Caller, acme: Acme) -> None:
    """E3"""
    first, second = made(supervisor), made(supervisor, name="Second")
    path = f"/inboxes/{acme.support}/assignment_policy"
    assert supervisor.get(path).status_code == 404
    assert supervisor.delete(path).status_code == 404

    linked = supervisor.post(path, {"assignment_policy_id": first["id"]})
    assert linked.status_code == 200
    assert (linked.json["id"], linked.json["assigned_inbox_count"]) == (first["id"], 1)
    assert supervisor.post(path, {"assignment_policy_id": second["id"]}).json["id"] == second["id"]

    assert supervisor.get(path).json["id"] == second["id"]
    assert supervisor.get(f"/inboxes/{acme.support}").json["assignment_policy_id"] == second["id"]
    assert supervisor.get(f"/assignment_policies/{first['id']}/inboxes").json == {"inboxes": []}
    served = supervisor.get(f"/assignment_policies/{second['id']}/inboxes").json["inboxes"]
    assert [inbox["id"] for inbox in served] == [acme.support]
    assert supervisor.delete(path).status_code == 204
    assert supervisor.get(path).status_code == 404


def test_a_policy_serves_many_inboxes_and_deleting_it_unlinks_them_all(supervisor: Caller, acme: Acme) -> None:
    """E3"""
    policy = made(supervisor)
    for inbox_id in (acme.support, acme.sales):
        supervisor.post(f"/inboxes/{inbox_id}/assignment_policy", {"assignment_policy_id": policy["id"]})

    assert supervisor.delete(f"/assignment_policies/{policy['id']}").status_code == 204

    for inbox_id in (acme.support, acme.sales):
        assert supervisor.get(f"/inboxes/{inbox_id}/assignment_policy").status_code == 404
    unlinked = supervisor.get("/audit_entries?subject=inbox_assignment_policy").json["data"][:2]
    assert {(entry["subject_id"], entry["before"]["assignment_policy_id"]) for entry in unlinked} == {
        (acme.support, policy["id"]),
        (acme.sales, policy["id"]),
    }


def test_a_link_names_a_policy_of_the_account(supervisor: Caller, stranger: Caller, acme: Acme) -> None:
    theirs = made(stranger)
    path = f"/inboxes/{acme.support}/assignment_policy"

    for body in (
        {"assignment_policy_id": theirs["id"]},
        {"assignment_policy_id": 0},
        {},
        {"assignment_policy_id": "1"},
    ):
        refused = supervisor.post(path, body)
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == ["assignment_policy_id"]


def test_links_and_changes_start_runs_where_something_waits(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    """E30"""
    policy = made(supervisor)
    acme.waiting(1)
    for inbox_id in (acme.support, acme.sales):
        supervisor.post(f"/inboxes/{inbox_id}/assignment_policy", {"assignment_policy_id": policy["id"]})
    assert woken(queue) == {acme.support}
    acme.work.signals.wakeups.clear(acme.account_id, acme.support)
    queue.runs.clear()

    supervisor.patch(f"/assignment_policies/{policy['id']}", {"name": "Renamed"})
    assert queue.runs == []
    supervisor.patch(f"/assignment_policies/{policy['id']}", {"fair_distribution_limit": 5})
    assert woken(queue) == {acme.support}
