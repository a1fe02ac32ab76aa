"""Connections by API: what is asked and told, what is refused, and that secrets stay secret (C3, C22)."""

from typing import Any

import pytest
from sqlalchemy import text

from dashboard.store.models import AuditEntry, Connection
from tests.api.conftest import Caller
from tests.api.helpdesks.conftest import Connected
from tests.desks import Acme, Recorded
from tests.helpdesks.chatwoot.shop import CREDENTIALS, Shop

NEW = {"kind": "chatwoot", "name": "Desk", "url": "http://127.0.0.1:9", "credentials": CREDENTIALS}
LIBREDESK = {"kind": "libredesk", "credentials": {"api_key": "k", "api_secret": "s"}}
RT = {"kind": "rt", "credentials": {"user": "u", "password": "p"}}


def test_a_new_connection_tells_where_its_webhooks_go_and_calls_nobody(
    admin: Caller, shop: Shop, queue: Recorded
) -> None:
    """C22, C7"""
    made = admin.post("/connections", {**NEW, "url": f"{shop.there.url}/"})

    assert made.status_code == 201
    assert {name: made.json[name] for name in ("kind", "name", "url", "state", "paused", "note", "keep_names")} == {
        "kind": "chatwoot",
        "name": "Desk",
        "url": shop.there.url,
        "state": "new",
        "paused": False,
        "note": "off",
        "keep_names": False,
    }
    assert (made.json["quiet_seconds"], made.json["calls_per_second"]) == (3, 5)
    assert made.json["webhook_url"].startswith(f"http://localhost/hooks/{made.json['id']}/")
    assert shop.there.log()["requests"] == []
    assert queue.polls == [(admin.account_id, made.json["id"])]


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"url": "ftp://desk.example"}, ["url"]),
        ({"url": "https://desk.example/?a=1"}, ["url"]),
        ({"url": "https://169.254.169.254"}, ["url"]),
        ({"name": ""}, ["name"]),
        ({"kind": "zendesk"}, ["kind"]),
        ({"credentials": {}}, ["credentials.account_id", "credentials.token"]),
        ({"credentials": {"account_id": 3, "token": ""}}, ["credentials.token"]),
        ({"credentials": {**CREDENTIALS, "password": "x"}}, ["credentials.password"]),
        ({"credentials": {**CREDENTIALS, "bot_token": ["x"]}}, ["credentials.bot_token"]),
        ({"credentials": "token"}, ["credentials"]),
        ({**RT, "credentials": {"user": "u"}}, ["credentials.password"]),
        ({**LIBREDESK, "credentials": {"api_key": "k"}}, ["credentials.api_secret"]),
        ({"paused": True}, ["paused"]),
    ],
)
def test_what_cannot_be_called_or_is_missing_is_refused_by_its_name(
    admin: Caller, changed: dict[str, Any], fields: list[str]
) -> None:
    """C4, C22"""
    refused = admin.post("/connections", {**NEW, **changed})

    assert refused.status_code == 422
    assert sorted(refused.json["errors"]) == fields
    assert admin.get("/connections").json["data"] == []


@pytest.mark.parametrize("kind", [LIBREDESK, RT, {"kind": "rt", "credentials": {"token": "t"}}])
def test_each_kind_takes_its_own_credentials(admin: Caller, kind: dict[str, Any]) -> None:
    """C22"""
    assert admin.post("/connections", {**NEW, **kind}).status_code == 201


def test_a_number_is_as_good_as_its_text(admin: Caller) -> None:
    """C22: Chatwoot shows the account's id as a number"""
    assert admin.post("/connections", {**NEW, "credentials": {**CREDENTIALS, "account_id": 3}}).status_code == 201


def test_a_name_is_taken_once_in_an_account(admin: Caller, stranger: Caller, connected: Connected) -> None:
    """C2"""
    second = admin.post("/connections", NEW).json["id"]

    refused = [
        admin.post("/connections", {**NEW, "name": "Shop"}),
        admin.patch(f"/connections/{second}", {"name": "Shop"}),
    ]

    assert [answer.status_code for answer in refused] == [422, 422]
    assert refused[0].json["errors"] == refused[1].json["errors"] == {"name": ["This is taken."]}
    assert stranger.post("/connections", {**NEW, "name": "Shop"}).status_code == 201


def test_no_answer_no_audit_entry_and_no_row_has_a_credential(admin: Caller, connected: Connected, acme: Acme) -> None:
    """C3"""
    changed = connected.patch("", {"credentials": {**CREDENTIALS, "bot_token": "token-of-bot-8"}})
    connected.check()

    told = [
        changed.text,
        admin.get("/connections").text,
        admin.get(f"/connections/{connected.id}").text,
        admin.get("/audit_entries").text,
    ]

    secret = connected.webhook_url.rpartition("/")[2]
    stored = acme.work.session.scalars(text("SELECT row_to_json(c)::text FROM connections c")).all()
    for word in (CREDENTIALS["token"], "token-of-bot-8", secret):
        assert not any(word in one for one in [*told, *stored])
    entries = acme.work.session.query(AuditEntry).filter_by(subject="connection").order_by(AuditEntry.id).all()
    assert entries[0].after["credentials"] == entries[-1].after["credentials"] == "set"


def test_a_changed_connection_takes_what_it_is_given(connected: Connected) -> None:
    """C22"""
    wanted = {"name": "Store", "note": "note", "keep_names": True, "quiet_seconds": 0, "calls_per_second": 200}

    changed = connected.patch("", wanted)

    assert {name: changed.json[name] for name in wanted} == wanted
    for bad in ({"quiet_seconds": 31}, {"calls_per_second": 0}, {"note": "loud"}, {"url": "https://x.example"}):
        assert connected.patch("", bad).status_code == 422


def test_a_paused_connection_says_so_and_a_resumed_one_reads_everything(connected: Connected, queue: Recorded) -> None:
    """C21"""
    connected.check()
    paused = connected.patch("", {"paused": True}).json
    queue.polls.clear()

    resumed = connected.patch("", {"paused": False}).json

    assert (paused["state"], paused["paused"]) == ("paused", True)
    assert resumed["state"] == "new"
    row = connected.work.session.get_one(Connection, connected.id)
    assert row.setup_read_at is None
    connected.work.session.rollback()


def test_every_check_that_fails_says_what_to_do(connected: Connected, shop: Shop) -> None:
    """C20"""
    checks = connected.check()

    assert checks["reachable"]["ok"]
    assert checks["version"]["ok"]
    assert checks["clock"]["ok"]
    assert all(check["fix"] for check in checks.values() if not check["ok"])
    assert not checks["webhook_seen"]["ok"]
    assert connected.webhook_url in checks["webhook_seen"]["fix"]
    assert [hook["url"] for hook in shop.helpdesk._api.read("/webhooks")["payload"]["webhooks"]] == [
        connected.webhook_url
    ]
    connected.check()
    assert len(shop.helpdesk._api.read("/webhooks")["payload"]["webhooks"]) == 1
    assert connected.get()["version"]


def test_a_refused_token_is_a_check_that_fails(connected: Connected) -> None:
    """C20, C18"""
    connected.patch("", {"credentials": {**CREDENTIALS, "token": "another"}})

    failed = [check for check in connected.check().values() if not check["ok"]]

    assert failed
    assert all(check["fix"] for check in failed)


def test_supervisors_read_and_agents_do_not(call_as: Any, supervisor: Caller, connected: Connected) -> None:
    """C22"""
    from dashboard.engine.model import Role

    agent, where = call_as(Role.AGENT), f"/connections/{connected.id}"
    reads = [
        "/connections",
        where,
        *(f"{where}/{one}" for one in ("inboxes", "agents", "events", "conflicts", "writes")),
    ]

    assert [supervisor.get(path).status_code for path in reads] == [200] * 7
    assert [agent.get(path).status_code for path in reads] == [403] * 7
    writes = [
        supervisor.post("/connections", NEW),
        supervisor.patch(where, {"name": "x"}),
        supervisor.delete(where),
        supervisor.post(f"{where}/checks"),
        supervisor.post(f"{where}/sync"),
        supervisor.patch(f"{where}/inboxes/12", {"mode": "shadow"}),
        supervisor.patch(f"{where}/agents/41", {"ignored": True}),
        supervisor.post(f"{where}/agents/confirm"),
    ]
    assert [answer.status_code for answer in writes] == [403] * 8


def test_a_disconnection_removes_the_webhook_and_what_was_sealed(
    admin: Caller, connected: Connected, shop: Shop
) -> None:
    """C19, C21"""
    connected.check()

    assert admin.delete(f"/connections/{connected.id}?keep=true").status_code == 204

    assert shop.helpdesk._api.read("/webhooks")["payload"]["webhooks"] == []
    assert admin.get(f"/connections/{connected.id}").status_code == 404
    assert admin.delete(f"/connections/{connected.id}").status_code == 404
    assert admin.delete("/connections/1?keep=perhaps").status_code == 422
