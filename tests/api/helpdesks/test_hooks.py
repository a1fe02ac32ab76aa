"""Webhooks as they arrive: a secret address, a signature, and nothing kept but a hint (C5, C7)."""

import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard import clock
from dashboard.config import Settings
from dashboard.services.helpdesks import credentials
from dashboard.store.helpdesks import connections as store
from dashboard.store.models import Connection, ConnectionEvent
from dashboard.store.models.connections import ConnectionEventKind
from tests.api.helpdesks.conftest import Connected
from tests.api.operations.test_metrics import read
from tests.desks import Recorded
from tests.helpdesks.chatwoot.shop import MIRA

MESSAGE = "the words of a customer"
CREATED = {"event": "conversation_created", "id": 5, "messages": [{"content": MESSAGE}]}
ASSIGNED = {
    "event": "conversation_updated",
    "id": 5,
    "changed_attributes": [{"assignee_id": {"previous_value": None, "current_value": MIRA}}],
}


@pytest.fixture
def heard(connected: Connected, queue: Recorded) -> Connected:
    """The shop with its webhook."""
    connected.check()
    queue.readings.clear()
    return connected


def path_of(connected: Connected) -> str:
    return connected.webhook_url.removeprefix("http://localhost")


def send(app: Flask, connected: Connected, body: Any, *, secret: str | None = None, path: str = "") -> TestResponse:
    """Send a webhook as Chatwoot signs it, by another secret if one is given."""
    settings: Settings = connected.work.settings
    if secret is None:
        sealed = store.sealed_of(connected.work.session, connected.id)
        secret = credentials.unseal(sealed, settings.secret_key).signing_secret or ""
        connected.work.session.rollback()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(clock.now().timestamp()))
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + data, sha256).hexdigest()
    headers = {"X-Chatwoot-Timestamp": stamp, "X-Chatwoot-Signature": f"sha256={signature}"}
    return app.test_client().post(
        path or path_of(connected), data=data, headers=headers, content_type="application/json"
    )


def events(connected: Connected) -> list[ConnectionEvent]:
    webhooks = select(ConnectionEvent).where(ConnectionEvent.kind == ConnectionEventKind.WEBHOOK)
    found = list(connected.work.session.scalars(webhooks.order_by(ConnectionEvent.id)))
    connected.work.session.rollback()
    return found


def test_a_webhook_marks_its_conversation_and_enqueues_one_reading(
    app: Flask, heard: Connected, queue: Recorded
) -> None:
    """C7"""
    assert [send(app, heard, CREATED).status_code for _ in range(2)] == [200, 200]

    kept = events(heard)
    assert [(one.cause, one.display_id, one.pending) for one in kept] == [("conversation_created", "5", True)] * 2
    assert queue.readings == [(heard.account_id, heard.id)]
    assert heard.get()["last_webhook_at"]
    assert heard.check()["webhook_seen"]["ok"]


def test_who_changed_the_owner_is_kept_as_evidence_and_no_text_is(app: Flask, heard: Connected) -> None:
    """C5, C7"""
    send(app, heard, {**ASSIGNED, "messages": [{"content": MESSAGE}]})

    [kept] = events(heard)

    assert (kept.owner_changed, kept.owner_before, kept.owner_after) == (True, None, str(MIRA))
    assert not any(MESSAGE in str(value) for value in vars(kept).values())


def test_an_unknown_event_is_welcome_and_marks_nothing(app: Flask, heard: Connected, queue: Recorded) -> None:
    """C7"""
    assert send(app, heard, {"event": "contact_exploded"}).status_code == 200

    assert [(one.cause, one.pending) for one in events(heard)] == [("contact_exploded", False)]
    assert queue.readings == []


def test_a_forged_one_is_refused(app: Flask, heard: Connected) -> None:
    """C7"""
    assert send(app, heard, CREATED, secret="guessed").status_code == 401
    unsigned = app.test_client().post(path_of(heard), json=CREATED)
    assert (unsigned.status_code, list(unsigned.json)) == (401, ["error"])
    assert events(heard) == []


@pytest.mark.parametrize("body", [b"", b"event", b"[1]", b"\xff", b'{"event": 1}', b"{}", b"[" * 100_000], ids=range(7))
def test_what_is_no_object_with_an_event_is_refused(app: Flask, heard: Connected, body: bytes) -> None:
    """C7"""
    assert send(app, heard, body).status_code == 400
    assert events(heard) == []


def test_a_large_one_is_refused(app: Flask, heard: Connected) -> None:
    """C7"""
    assert send(app, heard, {**CREATED, "more": "x" * 2**20}).status_code == 413
    assert events(heard) == []


def test_a_wrong_secret_and_an_unknown_connection_get_the_same_answer(app: Flask, heard: Connected) -> None:
    """C7"""
    secret = path_of(heard).rpartition("/")[2]
    paths = [f"/hooks/{heard.id}/{secret[:-1]}", f"/hooks/{heard.id}/x", f"/hooks/987654/{secret}", "/hooks/0/x"]

    answers = [send(app, heard, CREATED, path=path) for path in paths]

    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert events(heard) == []


def test_odd_ids_and_times_are_no_error(app: Flask, heard: Connected) -> None:
    """C7"""
    odd = [
        {**CREATED, "event": "conversation_created\0"},
        {**CREATED, "event": "x" * 300},
        {**CREATED, "updated_at": 1e300},
        {**ASSIGNED, "changed_attributes": "none"},
        {**CREATED, "id": "five"},
    ]

    assert [send(app, heard, body).status_code for body in odd] == [200] * 5


def test_a_paused_connection_keeps_nothing(app: Flask, heard: Connected, queue: Recorded) -> None:
    """C21: everything is read at its end"""
    heard.patch("", {"paused": True})

    assert send(app, heard, CREATED).status_code == 200
    assert events(heard) == []
    assert queue.readings == []


def test_credentials_that_cannot_be_opened_admit_no_webhook(app: Flask, heard: Connected) -> None:
    """C3: a restored backup beside another SECRET_KEY"""
    row = heard.work.session.get_one(Connection, heard.id)
    row.sealed = credentials.seal(credentials.Secrets(credentials={}, hook_secret="x"), "another key of these tests")
    heard.work.session.commit()

    assert send(app, heard, CREATED, secret="x", path=f"/hooks/{heard.id}/x").status_code == 404


def test_webhooks_are_counted_by_outcome(app: Flask, heard: Connected) -> None:
    """C23"""
    send(app, heard, CREATED)
    send(app, heard, CREATED, secret="guessed")
    send(app, heard, b"no json")

    seen = read(app)

    assert [seen["helpdesk_webhooks_total", word] for word in ("stored", "forged", "unreadable")] == [1, 1, 1]
    assert seen["helpdesk_calls", "200"] > 0
    assert seen["helpdesk_connections", "new"] == 1
    assert seen["helpdesk_write_seconds_count",] == 0
