"""Response targets and due instants through the API (E54 to E56)."""

from typing import Any

import pytest

from dashboard.engine.policy import MOST_MINUTES
from dashboard.store.models import AuditEntry
from tests.api.conftest import Caller
from tests.desks import Acme

TARGETS = {"1": 15, "2": 60, "3": None, "4": 480, "none": 240}
AT = "2026-03-02T12:00:00Z"


def test_targets_are_answered_whole_and_a_change_replaces_all_of_them(supervisor: Caller) -> None:
    """E54: a missing key is null, and without any target there are none."""
    made = supervisor.post("/assignment_policies", {"name": "Targets", "response_targets": TARGETS}).json
    path = f"/assignment_policies/{made['id']}"

    replaced = supervisor.patch(path, {"response_targets": {"2": 30}}).json
    renamed = supervisor.patch(path, {"name": "Others"}).json
    emptied = supervisor.patch(path, {"response_targets": {"1": None}}).json

    assert made["response_targets"] == TARGETS
    assert replaced["response_targets"] == {"1": None, "2": 30, "3": None, "4": None, "none": None}
    assert (renamed["response_targets"], renamed["version"]) == (replaced["response_targets"], 2)
    assert (emptied["response_targets"], emptied["version"]) == (None, 3)
    assert supervisor.patch(path, {"response_targets": None}).json["version"] == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (15, "response_targets"),
        ([15], "response_targets"),
        ({"1": 0}, "response_targets.1"),
        ({"none": MOST_MINUTES + 1}, "response_targets.none"),
        ({"2": "60"}, "response_targets.2"),
        ({"3": 1.5}, "response_targets.3"),
        ({"4": True}, "response_targets.4"),
        ({"5": 10}, "response_targets.5"),
        ({"urgent": 10}, "response_targets.urgent"),
    ],
)
def test_targets_that_are_none_are_refused_by_their_field(supervisor: Caller, wrong: Any, field: str) -> None:
    """E54"""
    answer = supervisor.post("/assignment_policies", {"name": "Targets", "response_targets": wrong})

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_the_limits_of_a_target_are_allowed(supervisor: Caller) -> None:
    """E54"""
    answer = supervisor.post(
        "/assignment_policies",
        {"name": "Targets", "conversation_priority": "soonest_due", "response_targets": {"1": 1, "4": MOST_MINUTES}},
    )

    assert (answer.status_code, answer.json["conversation_priority"]) == (201, "soonest_due")


def test_a_conversation_is_answered_with_its_instants(supervisor: Caller, acme: Acme) -> None:
    """E54: a foreign value, such as an instant without a zone, is refused."""
    acme.policy(response_targets=TARGETS)
    own = {"inbox_id": acme.support, "created_at": AT, "respond_by": "2026-03-02T12:03:00+00:00"}

    first = supervisor.post("/conversations", {**own, "respond_by": None, "priority": 2}).json
    second = supervisor.post("/conversations", own).json
    changed = supervisor.patch(f"/conversations/{second['id']}", {"respond_by": None}).json
    refused = supervisor.patch(f"/conversations/{second['id']}", {"respond_by": "2026-03-02T12:03:00"})
    computed = supervisor.patch(f"/conversations/{second['id']}", {"due_at": AT})

    assert (first["respond_by"], first["due_at"]) == (None, "2026-03-02T13:00:00Z")
    assert (second["respond_by"], second["due_at"]) == ("2026-03-02T12:03:00Z", "2026-03-02T12:03:00Z")
    assert (changed["respond_by"], changed["due_at"]) == (None, "2026-03-02T16:00:00Z")
    assert list(refused.json["errors"]) == ["respond_by"]
    assert list(computed.json["errors"]) == ["due_at"]


def test_the_list_of_what_waits_is_in_the_order_of_what_is_due(supervisor: Caller, acme: Acme) -> None:
    """E55"""
    acme.policy(response_targets={**TARGETS, "none": None}, conversation_priority="soonest_due")
    ids = [acme.waiting(1, priority=priority)[0] for priority in (None, 4, 1, 2)]

    listed = supervisor.get(f"/conversations?inbox_id={acme.support}&waiting=true").json["data"]
    told = supervisor.get(f"/conversations/{ids[0]}/explanation").json

    assert [one["id"] for one in listed] == [ids[2], ids[3], ids[1], ids[0]]
    assert told["position"] == 4
    assert "due" not in told["sentence"].lower()


def test_a_change_of_targets_is_undone_from_the_audit_log(admin: Caller, acme: Acme) -> None:
    """E54"""
    path = f"/assignment_policies/{acme.policy(response_targets=TARGETS)}"
    admin.patch(path, {"response_targets": {"1": 5}})
    [entry] = acme.work.session.query(AuditEntry).filter_by(subject="assignment_policy")

    assert entry.before["response_targets"] == TARGETS
    assert entry.after["response_targets"] == {"1": 5, "2": None, "3": None, "4": None, "none": None}


def test_a_preview_over_the_api_takes_targets(supervisor: Caller, acme: Acme) -> None:
    """E50, E54"""
    acme.policy()
    acme.waiting(2)
    body = {"assignment_policy": {"conversation_priority": "soonest_due", "response_targets": {"none": 10}}}

    answer = supervisor.post(f"/inboxes/{acme.support}/assignment_runs/preview", body)

    assert (answer.status_code, answer.json["left_waiting"]) == (200, {"nobody_online": 2})
