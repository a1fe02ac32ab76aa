"""Alerts through the API: an address is never answered again, a test's result is, and rules are refused by field."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dashboard.config import Settings
from dashboard.http_client.client import NOT_ALLOWED
from dashboard.services.alerts import checks, sending
from tests.alarms import NEAR
from tests.api.conftest import Caller, make_app
from tests.desks import NOON, Acme, Recorded
from tests.receivers import receiver

SECRET = "hunter2secret"
URL = f"json://hook:{SECRET}@93.184.216.34/"


@pytest.fixture
def near(work: object, settings: Settings, queue: Recorded, supervisor: Caller) -> Iterator[Caller]:
    """A supervisor where private networks may be called."""
    app = make_app(replace(settings, webhook_allow_private=True), queue)
    yield Caller(app.test_client(), supervisor.account_id, supervisor.user_id, supervisor.token)
    app.extensions["engine"].dispose()


def test_the_address_of_a_channel_is_never_answered_again(supervisor: Caller, acme: Acme) -> None:
    """E80: in no answer, in no audit entry, in no row."""
    made = supervisor.post("/alert_channels", {"name": "Ops", "url": URL})
    again = supervisor.post("/alert_channels", {"name": "Ops", "url": URL})
    wrong = supervisor.post("/alert_channels", {"name": "Off", "url": f"nosuch://{SECRET}"})
    answers = [made, again, wrong, supervisor.get("/alert_channels"), supervisor.get("/audit_entries")]
    removed = supervisor.delete(f"/alert_channels/{made.json['id']}")
    answers += [supervisor.get("/audit_entries")]

    assert {name: made.json[name] for name in ("name", "service", "last")} == {
        "name": "Ops",
        "service": "JSON",
        "last": None,
    }
    assert (again.status_code, list(again.json["errors"])) == (422, ["name"])
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["url"])
    assert removed.status_code == 204
    assert [one["subject"] for one in answers[-1].json["data"]] == ["alert_channel", "alert_channel"]
    assert not [answer.text for answer in answers if SECRET in answer.text]
    acme.work.session.rollback()


def test_a_private_address_is_refused(supervisor: Caller) -> None:
    """E80"""
    answer = supervisor.post("/alert_channels", {"name": "Ops", "url": "json://127.0.0.1/"})

    assert (answer.status_code, answer.json["errors"]) == (422, {"url": [NOT_ALLOWED]})


def test_a_test_shows_its_result_in_the_list(near: Caller, acme: Acme, queue: Recorded) -> None:
    """E80"""
    with receiver(answer=lambda _: 500) as heard:
        made = near.post("/alert_channels", {"name": "Ops", "url": heard.url.replace("http", "json", 1)})
        asked = near.post(f"/alert_channels/{made.json['id']}/tests")
        sending.send_due(acme.work, caller=NEAR)

    assert made.status_code == 201, made.text
    assert asked.status_code == 202
    assert asked.json == {
        "channel_id": made.json["id"],
        "kind": "test",
        "ok": None,
        "error": None,
        "tried_at": None,
    }
    assert queue.sendings == 1
    [channel] = near.get("/alert_channels").json["data"]
    assert (channel["last"]["ok"], channel["last"]["error"]) == (False, "The service answered 500.")
    assert channel["last"]["tried_at"]


def test_a_rule_is_created_changed_and_removed_on_the_record(supervisor: Caller, acme: Acme) -> None:
    """E80"""
    channel = supervisor.post("/alert_channels", {"name": "Ops", "url": URL}).json["id"]
    made = supervisor.post("/alert_rules", {"kind": "waiting", "threshold": 5, "channel_ids": [channel]})
    path = f"/alert_rules/{made.json['id']}"
    changed = supervisor.patch(path, {"threshold": 6, "inbox_id": acme.sales})
    refused = supervisor.patch(path, {"kind": "nobody_online"})
    supervisor.delete(f"/alert_channels/{channel}")
    without = supervisor.get(path)
    removed = supervisor.delete(path)

    assert made.status_code == 201, made.text
    assert made.json["channel_ids"] == [channel]
    assert (changed.json["threshold"], changed.json["inbox_id"]) == (6, acme.sales)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["threshold"])
    assert without.json["channel_ids"] == []
    assert removed.status_code == 204
    assert supervisor.get(path).status_code == 404


def test_alerts_are_listed_with_what_channels_were_told(near: Caller, acme: Acme) -> None:
    """E80"""
    with receiver() as heard:
        channel = near.post("/alert_channels", {"name": "Ops", "url": heard.url.replace("http", "json", 1)}).json["id"]
        near.post("/alert_rules", {"kind": "waiting", "threshold": 1, "channel_ids": [channel]})
        acme.waiting(1)
        checks.check(acme.work, now=NOON)
        sending.send_due(acme.work, caller=NEAR)

    [alert] = near.get("/alerts").json["data"]
    assert {name: alert[name] for name in ("kind", "inbox_id", "sentence", "opened_at", "closed_at", "told")} == {
        "kind": "waiting",
        "inbox_id": acme.support,
        "sentence": "Support: 1 conversation waits.",
        "opened_at": "2026-03-02T12:00:00Z",
        "closed_at": None,
        "told": [{"channel_id": channel, "kind": "opened", "ok": True, "error": None}],
    }
