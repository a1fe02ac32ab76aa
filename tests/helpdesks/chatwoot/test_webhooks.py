"""Chatwoot's webhooks: made, signed, delivered by the stand-in, and read as hints."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard.helpdesks.values import CUSTOMER, WebhookHint
from tests.helpdesks.chatwoot.shop import BOT, CHAT, MIRA, NOON, RETURNS, TOM, Shop
from tests.receivers import Receiver, receiver
from tests.waiting import eventually

NOW = datetime.fromisoformat(NOON)
NO_TIME = timedelta(0)
# Made once by hand with another program.
SECRET, STAMP = "evenhand-demo-secret", 1782993600
BODY = b'{"event":"conversation_updated","id":1873}'
SIGNATURE = "cf714fb893575579731473408cf6dc699cc2945438ae9b774b9d44b088d04634"


@pytest.fixture
def there() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiver() as made:
        yield made


def headers(call: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in call.headers.items()}


def hints(shop: Shop, there: Receiver) -> list[WebhookHint]:
    """Wait for all deliveries, and read them."""
    shop.there.delivered()
    return [shop.helpdesk.read_webhook(headers(call), json.loads(call.body)) for call in there.calls]


def events(shop: Shop, there: Receiver) -> list[str]:
    return sorted(hint.event for hint in hints(shop, there))


def verified(
    shop: Shop, *, stamp: str = str(STAMP), signature: str = SIGNATURE, body: bytes = BODY, **when: Any
) -> bool:
    told = {"x-chatwoot-timestamp": stamp, "x-chatwoot-signature": f"sha256={signature}"}
    now = datetime.fromtimestamp(STAMP, NOW.tzinfo)
    return shop.helpdesk.verify(told, body, **{"secret": SECRET, "now": now, "ahead": NO_TIME, **when})


def test_the_known_signature_is_accepted_and_any_other_is_not(shop: Shop):
    """C7"""
    assert verified(shop)
    assert not verified(shop, body=BODY + b" ")
    assert not verified(shop, secret="another")
    assert not verified(shop, stamp=str(STAMP + 1))
    assert not verified(shop, stamp="soon")
    assert not verified(shop, signature="")
    assert not verified(shop, signature="ä")


def test_a_signature_lasts_five_minutes_on_the_helpdesks_clock(shop: Shop):
    """C7"""
    at = datetime.fromtimestamp(STAMP, NOW.tzinfo)

    assert verified(shop, now=at + timedelta(seconds=300))
    assert not verified(shop, now=at + timedelta(seconds=301))
    assert not verified(shop, now=at - timedelta(seconds=301))
    assert verified(shop, now=at + timedelta(hours=1), ahead=timedelta(hours=-1))


def test_a_webhook_is_made_with_four_events_and_the_secret_of_the_answer_signs(shop: Shop, there: Receiver):
    """C6, C7"""
    made = shop.helpdesk.make_webhook(there.url, "unused")
    shop.there.act("customer_starts", inbox=CHAT)
    shop.there.delivered()

    told = json.loads(shop.calls("/webhooks")[0]["body"])
    assert told["subscriptions"] == [
        "conversation_created", "conversation_updated", "conversation_status_changed", "message_created",
    ]  # fmt: skip
    assert made.secret is not None
    assert all(
        shop.helpdesk.verify(headers(call), call.body, secret=made.secret, now=NOW, ahead=NO_TIME)
        for call in there.calls
    )
    assert len(there.calls) == 2


def test_before_4_11_2_nothing_is_signed_and_the_address_alone_is_the_secret(shop: Shop, there: Receiver):
    """C7"""
    shop.reset(version="4.11.1")

    made = shop.helpdesk.make_webhook(there.url, "unused")
    shop.there.act("customer_starts", inbox=CHAT)
    shop.there.delivered()

    assert made.secret is None
    assert "x-chatwoot-signature" not in headers(there.calls[0])
    assert shop.helpdesk.verify(headers(there.calls[0]), there.calls[0].body, secret=None, now=NOW, ahead=NO_TIME)


def test_a_webhook_that_was_made_before_a_kill_is_taken_and_not_made_twice(shop: Shop, there: Receiver):
    """C6"""
    first = shop.helpdesk.make_webhook(there.url, "unused")

    assert shop.helpdesk.make_webhook(there.url, "unused") == first


def test_a_removed_webhook_sends_nothing_and_may_be_removed_again(shop: Shop, there: Receiver):
    """C21"""
    made = shop.helpdesk.make_webhook(there.url, "unused")

    shop.helpdesk.remove_webhook(made.id)
    shop.helpdesk.remove_webhook(made.id)

    shop.there.act("customer_starts", inbox=CHAT)
    assert not hints(shop, there)


def test_a_change_of_owner_is_told_with_both_sides(shop: Shop, there: Receiver):
    """C7, C15"""
    key = shop.waits()
    shop.helpdesk.make_webhook(there.url, "unused")
    shop.there.act("assign_by_hand", conversation=key.display_id, agent=TOM)
    shop.there.delivered()

    shop.helpdesk.assign(shop.read(key), str(MIRA))

    told = [(hint.display_id, hint.owner_changed, hint.before, hint.after) for hint in hints(shop, there)]
    assert told == [("1", True, None, str(TOM)), ("1", True, str(TOM), str(MIRA))]
    assert {hint.actor_id for hint in hints(shop, there)} == {None}, "Chatwoot does not tell who did it."


def test_a_bot_is_no_agent_and_no_release(shop: Shop, there: Receiver):
    """C15"""
    key = shop.waits(assignee_id=MIRA)
    shop.helpdesk.make_webhook(there.url, "unused")

    shop.there.act("bot_takes", conversation=key.display_id, bot=BOT)

    [hint] = hints(shop, there)
    assert (hint.owner_changed, hint.before, hint.after) == (True, str(MIRA), f"bot:{BOT}")


def test_a_team_that_picks_tells_team_and_owner_in_one_event(shop: Shop, there: Receiver):
    """C15"""
    shop.there.act("agent_online", agent=TOM)
    shop.there.act("own_assignment", team=RETURNS, on=True)
    key = shop.waits()
    shop.helpdesk.make_webhook(there.url, "unused")

    shop.there.act("set_team", conversation=key.display_id, team=RETURNS)

    [hint] = hints(shop, there)
    assert (hint.owner_changed, hint.after) == (True, str(TOM))


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ({"do": "customer_writes"}, ["message_created"]),
        ({"do": "agent_replies", "by": MIRA}, ["conversation_updated", "message_created"]),
        ({"do": "agent_notes", "by": MIRA}, ["message_created"]),
        ({"do": "resolve"}, ["conversation_status_changed", "conversation_updated"]),
        ({"do": "set_labels", "labels": ["vip"]}, ["conversation_updated", "conversation_updated"]),
        ({"do": "set_priority", "priority": "high"}, ["conversation_updated"]),
        ({"do": "assign_by_hand", "agent": TOM}, ["conversation_updated"]),
        ({"do": "remove_agent", "agent": MIRA}, []),
        ({"do": "delete_conversation"}, []),
        ({"do": "delete_team", "team": RETURNS}, []),
        ({"do": "remove_member", "inbox": CHAT, "agent": MIRA}, []),
        ({"do": "agent_offline", "agent": MIRA}, []),
    ],
    ids=lambda value: value["do"] if isinstance(value, dict) else "",
)
def test_one_act_sends_what_chatwoot_sends_of_it(shop: Shop, there: Receiver, act: dict[str, Any], told: list[str]):
    """C7, C26"""
    shop.waits(assignee_id=MIRA, team_id=RETURNS)
    shop.helpdesk.make_webhook(there.url, "unused")

    shop.there.act(**{"conversation": 1, **act})

    assert events(shop, there) == told


def test_a_customers_own_message_is_told_with_its_instant_and_nobody_elses(shop: Shop, there: Receiver):
    """C15"""
    key = shop.waits()
    shop.helpdesk.make_webhook(there.url, "unused")
    shop.there.clock(advance=60)
    shop.there.act("agent_notes", conversation=key.display_id)
    shop.there.act("agent_replies", conversation=key.display_id)
    shop.there.act("customer_writes", conversation=key.display_id)

    messages = [hint for hint in hints(shop, there) if hint.event == "message_created"]
    [theirs] = [hint for hint in messages if hint.actor_id is not None]

    assert len(messages) == 3
    assert (theirs.actor_id, theirs.display_id, theirs.at) == (CUSTOMER, key.display_id, NOW + timedelta(seconds=60))


def test_a_customer_who_writes_to_what_was_resolved_opens_it(shop: Shop, there: Receiver):
    """C7"""
    key = shop.waits()
    shop.there.act("resolve", conversation=key.display_id)
    shop.helpdesk.make_webhook(there.url, "unused")

    shop.there.act("customer_writes", conversation=key.display_id)

    assert events(shop, there) == [
        "conversation_status_changed", "conversation_updated", "conversation_updated", "message_created",
    ]  # fmt: skip
    assert {hint.display_id for hint in hints(shop, there)} == {key.display_id}
    assert shop.read(key).waits


def test_a_status_event_has_no_changes_and_is_still_a_hint(shop: Shop, there: Receiver):
    """C7"""
    body = {"event": "conversation_status_changed", "id": 5, "changed_attributes": None, "updated_at": 1782993500.4}

    hint = shop.helpdesk.read_webhook({}, body)

    assert (hint.display_id, hint.owner_changed) == ("5", False)
    assert hint.at is not None


def test_an_unknown_event_hints_at_nothing_and_what_is_no_webhook_is_refused(shop: Shop):
    """C7"""
    assert shop.helpdesk.read_webhook({}, {"event": "contact_updated", "id": 9}) == WebhookHint(event="contact_updated")
    for body in ({}, {"event": 5}, {"event": "conversation_updated"}, {"event": "message_created", "conversation": []}):
        with pytest.raises(ValueError, match="Chatwoot"):
            shop.helpdesk.read_webhook({}, body)


def test_a_webhook_is_sent_once_whatever_it_is_answered(shop: Shop):
    """C7"""
    with receiver(answer=lambda _: 500) as there:
        shop.helpdesk.make_webhook(there.url, "unused")
        key = shop.waits()
        shop.there.act("agent_notes", conversation=key.display_id, by=MIRA)

        [delivery] = shop.there.delivered()

    assert (delivery["outcome"], len(there.calls)) == (500, 1)


def test_webhooks_are_lost_doubled_and_late_as_they_are_told(shop: Shop, there: Receiver):
    """C26"""
    shop.helpdesk.make_webhook(there.url, "unused")
    key = shop.waits()

    for how in (
        {"drop": 1.0},
        {"dup": 1.0, "delay": [0, 0.1], "reorder": True},
        {"late_build": True, "delay": [0.2, 0.2]},
    ):
        shop.there.webhooks(**how)
        shop.there.act("set_priority", conversation=key.display_id, priority="high" if "dup" in how else "low")
    shop.there.act("set_priority", conversation=key.display_id, priority="urgent")
    eventually(lambda: len(there.calls) == 4)
    shop.there.delivered()

    told = [json.loads(call.body) for call in there.calls]
    assert sorted(one["priority"] for one in told) == ["high", "high", "urgent", "urgent"]
    assert len({headers(call)["x-chatwoot-delivery"] for call in there.calls}) == 4


def test_since_4_14_a_private_target_gets_nothing_unless_chatwoot_allows_it(shop: Shop, there: Receiver):
    """C20"""
    shop.there.option(allow_private=False)
    shop.helpdesk.make_webhook(there.url, "unused")

    shop.there.act("customer_starts", inbox=CHAT)

    assert {delivery["outcome"] for delivery in shop.there.delivered()} == {"private"}
    assert not there.calls
    sentence = next(check.sentence for check in shop.helpdesk.check() if check.check == "webhooks")
    assert "SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true" in sentence


def test_a_stopped_sidekiq_still_reads_ok_and_sends_nothing(shop: Shop, there: Receiver):
    """C20"""
    shop.helpdesk.make_webhook(there.url, "unused")
    shop.there.option(sidekiq_stopped=True)

    shop.there.act("customer_starts", inbox=CHAT)

    assert shop.helpdesk.check()[0].ok
    assert not hints(shop, there)
