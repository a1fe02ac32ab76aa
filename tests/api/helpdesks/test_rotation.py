"""A new secret address of the webhook: made over there first, and the old one is answered no more (C7, C21)."""

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard import clock
from dashboard.services.core.refusals import Conflict
from dashboard.services.helpdesks.connecting import connections, receiver
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models import AuditEntry
from tests.api.conftest import Caller
from tests.api.helpdesks.conftest import Connected
from tests.api.helpdesks.test_hooks import CREATED, path_of, send
from tests.desks import Acme
from tests.helpdesks.chatwoot.shop import Shop

BASE = "http://localhost"


@pytest.fixture
def heard(connected: Connected) -> Connected:
    """The shop with its webhook."""
    connected.check()
    return connected


def rotated(connected: Connected, *, account_id: int | None = None) -> ConnectionRow | Conflict | None:
    whose = account_id or connected.account_id
    done = receiver.rotate(connected.work, whose, connected.id, base=BASE, actor_id=None, now=clock.now())
    return connected.work.finished(done)


def address(connected: Connected) -> str:
    """Return the path of the webhook as it is now."""
    row = connections.show(connected.work, connected.account_id, connected.id)
    assert row is not None
    url = connections.webhook_url(connected.work, row, base=BASE)
    connected.work.session.rollback()
    assert url is not None
    return url.removeprefix(BASE)


def there(shop: Shop) -> list[str]:
    """Return the addresses of all webhooks in the helpdesk."""
    return [str(one["url"]).removeprefix(BASE) for one in shop.helpdesk._api.read("/webhooks")["payload"]["webhooks"]]


def test_the_new_address_is_answered_and_the_old_one_is_not(app: Flask, heard: Connected, shop: Shop) -> None:
    """C7, C21"""
    old = path_of(heard)
    assert send(app, heard, CREATED, path=old).status_code == 200

    assert isinstance(rotated(heard), ConnectionRow)

    new = address(heard)
    assert new != old
    assert there(shop) == [new]
    assert send(app, heard, CREATED, path=new).status_code == 200
    assert send(app, heard, CREATED, path=old).status_code == 404


def test_what_the_former_secret_signed_is_refused(app: Flask, heard: Connected) -> None:
    """C7"""
    rotated(heard)

    assert send(app, heard, CREATED, path=address(heard), secret="the former one").status_code == 401


def test_without_an_answer_of_the_helpdesk_the_old_address_stays(app: Flask, heard: Connected, shop: Shop) -> None:
    """C18, C21"""
    old = path_of(heard)
    shop.there.fault("500", path="webhooks", times=None)

    refused = rotated(heard)
    shop.there.end_faults()

    assert isinstance(refused, Conflict)
    assert address(heard) == old
    assert there(shop) == [old]
    assert send(app, heard, CREATED, path=old).status_code == 200


def test_the_audit_log_has_the_rotation_without_a_secret(heard: Connected, acme: Acme) -> None:
    """C3"""
    rotated(heard)

    entry = acme.work.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.subject, entry.subject_id) == ("connection", heard.id)
    assert entry.after == {"name": "Shop", "webhook_secret": "set"}
    assert address(heard).rpartition("/")[2] not in str(entry.after)


def test_another_account_rotates_nothing(heard: Connected, shop: Shop, stranger: Caller) -> None:
    """C2"""
    before = there(shop)

    assert rotated(heard, account_id=stranger.account_id) is None

    assert there(shop) == before == [address(heard)]


def test_every_address_of_a_connection_is_404_for_another_account(heard: Connected, stranger: Caller) -> None:
    """C2, C22"""
    where = f"/connections/{heard.id}"
    answers = [
        stranger.get(where),
        stranger.patch(where, {"name": "Theirs"}),
        stranger.delete(where),
        stranger.post(f"{where}/checks"),
        stranger.post(f"{where}/sync"),
        stranger.get(f"{where}/inboxes"),
        stranger.patch(f"{where}/inboxes/12", {"mode": "shadow"}),
        stranger.get(f"{where}/agents"),
        stranger.patch(f"{where}/agents/41", {"ignored": True}),
        stranger.post(f"{where}/agents/confirm"),
        *(stranger.get(f"{where}/{part}") for part in ("events", "conflicts", "writes")),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert heard.get()["name"] == "Shop"
