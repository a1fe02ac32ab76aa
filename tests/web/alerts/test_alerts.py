"""Alerts on their page and on the board; forms work without scripts, and no page has an address."""

from dataclasses import replace

import pytest

from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.services.alerts import checks, sending
from dashboard.store.models import AlertChannel, AlertRule
from tests.alarms import NEAR
from tests.desks import NOON, Acme
from tests.pages import HTMX, AtOnce, Looker, composed, hire, looking
from tests.receivers import receiver

SECRET = "hunter2secret"
URL = f"json://hook:{SECRET}@93.184.216.34/"


@pytest.fixture
def near(acme: Acme, settings: Settings, worker: AtOnce) -> Looker:
    """A supervisor where private networks may be called."""
    app = composed(replace(settings, webhook_allow_private=True), worker)
    return looking(app, acme.account_id, hire(acme.work, acme.account_id, "Nia", Role.SUPERVISOR))


def rule(looker: Looker, **typed: object) -> None:
    answer = looker.post("/alerts/rules", {"kind": "waiting", "threshold": "1", "enabled": "on", **typed})
    assert answer.status_code == 303, answer.text


def test_a_rule_is_created_shown_changed_and_deleted(mara: Looker, acme: Acme) -> None:
    """E80"""
    rule(mara, threshold="5", minutes="3", inbox_id=str(acme.sales))
    [row] = acme.work.session.query(AlertRule).all()
    shown = mara.get("/alerts").text
    page = mara.get(f"/alerts/rules/{row.id}").text
    changed = mara.post(f"/alerts/rules/{row.id}", {"threshold": "7"})
    acme.work.session.expire_all()

    assert "5 or more conversations wait" in shown
    assert 'name="threshold"' in page
    assert 'name="minutes"' not in page
    assert changed.status_code == 303
    assert (row.threshold, row.minutes, row.inbox_id, row.enabled) == (7, None, None, False)
    assert mara.post(f"/alerts/rules/{row.id}/deletion").status_code == 303
    assert "No rule, so no alert" in mara.get("/alerts").text


def test_a_rule_without_its_number_is_refused_beside_the_field(mara: Looker) -> None:
    """E80"""
    answer = mara.post("/alerts/rules", {"kind": "oldest_wait", "minutes": ""})

    assert answer.status_code == 422
    assert "A rule of this kind needs this." in answer.text


def test_no_page_has_the_address_of_a_channel(mara: Looker, acme: Acme) -> None:
    """E80: a refused form does not have it either."""
    made = mara.post("/alerts/channels", {"name": "Ops", "url": URL}, follow_redirects=True)
    again = mara.post("/alerts/channels", {"name": "Ops", "url": URL})
    wrong = mara.post("/alerts/channels", {"name": "Off", "url": f"nosuch://{SECRET}"})
    pages = [made, again, wrong, mara.get("/alerts"), mara.get("/audit")]

    assert [one.status_code for one in pages] == [200, 422, 422, 200, 200]
    assert "This is taken." in again.text
    assert "This is not an address of a known service" in wrong.text
    assert not [one.request.path for one in pages if SECRET in one.text]
    [row] = acme.work.session.query(AlertChannel).all()
    assert SECRET not in f"{row.sealed}{row.service}{row.name}"


def test_a_test_shows_its_result_in_place(near: Looker, acme: Acme) -> None:
    """E80: with htmx the table polls until the result is there; without it the page is shown again."""
    with receiver(answer=lambda _: 401) as heard:
        near.post("/alerts/channels", {"name": "Ops", "url": heard.url.replace("http", "json", 1)})
        [row] = acme.work.session.query(AlertChannel).all()
        path = f"/alerts/channels/{row.id}/tests"
        pending = near.post(path, headers=HTMX).text
        sending.send_due(acme.work, caller=NEAR)
        done = near.get("/alerts", headers=HTMX).text
        plain = near.post(path)

    assert "being sent" in pending
    assert 'hx-trigger="every 1s"' in pending
    assert "The service answered 401." in done
    assert "hx-trigger" not in done
    assert plain.status_code == 303
    assert plain.location.endswith("/alerts#channels")


def test_the_board_has_the_open_alerts_in_one_line(mara: Looker, ana: Looker, acme: Acme) -> None:
    """E80: for supervisors, the loudest first."""
    rule(mara)
    rule(mara, kind="nobody_online", threshold="")
    acme.waiting(1)
    checks.check(acme.work, now=NOON)

    board, page = mara.get("/").text, mara.get("/alerts").text

    assert "3 open alerts" in board
    assert "nobody is online. 2 more." in board
    assert "Support: 1 conversation waits." in page
    assert "open alerts" not in ana.get("/").text
    assert ana.get("/alerts").status_code == 403


def test_a_past_alert_is_listed_with_its_duration(mara: Looker, acme: Acme) -> None:
    """E80"""
    rule(mara)
    acme.waiting(1)
    checks.check(acme.work, now=NOON)
    [row] = acme.work.session.query(AlertRule).all()
    mara.post(f"/alerts/rules/{row.id}/deletion")
    checks.check(acme.work, now=NOON.replace(minute=5))

    page = mara.get("/alerts").text

    assert "5 min" in page
    assert "3 open alerts" not in mara.get("/").text
