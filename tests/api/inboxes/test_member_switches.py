"""The switch of a membership: runs assign conversations to the member, or pass over the member."""

import pytest

from dashboard.engine.decisions import Source
from tests.api.conftest import Caller
from tests.desks import Acme, Recorded


@pytest.mark.parametrize("kind", ["inboxes", "teams"])
def test_a_member_is_switched_off_and_on_again(supervisor: Caller, acme: Acme, kind: str) -> None:
    """E57"""
    ana, bo = acme.agents["Ana"], acme.agents["Bo"]
    place_id = acme.team("Night", "Ana", "Bo") if kind == "teams" else acme.sales
    path = f"/{kind}/{place_id}/members"

    off = supervisor("PATCH", f"{path}/{ana}", {"auto_assign": False})

    assert off.json == {"user_id": ana, "auto_assign": False}
    assert supervisor.get(path).json == {
        "user_ids": [ana, bo],
        "members": [{"user_id": ana, "auto_assign": False}, {"user_id": bo, "auto_assign": True}],
    }
    assert supervisor("PATCH", f"{path}/{ana}", {"auto_assign": True}).json == {"user_id": ana, "auto_assign": True}


def test_a_replaced_list_keeps_the_switch_of_who_stays(supervisor: Caller, acme: Acme) -> None:
    """E57"""
    ana, bo, cleo = (acme.agents[name] for name in ("Ana", "Bo", "Cleo"))
    path = f"/inboxes/{acme.sales}/members"
    supervisor("PATCH", f"{path}/{ana}", {"auto_assign": False})
    supervisor("PATCH", f"{path}/{bo}", {"auto_assign": False})

    assert supervisor.put(path, {"user_ids": [ana, cleo]}).json == {"user_ids": [ana, cleo]}
    supervisor.post(path, {"user_ids": [bo]})

    members = supervisor.get(path).json["members"]
    assert {one["user_id"]: one["auto_assign"] for one in members} == {ana: False, bo: True, cleo: True}


def test_whoever_is_switched_on_again_gets_a_run_and_the_audit_log_has_both(
    supervisor: Caller, acme: Acme, queue: Recorded
) -> None:
    """E57, E30"""
    acme.policy()
    path = f"/inboxes/{acme.support}/members/{acme.agents['Ana']}"
    supervisor("PATCH", path, {"auto_assign": False})
    acme.waiting(1)

    supervisor("PATCH", path, {"auto_assign": True})

    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]
    last, first = supervisor.get("/audit_entries?subject=inbox_members").json["data"][:2]
    assert (first["before"]["auto_assign"], first["after"]["auto_assign"]) == (True, False)
    assert last["after"] == {"agent_id": acme.agents["Ana"], "auto_assign": True}


def test_only_a_member_has_a_switch(supervisor: Caller, acme: Acme) -> None:
    """E57"""
    for path in (
        f"/inboxes/{acme.sales}/members/{acme.agents['Cleo']}",
        f"/inboxes/{acme.stranger_inbox_id}/members/{acme.stranger_id}",
        f"/teams/999/members/{acme.agents['Ana']}",
    ):
        assert supervisor("PATCH", path, {"auto_assign": False}).status_code == 404


def test_a_switch_is_true_or_false(supervisor: Caller, acme: Acme) -> None:
    path = f"/inboxes/{acme.sales}/members/{acme.agents['Ana']}"

    refused = supervisor("PATCH", path, {"auto_assign": "no"})

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["auto_assign"]
