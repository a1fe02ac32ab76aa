"""Nothing crosses from one account to another: ids in the path are not there, ids in a body are invalid."""

import pytest

from tests.api.conftest import Caller
from tests.desks import Acme


@pytest.fixture
def theirs(stranger: Caller, acme: Acme) -> dict[str, int]:
    """One of each of Globex's things, by the name of its path parameter."""
    policy = stranger.post("/assignment_policies", {"name": "Theirs"}).json["id"]
    capacity = stranger.post("/agent_capacity_policies", {"name": "Theirs"}).json["id"]
    limit = stranger.post(
        f"/agent_capacity_policies/{capacity}/inbox_limits",
        {"inbox_id": acme.stranger_inbox_id, "conversation_limit": 1},
    ).json["id"]
    conversation = stranger.post("/conversations", {"inbox_id": acme.stranger_inbox_id}).json["id"]
    return {
        "agent": acme.stranger_id,
        "inbox": acme.stranger_inbox_id,
        "team": stranger.post("/teams", {"name": "Theirs"}).json["id"],
        "label": stranger.post("/labels", {"title": "Theirs"}).json["id"],
        "token": stranger.get("/tokens").json["data"][0]["id"],
        "policy": policy,
        "capacity": capacity,
        "limit": limit,
        "conversation": conversation,
    }


PATHS = [
    ("GET", "/agents/{agent}", None),
    ("PATCH", "/agents/{agent}", {"name": "x"}),
    ("DELETE", "/agents/{agent}", None),
    ("PUT", "/agents/{agent}/availability", {"availability": "busy"}),
    ("POST", "/agents/{agent}/heartbeat", {}),
    ("GET", "/inboxes/{inbox}", None),
    ("PATCH", "/inboxes/{inbox}", {"name": "x"}),
    ("DELETE", "/inboxes/{inbox}", None),
    ("GET", "/inboxes/{inbox}/members", None),
    ("PUT", "/inboxes/{inbox}/members", {"user_ids": []}),
    ("POST", "/inboxes/{inbox}/members", {"user_ids": []}),
    ("DELETE", "/inboxes/{inbox}/members", {"user_ids": []}),
    ("GET", "/inboxes/{inbox}/assignment_policy", None),
    ("POST", "/inboxes/{inbox}/assignment_policy", {"assignment_policy_id": 1}),
    ("DELETE", "/inboxes/{inbox}/assignment_policy", None),
    ("GET", "/inboxes/{inbox}/assignment_runs", None),
    ("POST", "/inboxes/{inbox}/assignment_runs", {}),
    ("GET", "/teams/{team}", None),
    ("PATCH", "/teams/{team}", {"name": "x"}),
    ("DELETE", "/teams/{team}", None),
    ("PUT", "/teams/{team}/members", {"user_ids": []}),
    ("DELETE", "/labels/{label}", None),
    ("DELETE", "/tokens/{token}", None),
    ("GET", "/assignment_policies/{policy}", None),
    ("PATCH", "/assignment_policies/{policy}", {"name": "x"}),
    ("DELETE", "/assignment_policies/{policy}", None),
    ("GET", "/assignment_policies/{policy}/inboxes", None),
    ("GET", "/agent_capacity_policies/{capacity}", None),
    ("PATCH", "/agent_capacity_policies/{capacity}", {"name": "x"}),
    ("DELETE", "/agent_capacity_policies/{capacity}", None),
    ("GET", "/agent_capacity_policies/{capacity}/users", None),
    ("POST", "/agent_capacity_policies/{capacity}/users", {"user_id": 1}),
    ("POST", "/agent_capacity_policies/{capacity}/inbox_limits", {"inbox_id": 1, "conversation_limit": 1}),
    ("PATCH", "/agent_capacity_policies/{capacity}/inbox_limits/{limit}", {"conversation_limit": 1}),
    ("DELETE", "/agent_capacity_policies/{capacity}/inbox_limits/{limit}", None),
    ("GET", "/conversations/{conversation}", None),
    ("PATCH", "/conversations/{conversation}", {"subject": "x"}),
]


def test_another_accounts_ids_are_not_there(admin: Caller, stranger: Caller, theirs: dict[str, int]) -> None:
    before = stranger.get("/audit_entries?per_page=100").json
    for method, path, body in PATHS:
        answer = admin(method, path.format(**theirs), body)
        assert answer.status_code == 404, (method, path)
        assert set(answer.json) == {"error"}
    assert stranger.get("/audit_entries?per_page=100").json == before


def test_a_limit_is_found_below_its_own_policy_only(admin: Caller, acme: Acme) -> None:
    first, second = (admin.post("/agent_capacity_policies", {"name": name}).json["id"] for name in "AB")
    body = {"inbox_id": acme.support, "conversation_limit": 1}
    limit = admin.post(f"/agent_capacity_policies/{first}/inbox_limits", body).json["id"]

    assert admin.delete(f"/agent_capacity_policies/{second}/inbox_limits/{limit}").status_code == 404
    assert admin.delete(f"/agent_capacity_policies/{first}/inbox_limits/{limit}").status_code == 204


def test_lists_hold_the_accounts_own_things_only(admin: Caller, theirs: dict[str, int]) -> None:
    for noun in ("teams", "labels", "assignment_policies", "agent_capacity_policies", "audit_entries", "conversations"):
        assert admin.get(f"/{noun}").json["data"] == [], noun
    assert theirs["inbox"] not in [one["id"] for one in admin.get("/inboxes").json["data"]]
    assert theirs["agent"] not in [one["id"] for one in admin.get("/agents").json["data"]]
    assert theirs["token"] not in [one["id"] for one in admin.get("/tokens").json["data"]]


def test_a_token_is_made_for_an_agent_of_the_account(admin: Caller, acme: Acme) -> None:
    refused = admin.post("/tokens", {"user_id": acme.stranger_id})

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["user_id"]
    assert admin.post("/tokens", {"user_id": acme.agents["Ana"], "name": "Ana's"}).json["user_id"] == acme.agents["Ana"]
