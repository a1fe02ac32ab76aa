"""Logging in and out."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from dashboard.config import Settings
from dashboard.store.models import AccountUser, Base, User
from tests.desks import Acme
from tests.pages import HTMX, PASSWORD, TOKEN, AtOnce, Looker, composed, let_in, looking, without_redis

ANA = "ana@{}.example"


@pytest.fixture
def door(app: Flask, acme: Acme) -> FlaskClient:
    """A browser that nobody has logged in with; Ana has a password."""
    let_in(acme.work, acme.agents["Ana"])
    return app.test_client()


def log_in(door: FlaskClient, email: str, password: str = PASSWORD, wanted: str = "", **more: object) -> TestResponse:
    token = TOKEN.search(door.get("/login", **more).text)
    form = {"csrf_token": token[1] if token else "", "email": email, "password": password, "next": wanted}
    return door.post("/login", data=form, **more)


def test_one_who_logs_in_gets_to_the_page_they_wanted(door: FlaskClient, acme: Acme) -> None:
    wanted = door.get("/?inbox=2").location

    answer = log_in(door, ANA.format(acme.account_id), wanted="/?inbox=2")

    assert wanted == "/login?next=/?inbox%3D2"
    assert (answer.status_code, answer.location) == (303, "/?inbox=2")
    assert door.get("/").status_code == 200


def test_an_address_is_the_same_however_it_is_typed(door: FlaskClient, acme: Acme) -> None:
    assert log_in(door, f"  {ANA.format(acme.account_id).upper()} ").status_code == 303


def test_the_answer_does_not_tell_whether_the_address_exists(door: FlaskClient, acme: Acme) -> None:
    address = ANA.format(acme.account_id)

    known, unknown = log_in(door, address, "wrong"), log_in(door, "nobody@x.example", "wrong")

    assert known.status_code == unknown.status_code == 422
    assert "The address or the password is not right." in known.text
    texts = [TOKEN.sub("", answer.text) for answer in (known, unknown)]
    assert texts[0].replace(address, "") == texts[1].replace("nobody@x.example", "")


def test_a_user_without_password_cannot_log_in(door: FlaskClient, acme: Acme) -> None:
    assert log_in(door, f"bo@{acme.account_id}.example", "").status_code == 422


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "/a\nb",
        "/\t/evil.example",
    ],
)
def test_a_log_in_leads_nowhere_but_to_this_site(door: FlaskClient, acme: Acme, elsewhere: str) -> None:
    assert log_in(door, ANA.format(acme.account_id), wanted=elsewhere).location == "/"


def test_a_deactivated_user_is_out_at_once(door: FlaskClient, acme: Acme) -> None:
    log_in(door, ANA.format(acme.account_id))

    acme.work.session.execute(update(AccountUser).where(AccountUser.user_id == acme.agents["Ana"]).values(active=False))
    acme.work.session.commit()

    assert door.get("/").status_code == 303
    assert log_in(door, ANA.format(acme.account_id)).status_code == 422


@pytest.mark.parametrize("one_of", [User, AccountUser])
def test_another_epoch_of_log_in_or_membership_ends_every_session(ana: Looker, acme: Acme, one_of: type[Base]) -> None:
    assert ana.get("/").status_code == 200

    acme.work.session.execute(update(one_of).values(session_epoch=1))
    acme.work.session.commit()

    assert ana.get("/").status_code == 303


def test_a_session_names_one_account_and_opens_no_other(app: Flask, acme: Acme) -> None:
    stranger = looking(app, acme.account_id, acme.stranger_id)

    assert stranger.get("/").status_code == 303


def test_logging_out_ends_the_session(ana: Looker) -> None:
    assert ana.post("/logout").location == "/login"

    assert ana.get("/").status_code == 303


def test_a_fragment_asked_for_without_log_in_sends_the_page_to_the_log_in(app: Flask) -> None:
    shown = {**HTMX, "HX-Current-URL": "http://localhost/?sort=load"}

    answer = app.test_client().get("/", headers=shown)

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/?sort%3Dload"


def test_the_ninth_attempt_in_a_minute_is_refused_whatever_the_password(door: FlaskClient, acme: Acme) -> None:
    for _ in range(8):
        log_in(door, ANA.format(acme.account_id), "wrong")

    refused = log_in(door, ANA.format(acme.account_id))
    other = log_in(door, "nobody@example.com", "wrong")

    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "Too many attempts" in refused.text
    assert other.status_code == 422, "one address must not lock another out"


def test_logging_in_and_its_throttle_work_while_redis_is_down(acme: Acme, settings: Settings, worker: AtOnce) -> None:
    """E42"""
    let_in(acme.work, acme.agents["Ana"])
    door = composed(without_redis(settings), worker).test_client()

    assert log_in(door, ANA.format(acme.account_id)).status_code == 303
    other = door.application.test_client()
    assert [log_in(other, ANA.format(acme.account_id), "wrong").status_code for _ in range(8)][-1] == 429


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(door: FlaskClient, acme: Acme) -> None:
    plain = log_in(door, ANA.format(acme.account_id)).headers["Set-Cookie"]
    secure = door.application.test_client().get("/login", base_url="https://localhost").headers["Set-Cookie"]

    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    assert "Secure" in secure
