"""Libredesk's webhooks: made, signed, delivered by the stand-in, and read as hints."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard.helpdesks.libredesk.adapter import signature_of
from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import ConversationKey
from tests.helpdesks.libredesk.hooks import NO_TIME, SECRET, delivered, events, headers, verified
from tests.helpdesks.libredesk.shop import MAIL, NOW, Shop
from tests.receivers import Receiver, receiver
from tests.waiting import eventually

# Made once by hand with another program.
BODY = b'{"event":"conversation_updated","id":1873}'
SIGNATURE = "d86f04f029fb9b0c7507f26b62ddfb3bdd8ad2851413b20ff2d766b7b14e4eac"


def test_the_known_signature_is_computed():
    """C7"""
    assert signature_of("evenhand-demo-secret", BODY) == f"sha256={SIGNATURE}"


def test_a_signed_body_without_a_time_is_refused(shop: Shop):
    """C7"""
    for body in (BODY, b"{}", b"[]", b"no JSON", b'{"timestamp":"soon"}', b'{"timestamp":7}'):
        told = {"x-libredesk-signature": signature_of(SECRET, body)}

        assert not shop.helpdesk.verify(told, body, secret=SECRET, now=NOW, ahead=NO_TIME)


def test_a_delivery_is_accepted_with_our_secret_only(shop: Shop, there: Receiver):
    """C7"""
    call = delivered(shop, there)

    assert verified(shop, call)
    assert not verified(shop, call, secret="another")
    assert not verified(shop, call, secret=None)
    assert not verified(shop, call, body=call.body + b" ")
    assert not shop.helpdesk.verify({}, call.body, secret=SECRET, now=NOW, ahead=NO_TIME)
    odd = {"x-libredesk-signature": "sha256=ä"}
    assert not shop.helpdesk.verify(odd, call.body, secret=SECRET, now=NOW, ahead=NO_TIME)


def test_its_time_counts_five_minutes_on_the_helpdesks_clock(shop: Shop, there: Receiver):
    """C7: the time stands in the signed body."""
    call = delivered(shop, there)

    assert verified(shop, call, now=NOW + timedelta(seconds=300))
    assert not verified(shop, call, now=NOW + timedelta(seconds=301))
    assert not verified(shop, call, now=NOW - timedelta(seconds=301))
    assert verified(shop, call, now=NOW + timedelta(hours=1), ahead=timedelta(hours=-1))


def test_a_webhook_is_made_with_our_secret_and_all_that_hints(shop: Shop, there: Receiver):
    """C6, C7"""
    made = next(one for one in shop.http.exchanges if one.method == "POST")

    assert made.sent["secret"] == SECRET
    assert made.sent["is_active"]
    assert "message.created" in made.sent["events"]
    assert SECRET not in json.dumps(made.answered)


def test_a_webhook_that_was_made_before_a_kill_is_taken_with_the_new_secret(shop: Shop, there: Receiver):
    """C6"""
    again = shop.helpdesk.make_webhook(there.url, "the-second")

    call = delivered(shop, there)

    assert len(there.calls) == 2
    assert verified(shop, call, secret="the-second")
    assert again.secret == "the-second"


def test_a_webhook_without_an_id_was_not_made_although_the_status_is_200(shop: Shop):
    """C20"""
    with pytest.raises(HelpdeskUnavailable, match="did not create"):
        shop.helpdesk.make_webhook("", SECRET)


def test_without_the_permission_no_webhook_is_made_and_a_person_is_told(shop: Shop):
    """C18"""
    shop.may_all_but("webhooks:manage")

    with pytest.raises(HelpdeskForbids) as forbids:
        shop.helpdesk.make_webhook("http://127.0.0.1:9/", SECRET)

    assert "Manage webhooks" in forbids.value.fix


def test_a_removed_webhook_sends_nothing_and_may_be_removed_again(shop: Shop):
    """C19"""
    with receiver() as there:
        made = shop.helpdesk.make_webhook(there.url, SECRET)
        shop.helpdesk.remove_webhook(made.id)
        shop.helpdesk.remove_webhook(made.id)
        shop.there.act("customer_starts", inbox=MAIL)
        shop.there.delivered()

        assert there.calls == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": 7, "payload": {}},
        {"event": "conversation.assigned"},
        {"event": "conversation.assigned", "payload": []},
        {"event": "conversation.assigned", "payload": {}, "timestamp": "soon"},
    ],
)
def test_a_body_that_is_no_webhook_is_an_error(shop: Shop, body: dict[str, Any]):
    """C7"""
    with pytest.raises(ValueError, match=r"."):
        shop.helpdesk.read_webhook({}, body)


def test_one_attempt_is_made_and_a_restart_loses_what_waits(shop: Shop):
    """C26"""
    with receiver(answer=lambda _: 500) as there:
        shop.helpdesk.make_webhook(there.url, SECRET)
        shop.there.act("customer_starts", inbox=MAIL)
        shop.there.delivered()
        once = len(there.calls)
        shop.there.webhooks(delay=(600, 600))
        shop.there.act("customer_starts", inbox=MAIL)
        shop.there.act("restart")

        assert shop.there.delivered()[2:] == []
        assert len(there.calls) == once == 2


def test_webhooks_are_lost_doubled_and_off_as_they_are_told(shop: Shop, there: Receiver):
    """C26"""
    shop.there.webhooks(dup=1.0)
    key = ConversationKey(id=shop.there.act("customer_starts", inbox=MAIL), display_id="")
    doubled = events(shop, there)
    there.calls.clear()
    shop.there.webhooks(off=True)

    shop.there.act("customer_writes", conversation=key.id)

    assert doubled == ["conversation.created"] * 2 + ["message.created"] * 2
    assert events(shop, there) == []


def test_a_receiver_that_is_slower_than_three_seconds_is_given_up(shop: Shop):
    """C26"""
    with receiver(hangs_for=60.0) as there:
        shop.helpdesk.make_webhook(there.url, SECRET)
        shop.there.act("customer_starts", inbox=MAIL)

        eventually(lambda: not shop.there.log()["undelivered"])

        outcomes = {str(one["outcome"]).partition(":")[0] for one in shop.there.log()["deliveries"]}
        assert outcomes == {"failed"}


def test_the_version_stands_in_the_user_agent(shop: Shop, there: Receiver):
    """C26"""
    call = delivered(shop, there)

    assert headers(call)["user-agent"] == "Libredesk-Webhook/v2.7.0"
    assert datetime.fromisoformat(json.loads(call.body)["timestamp"]) == NOW
