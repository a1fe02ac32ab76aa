"""Webhooks on their pages: made, changed, their secret once, every delivery shown and asked for again."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.services.webhooks import deliver as deliver_webhooks
from dashboard.store.models import AuditEntry, Webhook, WebhookDelivery
from tests.counting import statements
from tests.desks import Acme
from tests.handling import change
from tests.listening import ANYWHERE
from tests.pages import HTMX, AtOnce, Looker, composed, hire, looking
from tests.receivers import Receiver, receiver

URL = "https://93.184.216.34/hook"
SECRET = re.compile(r"<code>(whsec_[^<]+)</code>")


@pytest.fixture
def near(acme: Acme, settings: Settings, worker: AtOnce) -> Looker:
    """A supervisor where private networks may be called."""
    app = composed(replace(settings, webhook_allow_private=True), worker)
    return looking(app, acme.account_id, hire(acme.work, acme.account_id, "Nia", Role.SUPERVISOR))


@pytest.fixture
def heard() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with receiver() as found:
        yield found


def make(looker: Looker, url: str = URL, **typed: object) -> str:
    answer = looker.post("/settings/webhooks", {"url": url, "event": "assignee_changed", "enabled": "on", **typed})
    assert answer.status_code == 201, answer.text
    found = SECRET.search(answer.text)
    assert found
    return html.unescape(found[1])


def deliver(acme: Acme) -> None:
    deliver_webhooks.deliver(acme.work, acme.account_id, outgoing=ANYWHERE)


def saved(acme: Acme) -> Webhook:
    acme.work.session.rollback()
    return acme.work.session.get_one(Webhook, 1, populate_existing=True)


def test_a_webhook_is_made_and_its_secret_is_shown_once(mara: Looker, acme: Acme) -> None:
    secret = make(mara)

    assert saved(acme).secret == secret
    assert secret not in mara.get("/settings/webhooks/1").text
    assert URL in mara.get("/settings/webhooks").text


def test_what_is_sent_is_signed_with_the_secret_that_was_shown_last(near: Looker, acme: Acme, heard: Receiver) -> None:
    first = make(near, heard.url)
    [one] = acme.waiting(1)
    change(acme, one, assignee_id=acme.agents["Ana"])
    deliver(acme)

    found = SECRET.search(near.post("/settings/webhooks/1/secret").text)
    assert found
    change(acme, one, assignee_id=acme.agents["Bo"])
    deliver(acme)

    before, after = heard.calls
    assert before.is_signed_with(first)
    assert after.is_signed_with(html.unescape(found[1]))
    assert not after.is_signed_with(first)
    assert found[1] not in "".join(str(entry.after) for entry in acme.work.session.query(AuditEntry))


def test_a_webhook_is_changed_switched_off_and_deleted(mara: Looker, acme: Acme) -> None:
    make(mara)

    answer = mara.post("/settings/webhooks/1", {"url": f"{URL}/2", "event": "conversation_created"}, headers=HTMX)

    assert answer.status_code == 200
    assert "The webhook was saved." in answer.text
    assert (saved(acme).url, saved(acme).subscriptions, saved(acme).enabled) == (
        f"{URL}/2",
        ["conversation_created"],
        False,
    )
    assert mara.post("/settings/webhooks/1/deletion").location == "/settings/webhooks"
    assert acme.work.session.query(Webhook).count() == 0


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"url": "http://127.0.0.1/"}, "url"), ({"url": ""}, "url"), ({"event": []}, "subscriptions")],
)
def test_what_makes_no_sense_is_said_beside_its_field_and_nothing_is_saved(
    mara: Looker, acme: Acme, typed: dict[str, object], field: str
) -> None:
    given = {"url": URL, "event": "assignee_changed", "enabled": "on", **typed}

    refused = mara.post("/settings/webhooks", given)
    make(mara)
    unchanged = mara.post("/settings/webhooks/1", {**given, "enabled": ""})

    assert (refused.status_code, unchanged.status_code) == (422, 422)
    assert f'id="wrong-{field}"' in refused.text
    assert f'id="wrong-{field}"' in unchanged.text
    assert (acme.work.session.query(Webhook).count(), saved(acme).url) == (1, URL)


def test_a_delivery_is_shown_and_made_again(near: Looker, acme: Acme, heard: Receiver) -> None:
    make(near, heard.url)
    [one] = acme.waiting(1, subject="Cannot log in")
    change(acme, one, assignee_id=acme.agents["Ana"])
    deliver(acme)
    [delivery] = acme.work.session.query(WebhookDelivery)

    page = near.get("/settings/webhooks/1").text
    answer = near.post(f"/settings/webhooks/1/deliveries/{delivery.id}")
    deliver(acme)

    assert "Cannot log in" in page
    assert "<td>delivered</td>" in page
    assert answer.status_code == 303
    assert [call.delivery for call in heard.calls] == [str(delivery.id)] * 2


def test_a_delivery_of_a_webhook_that_is_off_is_not_made_again(near: Looker, acme: Acme, heard: Receiver) -> None:
    make(near, heard.url)
    [one] = acme.waiting(1)
    change(acme, one, assignee_id=acme.agents["Ana"])
    deliver(acme)
    [delivery] = acme.work.session.query(WebhookDelivery)
    near.post("/settings/webhooks/1", {"url": heard.url, "event": "assignee_changed"})

    answer = near.post(f"/settings/webhooks/1/deliveries/{delivery.id}")

    assert answer.status_code == 422
    assert "This webhook is disabled; enable it first." in answer.text


def test_what_is_still_to_be_delivered_is_counted_and_led_to(mara: Looker, acme: Acme) -> None:
    make(mara)
    for one in acme.waiting(3):
        change(acme, one, assignee_id=acme.agents["Ana"])
    deliver_webhooks.fan_out(acme.work, now=saved(acme).created_at)
    acme.work.finish()

    assert '<a href="/settings/webhooks/1?status=pending">3</a>' in mara.get("/settings/webhooks").text
    assert mara.get("/settings/webhooks/1?status=pending").text.count('id="delivery-') == 3
    assert "None is given up." in mara.get("/settings/webhooks/1?status=parked").text
    assert "3 pending deliveries will be dropped" in mara.get("/settings/webhooks/1").text


def test_deliveries_are_read_page_by_page_with_as_many_queries(mara: Looker, acme: Acme) -> None:
    make(mara)

    def asked(path: str) -> int:
        with statements(mara.session()) as seen:
            assert mara.get(path).status_code == 200
        return len(seen)

    paths = ("/settings/webhooks", "/settings/webhooks/1")
    before = [asked(path) for path in paths]
    for one in acme.waiting(60):
        change(acme, one, assignee_id=acme.agents["Ana"])
    deliver_webhooks.fan_out(acme.work, now=saved(acme).created_at)
    acme.work.finish()

    assert [asked(path) for path in paths] == before
    first = mara.get(paths[1]).text
    [rest] = re.findall(r'href="(/settings/webhooks/1\?before=\d+)#deliveries" rel="next"', first)
    assert (first.count('id="delivery-'), mara.get(rest).text.count('id="delivery-')) == (50, 10)
