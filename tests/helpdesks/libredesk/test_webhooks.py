"""Libredesk's webhooks: made, signed, delivered by the stand-in, and read as hints."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard.helpdesks.libredesk import signature_of
from dashboard.helpdesks.port import ConversationKey, HelpdeskForbids, HelpdeskUnavailable, WebhookHint
from tests.helpdesks.libredesk.shop import MAIL, MIRA, NOW, OURS, RETURNS, SALES, SYSTEM, TOM, Shop
from tests.receivers import Receiver, receiver
from tests.waiting import eventually

NO_TIME = timedelta(0)
SECRET = "evenhand-demo-secret"
# Made once by hand with another program.
BODY = b'{"event":"conversation_updated","id":1873}'
SIGNATURE = "d86f04f029fb9b0c7507f26b62ddfb3bdd8ad2851413b20ff2d766b7b14e4eac"


@pytest.fixture
def there(shop: Shop) -> Iterator[Receiver]:
    """A receiver of webhooks, which the adapter made."""
    with receiver() as made:
        shop.helpdesk.make_webhook(made.url, SECRET)
        yield made


def headers(call: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in call.headers.items()}


def hints(shop: Shop, there: Receiver) -> list[WebhookHint]:
    """Wait for all deliveries, and read them; they come in no order."""
    shop.there.delivered()
    read = [shop.helpdesk.read_webhook(headers(call), json.loads(call.body)) for call in there.calls]
    return sorted(read, key=lambda hint: hint.event)


def events(shop: Shop, there: Receiver) -> list[str]:
    return [hint.event for hint in hints(shop, there)]


def verified(shop: Shop, call: Any, **when: Any) -> bool:
    told = {"secret": SECRET, "now": NOW, "ahead": NO_TIME, **when}
    return shop.helpdesk.verify(headers(call), told.pop("body", call.body), **told)


def delivered(shop: Shop, there: Receiver) -> Any:
    """Let something be told, and return the first call."""
    shop.there.act("customer_starts", inbox=MAIL)
    shop.there.delivered()
    return there.calls[0]


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
    assert (message.id, message.actor_id) == (uuid, None)


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
    assert {hint.actor_id for hint in told} == {None, str(SYSTEM)}
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


def test_the_conversation_within_may_be_absent(shop: Shop, there: Receiver):
    """C7: it is not read anyway."""
    body = {"event": "conversation.assigned", "payload": {"conversation_uuid": "u", "assigned_to": 14}}

    hint = shop.helpdesk.read_webhook({}, body)

    assert (hint.id, hint.after, hint.actor_id, hint.at) == ("u", "14", None, None)


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


def test_the_version_stands_in_the_user_agent(shop: Shop, there: Receiver):
    """C26"""
    call = delivered(shop, there)

    assert headers(call)["user-agent"] == "Libredesk-Webhook/v2.7.0"
    assert datetime.fromisoformat(json.loads(call.body)["timestamp"]) == NOW
