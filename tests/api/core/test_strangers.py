"""Lists, limits and tokens keep to their account; tests/security walks every route with another account's ids."""

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
