"""What Libredesk's webhooks tell of each act, and what they do not."""

from typing import Any

import pytest

from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.helpdesks.values import CUSTOMER
from tests.helpdesks.libredesk.hooks import SECRET, events, hints
from tests.helpdesks.libredesk.shop import MAIL, MIRA, NOW, OURS, RETURNS, SALES, SYSTEM, TOM, Shop
from tests.receivers import Receiver, receiver

# Made once by hand with another program.
BODY = b'{"event":"conversation_updated","id":1873}'
SIGNATURE = "d86f04f029fb9b0c7507f26b62ddfb3bdd8ad2851413b20ff2d766b7b14e4eac"


def test_an_assignment_tells_who_gave_it_to_whom_and_not_who_had_it(shop: Shop, there: Receiver):
    """C15, C16"""
    key = shop.waits()
    shop.helpdesk.assign(shop.read(key), str(MIRA))

    assigned, message = hints(shop, there)

    assert (assigned.event, assigned.id, assigned.at) == ("conversation.assigned", key.id, NOW)
    assert (assigned.owner_changed, assigned.before, assigned.after) == (True, None, str(MIRA))
    assert assigned.actor_id == str(OURS)
    assert (message.event, message.id, message.owner_changed) == ("message.created", key.id, False)


def test_a_person_and_the_autoassigner_are_told_apart_by_their_ids(shop: Shop, there: Receiver):
    """C15, C16"""
    by_hand, by_itself = shop.waits(), shop.waits(assigned_team_id=RETURNS)
    shop.there.act("assign_by_hand", conversation=by_hand.id, agent=TOM)
    shop.there.act("own_assignment", team=RETURNS, on=True)
    shop.there.act("autoassign")

    told = {hint.id: (hint.actor_id, hint.after) for hint in hints(shop, there) if hint.owner_changed}

    assert told == {by_hand.id: (str(TOM), str(TOM)), by_itself.id: (str(SYSTEM), str(MIRA))}


def test_a_release_of_nobodys_conversation_is_told_as_well(shop: Shop, there: Receiver):
    """C16: seen on a running Libredesk, so the event alone proves no change."""
    key = shop.waits()
    shop.helpdesk.assign(shop.read(key), None)

    [hint] = hints(shop, there)

    assert (hint.event, hint.owner_changed, hint.after) == ("conversation.unassigned", True, None)


def test_a_write_that_answers_500_is_told_all_the_same(shop: Shop, there: Receiver):
    """C13: seen with the id of a deleted agent."""
    key = shop.waits()
    shop.there.act("remove_agent", agent=TOM)
    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.assign(shop.read(key), str(TOM))

    [hint] = hints(shop, there)

    assert (hint.event, hint.after) == ("conversation.assigned", str(TOM))


def test_a_new_conversation_is_told_with_both_ids(shop: Shop, there: Receiver):
    """C7"""
    uuid = shop.there.act("customer_starts", inbox=MAIL)

    created, message = hints(shop, there)

    assert (created.event, created.id, created.display_id) == ("conversation.created", uuid, "100")
    assert (message.id, message.actor_id, message.at) == (uuid, CUSTOMER, NOW)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ({"do": "resolve"}, ["conversation.status_changed", "message.created"]),
        ({"do": "set_team", "team": SALES}, ["conversation.unassigned", "message.created"]),
        ({"do": "set_team", "team": None}, []),
        ({"do": "set_labels", "labels": ["vip"]}, ["conversation.tags_changed", "message.created"]),
        ({"do": "set_labels", "labels": ["unknown"]}, ["conversation.tags_changed"]),
        ({"do": "set_priority", "priority": 3}, ["message.created"]),
        ({"do": "set_attributes", "attributes": {"a": "b"}}, []),
        ({"do": "agent_replies"}, ["message.created"]),
        ({"do": "agent_notes"}, ["message.created"]),
        ({"do": "delete_conversation"}, []),
    ],
)
def test_one_act_sends_what_libredesk_sends_of_it(shop: Shop, there: Receiver, act: dict[str, Any], told: list[str]):
    """C26"""
    key = shop.waits()

    shop.there.act(**act, conversation=key.id)

    assert events(shop, there) == told


def test_a_customer_who_reopens_is_told_only_by_messages(shop: Shop, there: Receiver):
    """C8: and an agent who is away and reassigning loses it without an event."""
    key = shop.waits(status="Resolved", assigned_user_id=TOM)
    shop.there.act("agent_busy", agent=TOM, state="away_and_reassigning")

    shop.there.act("customer_writes", conversation=key.id)

    told = hints(shop, there)
    assert [hint.event for hint in told] == ["message.created", "message.created"]
    assert {hint.id for hint in told} == {key.id}
    assert {hint.actor_id for hint in told} == {CUSTOMER, str(SYSTEM)}
    assert shop.read(key).waits


def test_what_no_webhook_tells_is_still_read(shop: Shop, there: Receiver):
    """C8"""
    asleep = shop.waits(status="Snoozed", snoozed_until="2026-08-08T12:01:00+00:00")
    orphan = shop.waits(assigned_user_id=TOM)
    shop.there.act("remove_agent", agent=TOM)
    shop.there.clock(advance=301)

    waiting = {one.id for one in shop.helpdesk.read_waiting([str(MAIL)]).conversations}

    assert hints(shop, there) == []
    assert waiting == {asleep.id, orphan.id}


def test_events_that_nobody_knows_hint_at_nothing(shop: Shop, there: Receiver):
    """C7: rules may send events of any name."""
    key = shop.waits()
    shop.there.act("custom_event", conversation=key.id, event="parcel.lost")
    url = f"{shop.there.url}/api/v1/webhooks"
    authorization = {"Authorization": f"token key-{OURS}:secret-{OURS}"}
    [webhook] = shop.there.client.get(url, headers=authorization).json()["data"]
    shop.there.client.post(f"{url}/{webhook['id']}/test", headers=authorization)

    told = hints(shop, there)

    assert {hint.event for hint in told} == {"parcel.lost", "webhook.test"}
    assert {(hint.id, hint.display_id, hint.owner_changed) for hint in told} == {(None, None, False)}


def test_the_conversation_within_may_be_absent(shop: Shop, there: Receiver):
    """C7: it is not read anyway."""
    body = {"event": "conversation.assigned", "payload": {"conversation_uuid": "u", "assigned_to": 14}}

    hint = shop.helpdesk.read_webhook({}, body)

    assert (hint.id, hint.after, hint.actor_id, hint.at) == ("u", "14", None, None)


def test_activities_have_no_type_before_2_6(shop: Shop):
    """C26: their text is always English."""
    shop.reset(version="2.5.0")
    with receiver() as there:
        shop.helpdesk.make_webhook(there.url, SECRET)
        key = shop.waits()
        shop.there.act("assign_by_hand", conversation=key.id, agent=TOM, by=MIRA)
        shop.there.delivered()

        [message] = [call.event["payload"] for call in there.calls if call.event["event"] == "message.created"]
        assert message["meta"] == {}
        assert message["content"] == "Assigned to Tom Berg by Mira Falk"
