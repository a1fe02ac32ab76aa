"""Inboxes, teams, labels, and who belongs where (api.md section 2)."""

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.store.models import Conversation, OutboxEvent
from tests.api.conftest import Caller
from tests.counting import statements
from tests.desks import Acme, Recorded


def woken(queue: Recorded) -> set[int]:
    return {inbox_id for _, inbox_id, _ in queue.runs}


def test_a_new_inbox_has_the_defaults(supervisor: Caller) -> None:
    made = supervisor.post("/inboxes", {"name": "Billing"})

    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "name": "Billing",
        "channel": None,
        "enable_auto_assignment": True,
        "weight": 1,
        "business_hours": None,
        "open_now": True,
        "opens_at": None,
        "assignment_policy_id": None,
        "overrides": {},
        "member_ids": [],
        "waiting_count": 0,
        "open_count": 0,
    }
    assert supervisor.get(f"/inboxes/{made.json['id']}").json == made.json


def test_an_inbox_counts_what_waits_and_what_is_open(supervisor: Caller, acme: Acme) -> None:
    acme.waiting(2)
    acme.held("Ana", 3)
    acme.waiting(1, status="snoozed", waiting_since=None)
    policy_id = acme.policy()

    inbox = supervisor.get(f"/inboxes/{acme.support}").json

    assert (inbox["waiting_count"], inbox["open_count"]) == (2, 5)
    assert inbox["member_ids"] == sorted(acme.agents.values())
    assert inbox["assignment_policy_id"] == policy_id


def test_the_list_of_inboxes_costs_the_same_whatever_their_number(supervisor: Caller, app: Flask) -> None:
    supervisor.get("/inboxes")  # a token's first use is noted
    with statements(app.extensions["probe"]) as few:
        supervisor.get("/inboxes")
    for number in range(20):
        supervisor.post("/inboxes", {"name": f"Inbox {number}"})
    with statements(app.extensions["probe"]) as many:
        listed = supervisor.get("/inboxes")

    assert len(many) == len(few)
    assert listed.json["meta"]["count"] == 22


@pytest.mark.parametrize("path", ["/inboxes", "/teams"])
@pytest.mark.parametrize(("body", "field"), [({}, "name"), ({"name": " "}, "name"), ({"name": "x", "id": 1}, "id")])
def test_what_makes_no_inbox_or_team_is_refused(supervisor: Caller, path: str, body: dict, field: str) -> None:
    refused = supervisor.post(path, body)

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]


def test_switching_an_inbox_on_starts_a_run_and_is_audited(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    """E30"""
    acme.waiting(1)
    path = f"/inboxes/{acme.support}"
    assert supervisor.patch(path, {"enable_auto_assignment": False}).json["enable_auto_assignment"] is False
    acme.work.signals.wakeups.clear(acme.account_id, acme.support)
    queue.runs.clear()

    assert supervisor.put(path, {"inbox": {"enable_auto_assignment": True}}).json["enable_auto_assignment"] is True

    assert woken(queue) == {acme.support}
    on, off = supervisor.get(f"/audit_entries?subject=inbox&subject_id={acme.support}").json["data"]
    assert (off["before"]["enable_auto_assignment"], off["after"]["enable_auto_assignment"]) == (True, False)
    assert on["actor"] == {"id": supervisor.user_id, "name": "supervisor-caller"}
    assert "waiting_count" not in on["after"]


def test_renaming_an_inbox_starts_nothing(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    acme.waiting(1)

    assert supervisor.patch(f"/inboxes/{acme.support}", {"name": "Help", "channel": "email"}).json["name"] == "Help"

    assert queue.runs == []


def test_an_inbox_with_conversations_is_not_deleted(supervisor: Caller, acme: Acme) -> None:
    acme.held("Ana", 1, status="resolved", resolved_at="2026-03-02T00:00:00Z")

    assert supervisor.delete(f"/inboxes/{acme.support}").status_code == 409
    assert supervisor.delete(f"/inboxes/{acme.sales}").status_code == 204
    assert supervisor.get(f"/inboxes/{acme.sales}").status_code == 404


def test_members_are_replaced_added_and_removed(supervisor: Caller, acme: Acme) -> None:
    ana, bo, cleo = (acme.agents[name] for name in ("Ana", "Bo", "Cleo"))
    path = f"/inboxes/{acme.sales}/members"

    assert supervisor.get(path).json["user_ids"] == [ana, bo]
    for answer, left in (
        (supervisor.post(path, {"user_ids": [cleo, bo]}), [ana, bo, cleo]),
        (supervisor.delete(path, {"user_ids": [ana]}), [bo, cleo]),
        (supervisor.put(path, {"user_ids": [ana, ana]}), [ana]),
        (supervisor.put(path, {"user_ids": []}), []),
    ):
        assert answer.status_code == 200
        assert answer.json == {"user_ids": left}


def test_ten_thousand_members_are_as_short_a_statement_as_one(app: Flask, supervisor: Caller, acme: Acme) -> None:
    """Seen to fail with a row of values for each: 30,000 parameters took two seconds to put together."""
    with statements(app.extensions["probe"]) as said:
        answer = supervisor.put(f"/inboxes/{acme.support}/members", {"user_ids": [acme.agents["Ana"]] * 10_000})

    assert answer.json["user_ids"] == [acme.agents["Ana"]]
    assert max(map(len, said)) < 2_000


def test_teams_have_members_too(supervisor: Caller, acme: Acme) -> None:
    team_id = acme.team("Night")

    assert supervisor.post(f"/teams/{team_id}/members", {"user_ids": [acme.agents["Ana"]]}).status_code == 200
    assert supervisor.get(f"/teams/{team_id}/members").json["user_ids"] == [acme.agents["Ana"]]


def test_members_must_be_active_agents_of_the_account(supervisor: Caller, admin: Caller, acme: Acme) -> None:
    path, dov = f"/inboxes/{acme.sales}/members", acme.agents["Dov"]
    admin.delete(f"/agents/{dov}")

    for refused in (
        supervisor.post(path, {"user_ids": [acme.agents["Cleo"], dov]}),
        supervisor.put(path, {"user_ids": [acme.stranger_id]}),
        supervisor.delete(path, {"user_ids": [acme.stranger_id]}),
        supervisor.post(path, {"user_ids": ["1"]}),
        supervisor.post(path, {}),
    ):
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == ["user_ids"]
    assert supervisor.get(path).json["user_ids"] == [acme.agents["Ana"], acme.agents["Bo"]]
    assert dov not in supervisor.get(f"/inboxes/{acme.support}").json["member_ids"]


def test_a_member_who_joins_starts_a_run_where_something_waits(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    """E30"""
    supervisor.post(f"/inboxes/{acme.sales}/members", {"user_ids": [acme.agents["Cleo"]]})
    assert queue.runs == []
    acme.waiting(1, "Sales")

    supervisor.post(f"/inboxes/{acme.sales}/members", {"user_ids": [acme.agents["Dov"]]})

    assert woken(queue) == {acme.sales}


def test_who_joins_a_team_starts_runs_where_something_waits_for_it(
    supervisor: Caller, acme: Acme, queue: Recorded
) -> None:
    """E30"""
    team_id = acme.team("Night")
    acme.waiting(1, "Sales", team_id=team_id)
    acme.waiting(1)

    supervisor.put(f"/teams/{team_id}/members", {"user_ids": [acme.agents["Dov"]]})

    assert woken(queue) == {acme.sales}


def test_a_team_is_made_changed_and_removed(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    made = supervisor.post("/teams", {"name": "Night"})
    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "name": "Night",
        "assignment_type": "round_robin",
        "max_auto_assigned_conversations": 0,
    }
    path = f"/teams/{made.json['id']}"
    [waiting] = acme.waiting(1, team_id=made.json["id"])

    changed = supervisor.patch(path, {"assignment_type": "manual", "max_auto_assigned_conversations": 3})
    assert (changed.json["assignment_type"], changed.json["max_auto_assigned_conversations"]) == ("manual", 3)
    assert woken(queue) == {acme.support}

    assert supervisor.delete(path).status_code == 204
    assert supervisor.get(path).status_code == 404
    session = acme.work.session
    assert session.scalar(select(Conversation.team_id).where(Conversation.id == waiting)) is None
    assert session.scalars(select(OutboxEvent.event)).all() == ["conversation_updated"]
    assert supervisor.get("/teams").json["data"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"assignment_type": "balanced"}, "assignment_type"),
        ({"max_auto_assigned_conversations": -1}, "max_auto_assigned_conversations"),
        ({"max_auto_assigned_conversations": 100_001}, "max_auto_assigned_conversations"),
        ({"max_auto_assigned_conversations": 1.5}, "max_auto_assigned_conversations"),
    ],
)
def test_a_team_outside_the_limits_is_refused(supervisor: Caller, acme: Acme, body: dict, field: str) -> None:
    refused = supervisor.patch(f"/teams/{acme.team('Night')}", body)

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]


def test_labels_are_suggested_once_each_and_case_counts(supervisor: Caller) -> None:
    vip = supervisor.post("/labels", {"title": "VIP", "color": "#1f93ff"})
    assert vip.status_code == 201
    assert vip.json == {"id": vip.json["id"], "title": "VIP", "color": "#1f93ff"}

    assert supervisor.post("/labels", {"label": {"title": "vip"}}).status_code == 201
    for body, field in (
        ({"title": "VIP"}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"title": "y", "color": "red;"}, "color"),
    ):
        refused = supervisor.post("/labels", body)
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == [field]
    assert [label["title"] for label in supervisor.get("/labels").json["data"]] == ["VIP", "vip"]

    assert supervisor.delete(f"/labels/{vip.json['id']}").status_code == 204
    assert supervisor.delete(f"/labels/{vip.json['id']}").status_code == 404
