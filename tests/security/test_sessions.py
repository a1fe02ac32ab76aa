"""A session is theirs who logged in, and ends with their right to it; guessing is slow, whatever one says."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.store.models import EndedSession
from tests.desks import Acme
from tests.pages import PASSWORD, TOKEN, AtOnce, composed, hire, kept, let_in, looking
from tests.security import persons
from tests.security.worlds import token_of
from tests.web.accounts.test_sessions import log_in

COOKIE = "evenhand"


@pytest.fixture
def worker(settings: Settings) -> Iterator[AtOnce]:
    """A queue whose jobs are done at once."""
    queue = AtOnce(settings)
    yield queue
    queue.close()


@pytest.fixture
def app(acme: Acme, settings: Settings, worker: AtOnce) -> Flask:
    """The whole application; Ana and Sid, who is of Globex, have a password."""
    for user_id in (acme.agents["Ana"], acme.stranger_id):
        let_in(acme.work, user_id)
    return kept(settings, worker)


@pytest.fixture
def ana(acme: Acme) -> str:
    """Ana's address."""
    return f"ana@{acme.account_id}.example"


@pytest.fixture
def chief(app: Flask, acme: Acme) -> FlaskClient:
    """What calls the API for Acme's administrator."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token_of(acme, acme.account_id)}"
    return client


def stolen(client: FlaskClient) -> FlaskClient:
    """Return another browser with the same cookie."""
    other, cookie = client.application.test_client(), client.get_cookie(COOKIE)
    assert cookie
    other.set_cookie(COOKIE, cookie.value)
    return other


def is_in(client: FlaskClient) -> bool:
    return client.get("/").status_code == HTTPStatus.OK


def test_who_knows_the_cookie_from_before_the_log_in_knows_nothing(app: Flask, ana: str) -> None:
    """Seen to fail with let_in adding to the session that was there: the old token logged out."""
    door = app.test_client()
    token = TOKEN.search(door.get("/login").text)
    fixed = stolen(door)

    log_in(door, ana)

    assert is_in(door)
    assert not is_in(fixed)
    assert token
    assert door.post("/logout", data={"csrf_token": token[1]}).status_code == HTTPStatus.BAD_REQUEST


def test_a_stolen_session_ends_when_its_owner_logs_out_and_only_that(app: Flask, ana: str) -> None:
    """Seen to fail with see_out only clearing the cookie: the thief was in; and with the epoch raised: nobody was."""
    door, elsewhere = app.test_client(), app.test_client()
    for one in (door, elsewhere):
        log_in(one, ana)
    thief, patient = stolen(door), stolen(door)
    assert is_in(thief)

    token = TOKEN.search(door.get("/").text)
    assert token
    assert door.post("/logout", data={"csrf_token": token[1]}).status_code == HTTPStatus.SEE_OTHER

    assert not is_in(thief)
    assert is_in(elsewhere)
    log_in(door, ana)
    assert is_in(door)
    assert not is_in(patient)


def test_a_session_that_cannot_be_ended_alone_is_none(app: Flask, acme: Acme) -> None:
    """What an older release let in has no name of its own. Seen to fail with one made up for it."""
    old = looking(app, acme.account_id, acme.agents["Ana"]).client
    assert is_in(old)

    with old.session_transaction() as kept:
        del kept["session_id"]

    assert not is_in(old)


def test_a_stolen_session_does_not_come_back_when_the_agent_does(
    app: Flask, acme: Acme, ana: str, chief: FlaskClient
) -> None:
    """Seen to fail with end_sessions emptied: who had not come while they were out was in."""
    door = app.test_client()
    log_in(door, ana)
    thief, patient = stolen(door), stolen(door)
    path = f"/api/v1/accounts/{acme.account_id}/agents/{acme.agents['Ana']}"
    assert is_in(thief)

    assert chief.delete(path).status_code == HTTPStatus.NO_CONTENT
    while_out = is_in(thief)
    assert chief.patch(path, json={"active": True}).status_code == HTTPStatus.OK

    assert not while_out
    assert not is_in(patient)
    assert log_in(app.test_client(), ana).status_code == HTTPStatus.SEE_OTHER


def test_a_new_password_ends_every_session_of_the_old_one(app: Flask, acme: Acme, ana: str) -> None:
    """Seen to fail with the epoch left as it was in choose_password."""
    door, elsewhere = app.test_client(), app.test_client()
    for one in (door, elsewhere):
        log_in(one, ana)
    token = TOKEN.search(door.get("/settings/password").text)
    assert token
    form = {"csrf_token": token[1], "current": PASSWORD, "password": "another pass phrase"}

    changed = door.post("/settings/password", data=form | {"again": "another pass phrase"})

    assert changed.status_code == HTTPStatus.SEE_OTHER
    assert (is_in(door), is_in(elsewhere)) == (True, False)
    assert log_in(app.test_client(), ana).status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("path", ["/nowhere", "/invitations/none", "/login"])
def test_no_page_renews_the_cookie_of_a_session_that_has_ended(app: Flask, acme: Acme, ana: str, path: str) -> None:
    """The note of its end is forgotten when its cookie is too old, and a message that a page shows is taken out of it.

    Seen to fail, with the first two, with a cookie written by pages that need nobody's name.
    """
    door = app.test_client()
    log_in(door, ana)
    persons.send(door, "/settings/password", current=PASSWORD, password=persons.NEW, again=persons.NEW)
    thief = stolen(door)
    persons.send(door, "/settings/password", "/logout")

    thief.get(path)
    acme.work.session.execute(delete(EndedSession))
    acme.work.session.commit()

    assert not is_in(thief)


def test_a_session_that_somebody_made_up_is_none(app: Flask, acme: Acme, settings: Settings, worker: AtOnce) -> None:
    """Seen to fail with a secret that the forger knows."""
    forger = composed(replace(settings, secret_key="guessed"), worker)
    forged = looking(forger, acme.account_id, acme.agents["Ana"]).client.get_cookie(COOKIE)
    assert forged
    for value in (forged.value, forged.value[:-1], "x", "eyJfdXNlcl9pZCI6IjE6MTowIn0.a.b"):
        client = app.test_client()
        client.set_cookie(COOKIE, value)
        assert not is_in(client), value


SAYINGS = (
    "X-Forwarded-For",
    "X-Real-IP",
    "Forwarded",
    "True-Client-IP",
    "X-Client-IP",
    "X-Forwarded",
    "Client-IP",
    "Via",
)


def test_no_header_and_no_spelling_gives_another_attempt(app: Flask, ana: str) -> None:
    """Seen to fail with the address as it was typed, and with the source as a header names it."""
    spellings = [ana.upper(), f" {ana}", f"{ana} ", ana.title(), f"\t{ana}", f"{ana}\n", ana, ana.swapcase()]
    for number, (header, spelling) in enumerate(zip(SAYINGS, spellings, strict=True)):
        tried = log_in(app.test_client(), spelling, "wrong", headers={header: f"198.51.100.{number}"})
        assert tried.status_code == HTTPStatus.UNPROCESSABLE_ENTITY

    ninth = log_in(app.test_client(), ana, headers={"X-Forwarded-For": "203.0.113.9"})

    assert ninth.status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_attempts_at_once_are_no_more_attempts(app: Flask, ana: str) -> None:
    """Seen to fail without PER_ADDRESS."""
    everybody, statuses = threading.Barrier(16), []

    def attempt() -> None:
        door = app.test_client()
        token = TOKEN.search(door.get("/login").text)
        assert token
        everybody.wait()
        form = {"csrf_token": token[1], "email": ana, "password": "wrong"}
        statuses.append(door.post("/login", data=form).status_code)

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [HTTPStatus.UNPROCESSABLE_ENTITY] * 8 + [HTTPStatus.TOO_MANY_REQUESTS] * 8


def test_one_host_cannot_try_every_address(app: Flask) -> None:
    """Seen to fail without PER_SOURCE."""
    door = app.test_client()
    token = TOKEN.search(door.get("/login").text)
    assert token
    form = {"csrf_token": token[1], "password": ""}

    statuses = [door.post("/login", data=form | {"email": f"{one}@x.example"}).status_code for one in range(61)]

    assert statuses == [HTTPStatus.UNPROCESSABLE_ENTITY] * 60 + [HTTPStatus.TOO_MANY_REQUESTS]


def test_behind_a_proxy_each_host_has_its_own_attempts(acme: Acme, settings: Settings, worker: AtOnce) -> None:
    """Seen to fail with the first host taken that the header names."""
    let_in(acme.work, hire(acme.work, acme.account_id, "Mara", Role.SUPERVISOR))
    app, mara = composed(replace(settings, trusted_proxies=1), worker), f"mara@{acme.account_id}.example"

    def attempt(said: str, password: str) -> int:
        return log_in(app.test_client(), mara, password, headers={"X-Forwarded-For": said}).status_code

    # The proxy appends whom it heard; what stands before that came from them.
    guesses = [attempt(f"203.0.113.{number}, 198.51.100.7", "wrong") for number in range(9)]

    assert guesses[-1] == HTTPStatus.TOO_MANY_REQUESTS
    assert attempt("198.51.100.8", PASSWORD) == HTTPStatus.SEE_OTHER
