"""Webhooks through the API: the secret once, no private target, every delivery shown and asked for again."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from dashboard.config import Settings
from dashboard.http_client.client import NOT_A_URL, NOT_ALLOWED
from dashboard.services.webhooks import deliver as deliver_webhooks
from tests.api.conftest import Caller, make_app
from tests.desks import Acme, Recorded
from tests.listening import ANYWHERE
from tests.receivers import receiver

URL = "https://93.184.216.34/hook"
EVENTS = [
    "assignee_changed",
    "conversation_created",
    "conversation_updated",
    "conversation_status_changed",
    "agent_presence_changed",
    "alert_opened",
    "alert_closed",
]


def made(caller: Caller, **facts: object) -> dict:
    answer = caller.post("/webhooks", {"url": URL, **facts})
    assert answer.status_code == 201, answer.json
    return answer.json


def deliver(acme: Acme) -> None:
    deliver_webhooks.deliver(acme.work, acme.account_id, outgoing=ANYWHERE)


@pytest.fixture
def near(work: object, settings: Settings, queue: Recorded, admin: Caller) -> Iterator[Caller]:
    """An administrator where private networks may be called."""
    app = make_app(replace(settings, webhook_allow_private=True), queue)
    yield Caller(app.test_client(), admin.account_id, admin.user_id, admin.token)
    app.extensions["engine"].dispose()


def test_the_secret_is_shown_once(supervisor: Caller) -> None:
    webhook = made(supervisor)
    secret = webhook.pop("secret")

    assert len(secret) > 40
    assert (webhook["url"], webhook["subscriptions"], webhook["enabled"]) == (URL, EVENTS, True)
    path = f"/webhooks/{webhook['id']}"
    assert supervisor.get(path).json == webhook
    assert supervisor.get("/webhooks").json["data"] == [webhook]
    changed = supervisor.patch(path, {"enabled": False})
    assert changed.json == {**webhook, "enabled": False}
    assert secret not in supervisor.get("/audit_entries").text + changed.text


def test_a_webhook_is_changed_and_removed_on_the_record(admin: Caller) -> None:
    path = f"/webhooks/{made(admin)['id']}"

    changed = admin.patch(path, {"webhook": {"subscriptions": ["assignee_changed", "assignee_changed"]}})
    assert changed.json["subscriptions"] == ["assignee_changed"]
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404
    assert admin.delete(path).status_code == 404
    audit = admin.get("/audit_entries").json["data"]
    assert [(one["action"], one["subject"]) for one in audit] == [
        ("deleted", "webhook"),
        ("updated", "webhook"),
        ("created", "webhook"),
    ]
    assert audit[1]["before"]["subscriptions"] == EVENTS


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("url", {}),
        ("url", {"url": None}),
        ("url", {"url": 7}),
        ("url", {"url": "https://h.example/" + "a" * 2_000}),
        ("subscriptions", {"url": URL, "subscriptions": ["everything"]}),
        ("subscriptions", {"url": URL, "subscriptions": "assignee_changed"}),
        ("enabled", {"url": URL, "enabled": 1}),
        ("secret", {"url": URL, "secret": "mine"}),
    ],
)
def test_what_makes_no_sense_names_its_field(admin: Caller, field: str, body: dict) -> None:
    answer = admin.post("/webhooks", body)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9", "localhost", "10.1.2.3", "192.168.0.1", "169.254.169.254", "[::1]", "[fe80::1]", "0.0.0.0"]
)
def test_a_private_target_is_refused_at_save(admin: Caller, host: str) -> None:
    path = f"/webhooks/{made(admin)['id']}"

    for refused in (admin.post("/webhooks", {"url": f"http://{host}/"}), admin.patch(path, {"url": f"http://{host}/"})):
        assert refused.status_code == 422
        assert refused.json["errors"] == {"url": [NOT_ALLOWED]}
    assert admin.get(path).json["url"] == URL
    assert admin.get("/webhooks").json["meta"]["count"] == 1


@pytest.mark.parametrize("url", ["ftp://93.184.216.34/", "93.184.216.34", "https://u:p@93.184.216.34/", "http://"])
def test_what_cannot_be_called_is_refused_at_save(admin: Caller, url: str) -> None:
    answer = admin.post("/webhooks", {"url": url})

    assert answer.status_code == 422
    assert answer.json["errors"] == {"url": [NOT_A_URL]}


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://\u2024/",
            "http://a\u2025b/",
            "http://\u2026.example/",
            "http://[::1",
            "http://[::1]]/",
            "http://[v1.a]:x/",
        ),
        *("http://h:65536/", f"http://h:{'9' * 1_500}/", "http://h:\u0663\u0663/", "http://h:+80/", "http://h:8_0/"),
        *("http://" + "\u00e4" * 64 + ".example/", "http://xn--\u00e4/", "http://\u2100/"),
        *("http://h/\ud800", "http://\udc80/", "http://h/\0"),
    ],
    ids=ascii,
)
def test_an_address_that_cannot_be_encoded_is_refused_by_its_field(supervisor: Caller, url: str) -> None:
    """Seen to fail with 500 where a letter of the host becomes a dot: the resolver was given an empty label."""
    path = f"/webhooks/{made(supervisor)['id']}"

    for refused in (supervisor.post("/webhooks", {"url": url}), supervisor.patch(path, {"url": url})):
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == ["url"]


def test_a_private_target_is_taken_where_that_is_allowed(near: Caller) -> None:
    assert near.post("/webhooks", {"url": "http://127.0.0.1:9/"}).status_code == 201


def test_what_was_delivered_is_shown(near: Caller, acme: Acme) -> None:
    with receiver() as heard:
        webhook = made(near, url=heard.url, subscriptions=["conversation_created"])
        first, second = (near.post("/conversations", {"inbox_id": acme.support}).json["id"] for _ in range(2))
        deliver(acme)

    listed = near.get(f"/webhooks/{webhook['id']}/deliveries").json
    assert listed["meta"] == {"count": 2, "page": 1, "per_page": 25}
    assert [one["conversation_id"] for one in listed["data"]] == [second, first]
    newest = listed["data"][0]
    assert (newest["event"], newest["status"], newest["attempts"]) == ("conversation_created", "delivered", 1)
    assert (newest["response_status"], newest["error"], newest["next_attempt_at"]) == (200, None, None)
    assert newest["delivered_at"].endswith("Z")
    assert {one["id"] for one in listed["data"]} == {call.delivery for call in heard.calls}
    assert all(call.is_signed_with(webhook["secret"]) for call in heard.calls)
    assert len(near.get(f"/webhooks/{webhook['id']}/deliveries?per_page=1&page=2").json["data"]) == 1


def test_a_delivery_is_made_again_by_hand_under_its_own_id(near: Caller, acme: Acme, queue: Recorded) -> None:
    with receiver(answer=lambda before: 500 if before == 0 else 200) as heard:
        webhook = made(near, url=heard.url, subscriptions=["conversation_created"])
        near.post("/conversations", {"inbox_id": acme.support})
        deliver(acme)
        path = f"/webhooks/{webhook['id']}/deliveries"
        [failed] = near.get(path).json["data"]
        assert (failed["status"], failed["error"]) == ("pending", "Answered 500.")
        queue.deliveries.clear()

        asked = near.post(f"{path}/{failed['id']}/redeliver")

        assert asked.status_code == 202
        assert (asked.json["id"], asked.json["status"], asked.json["attempts"]) == (failed["id"], "pending", 0)
        assert queue.deliveries == [acme.account_id]
        deliver(acme)
        assert near.get(path).json["data"][0]["status"] == "delivered"
        near.post(f"{path}/{failed['id']}/redeliver")
        deliver(acme)
        assert [call.delivery for call in heard.calls] == [failed["id"]] * 3
        assert near.get("/audit_entries").json["data"][0]["after"] == {"delivery_id": failed["id"], "status": "pending"}


def test_a_disabled_webhook_hears_nothing_and_delivers_nothing_again(near: Caller, acme: Acme) -> None:
    with receiver() as heard:
        webhook = made(near, url=heard.url, subscriptions=["conversation_created"])
        path = f"/webhooks/{webhook['id']}"
        near.post("/conversations", {"inbox_id": acme.support})
        deliver(acme)
        near.patch(path, {"enabled": False})
        near.post("/conversations", {"inbox_id": acme.support})
        deliver(acme)

        [delivered] = near.get(f"{path}/deliveries").json["data"]
        assert near.post(f"{path}/deliveries/{delivered['id']}/redeliver").status_code == 409
        near.patch(path, {"enabled": True})
        deliver(acme)
        assert len(heard.calls) == 1


def test_another_accounts_webhooks_are_not_there(near: Caller, stranger: Caller, acme: Acme) -> None:
    with receiver() as heard:
        path = f"/webhooks/{made(near, url=heard.url)['id']}"
        near.post("/conversations", {"inbox_id": acme.support})
        deliver(acme)
        [delivery, *_] = near.get(f"{path}/deliveries").json["data"]

    other = made(near)["id"]
    assert near.post(f"/webhooks/{other}/deliveries/{delivery['id']}/redeliver").status_code == 404
    assert near.post(f"{path}/deliveries/{UUID(int=0)}/redeliver").status_code == 404
    assert near.post(f"{path}/deliveries/1/redeliver").status_code == 404
    for method, below in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/deliveries")]:
        assert stranger(method, f"{path}{below}", {}).status_code == 404, (method, below)
    assert stranger.post(f"{path}/deliveries/{delivery['id']}/redeliver").status_code == 404
    assert stranger.get("/webhooks").json["data"] == []


def test_a_new_webhook_does_not_hear_of_what_was_before_it(near: Caller, acme: Acme) -> None:
    near.post("/conversations", {"inbox_id": acme.support})
    with receiver() as heard:
        made(near, url=heard.url)
        deliver(acme)

    assert heard.calls == []
