"""Inboxes and people of a helpdesk by API: the first mode makes the inbox, a person says who is who (C2, C6, C19)."""

import pytest
from sqlalchemy import select

from dashboard.store.models import ConnectedInbox, Connection, PolicyLink
from tests.api.helpdesks.conftest import Connected
from tests.api.helpdesks.test_hooks import CREATED, send
from tests.desks import Acme, Recorded
from tests.helpdesks.chatwoot.shop import CHAT, MAIL, MIRA, TOM, Shop


@pytest.fixture
def checked(connected: Connected) -> Connected:
    """The shop, whose set-up is known."""
    connected.check()
    return connected


def inbox(connected: Connected, external_id: int = CHAT) -> dict[str, object]:
    return next(one for one in connected.get("/inboxes")["data"] if one["external_id"] == str(external_id))


def person(connected: Connected, external_id: int) -> dict[str, object]:
    return next(one for one in connected.get("/agents")["data"] if one["external_id"] == str(external_id))


def set_mode(connected: Connected, **wanted: object) -> int:
    return int(connected.patch(f"/inboxes/{CHAT}", wanted).status_code)


def test_the_inboxes_can_be_chosen_after_the_checks_and_show_what_waits(connected: Connected, shop: Shop) -> None:
    """C20, C22"""
    shop.waits()
    connected.check()

    found = connected.get("/inboxes")["data"]

    assert [(one["name"], one["inbox_id"], one["mode"]) for one in found] == [
        ("Mail", None, "off"),
        ("Shop chat", None, "off"),
    ]
    assert {one["name"]: one["waiting"] for one in found} == {"Mail": 0, "Shop chat": 1}


def test_the_first_mode_makes_the_inbox_here_and_starts_the_first_sync(
    checked: Connected, shop: Shop, acme: Acme, queue: Recorded
) -> None:
    """C6, C19"""
    shop.waits()
    checked.poll()
    queue.polls.clear()

    answer = checked.patch(f"/inboxes/{CHAT}", {"mode": "shadow"})

    assert answer.status_code == 200
    assert (answer.json["mode"], answer.json["external_id"]) == ("shadow", str(CHAT))
    made = checked.admin.get(f"/inboxes/{answer.json['inbox_id']}").json
    assert (made["name"], made["assignment_policy_id"]) == ("Shop chat", None)
    assert checked.get()["state"] == "importing"
    assert queue.polls == [(checked.account_id, checked.id)]
    checked.poll()
    assert checked.get()["state"] == "ready"
    assert checked.admin.get(f"/inboxes/{answer.json['inbox_id']}").json["waiting_count"] == 1
    assert checked.get()["oldest_reading_at"]


def test_a_name_that_is_taken_gets_the_connections_behind_it_and_the_only_policy_is_linked(
    checked: Connected, acme: Acme
) -> None:
    """C19"""
    checked.admin.post("/inboxes", {"name": "Shop chat"})
    policy_id = acme.policy("Sales")

    inbox_id = checked.patch(f"/inboxes/{CHAT}", {"mode": "shadow"}).json["inbox_id"]

    made = checked.admin.get(f"/inboxes/{inbox_id}").json
    assert (made["name"], made["assignment_policy_id"]) == ("Shop chat (Shop)", policy_id)


def test_of_two_policies_none_is_linked(checked: Connected, acme: Acme) -> None:
    """C19"""
    acme.policy("Sales")
    acme.policy("Support")

    inbox_id = checked.patch(f"/inboxes/{CHAT}", {"mode": "shadow"}).json["inbox_id"]

    assert acme.work.session.get(PolicyLink, inbox_id) is None


def test_live_waits_for_the_end_of_the_first_sync(checked: Connected, shop: Shop) -> None:
    """C19"""
    shop.there.act("own_assignment", inbox=CHAT, on=False)

    assert set_mode(checked, mode="live") == 409
    assert set_mode(checked, mode="shadow") == 200
    assert set_mode(checked, mode="live") == 409
    checked.poll()
    assert set_mode(checked, mode="live") == 200


def test_an_inbox_chosen_later_counts_as_unread_until_everything_was_read_once_more(
    checked: Connected, shop: Shop, acme: Acme
) -> None:
    """C6, C19: its sister goes on meanwhile."""
    shop.there.act("own_assignment", inbox=MAIL, on=False)
    set_mode(checked, mode="shadow")
    checked.poll()
    assert unread(acme) == []

    checked.patch(f"/inboxes/{MAIL}", {"mode": "shadow"})

    assert unread(acme) == [str(MAIL)]
    assert checked.patch(f"/inboxes/{MAIL}", {"mode": "live"}).status_code == 409
    checked.poll()
    assert unread(acme) == []
    assert checked.patch(f"/inboxes/{MAIL}", {"mode": "live"}).status_code == 200


def unread(acme: Acme) -> list[str]:
    found = select(ConnectedInbox.external_id).where(ConnectedInbox.unread_since.is_not(None))
    return list(acme.work.session.scalars(found))


def test_live_is_refused_while_the_helpdesk_assigns_there_and_the_switch_is_put_back_in_the_end(
    checked: Connected, shop: Shop
) -> None:
    """C19"""
    shop.there.act("own_assignment", inbox=CHAT, on=False)
    set_mode(checked, mode="shadow")
    checked.poll()
    # Nobody has read this when somebody here goes live.
    shop.there.act("own_assignment", inbox=CHAT, on=True)

    refused = checked.patch(f"/inboxes/{CHAT}", {"mode": "live"})
    assert refused.status_code == 409
    assert "Shop chat" in refused.json["error"]
    assert checked.patch(f"/inboxes/{CHAT}", {"own_assignment": False}).json["own_assignment"] is False
    assert own_is_on(shop) is False
    assert set_mode(checked, mode="live") == 200
    assert set_mode(checked, mode="off") == 200
    assert own_is_on(shop) is False
    assert checked.patch(f"/inboxes/{CHAT}", {"own_assignment": True}).status_code == 422

    assert checked.admin.delete(f"/connections/{checked.id}?keep=true").status_code == 204

    assert own_is_on(shop) is True


def own_is_on(shop: Shop) -> bool | None:
    return next(one.own_assignment for one in shop.helpdesk.read_setup({}).inboxes if one.id == str(CHAT))


def test_a_group_is_for_request_tracker_alone(checked: Connected) -> None:
    """C22"""
    assert checked.patch(f"/inboxes/{CHAT}", {"group": "agents"}).status_code == 422
    assert checked.patch("/inboxes/999", {"mode": "shadow"}).status_code == 404


def test_equal_addresses_only_propose_and_one_button_confirms_them(
    checked: Connected, acme: Acme, queue: Recorded
) -> None:
    """C2"""
    mira = checked.admin.post("/agents", {"name": "M. Falk", "email": "Mira@Shop.example", "role": "agent"}).json["id"]

    assert (person(checked, MIRA)["proposed_agent_id"], person(checked, MIRA)["agent_id"]) == (mira, None)
    confirmed = checked.admin.post(f"/connections/{checked.id}/agents/confirm")

    assert confirmed.status_code == 200
    assert (person(checked, MIRA)["proposed_agent_id"], person(checked, MIRA)["agent_id"]) == (None, mira)
    assert person(checked, TOM)["agent_id"] is None
    row = checked.work.session.get_one(Connection, checked.id)
    assert (row.setup_read_at, row.presence_read_at) == (None, None)
    checked.work.session.rollback()


def test_somebody_new_becomes_an_agent_here_without_a_log_in(checked: Connected) -> None:
    """C2"""
    matched = checked.patch(f"/agents/{TOM}", {"agent_id": "new"})

    assert matched.status_code == 200
    made = checked.admin.get(f"/agents/{matched.json['agent_id']}").json
    assert (made["name"], made["email"], made["role"], made["log_in"]) == (
        "Tom Berg",
        "tom@shop.example",
        "agent",
        "none",
    )


def test_nobody_is_two_people_and_an_ignored_one_is_no_agent(checked: Connected, acme: Acme) -> None:
    """C2"""
    ana = acme.agents["Ana"]
    assert checked.patch(f"/agents/{MIRA}", {"agent_id": ana}).json["agent_id"] == ana

    refused = [
        checked.patch(f"/agents/{TOM}", {"agent_id": ana}),
        checked.patch(f"/agents/{TOM}", {"agent_id": acme.stranger_id}),
        checked.patch(f"/agents/{TOM}", {"agent_id": "old"}),
    ]

    assert [(answer.status_code, list(answer.json["errors"])) for answer in refused] == [(422, ["agent_id"])] * 3
    assert checked.patch(f"/agents/{TOM}", {"agent_id": ana, "ignored": True}).status_code == 422
    ignored = checked.patch(f"/agents/{MIRA}", {"ignored": True}).json
    assert (ignored["ignored"], ignored["agent_id"]) == (True, None)
    assert checked.patch("/agents/999", {"ignored": True}).status_code == 404


def test_a_webhook_leads_to_a_reading_and_what_was_heard_is_listed(app: object, checked: Connected, shop: Shop) -> None:
    """C7, C22"""
    set_mode(checked, mode="shadow")
    checked.poll()
    key = shop.waits()
    send(app, checked, {**CREATED, "id": int(key.display_id)})  # type: ignore[arg-type]

    checked.read_marked()

    inbox_id = inbox(checked)["inbox_id"]
    assert checked.admin.get(f"/inboxes/{inbox_id}").json["waiting_count"] == 1
    listed = checked.get("/events?per_page=1")
    assert listed["meta"]["count"] >= 1
    [first] = [one for one in checked.get("/events")["data"] if one["kind"] == "webhook"]
    assert (first["cause"], first["conversation_id"] is not None) == ("conversation_created", True)
    assert checked.get("/conflicts")["data"] == checked.get("/writes")["data"] == []


@pytest.mark.parametrize("keep", [True, False])
def test_what_was_mirrored_stays_or_goes_with_the_connection(checked: Connected, shop: Shop, keep: bool) -> None:
    """C21"""
    shop.waits()
    set_mode(checked, mode="shadow")
    checked.poll()
    inbox_id = inbox(checked)["inbox_id"]

    assert checked.admin.delete(f"/connections/{checked.id}?keep={str(keep).lower()}").status_code == 204

    assert checked.admin.get(f"/inboxes/{inbox_id}").status_code == (200 if keep else 404)
    assert checked.admin.get("/conversations").json["meta"]["count"] == (1 if keep else 0)


def test_sync_makes_everything_due_and_enqueues_a_poll(checked: Connected, queue: Recorded, redis_url: str) -> None:
    """C22"""
    checked.poll()
    queue.polls.clear()

    answer = checked.admin.post(f"/connections/{checked.id}/sync")

    assert answer.status_code == 202
    assert queue.polls == [(checked.account_id, checked.id)]
    assert checked.work.session.get_one(Connection, checked.id).setup_read_at is None
    checked.work.session.rollback()
