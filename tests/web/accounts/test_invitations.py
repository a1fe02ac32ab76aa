"""Inviting, coming in by the link, and choosing between accounts."""

from flask import Flask
from flask.testing import FlaskClient

from dashboard.engine.model import Role
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents.agents import create
from tests.desks import NOON, Acme
from tests.pages import PASSWORD, TOKEN, Looker, let_in
from tests.web.accounts.test_sessions import log_in

ANOTHER = "another pass phrase"


def link_in(page: str) -> str:
    """Return the path of the link that a page shows."""
    return "/invitations/" + page.partition("/invitations/")[2].partition("<")[0]


def send(door: FlaskClient, path: str, **form: str) -> object:
    token = TOKEN.search(door.get(path).text)
    return door.post(path, data={"csrf_token": token[1] if token else "", **form})


def test_a_user_is_made_and_invited_with_one_form_and_the_link_is_shown_once(uma: Looker, app: Flask) -> None:
    form = {"name": "Eve", "email": "eve@acme.example", "role": "agent", "invite": "on"}

    made = uma.post("/settings/users", form)

    path = link_in(made.text)
    assert made.status_code == 201
    assert "Eve is invited" in made.text
    shown = uma.get("/settings/users?text=eve").text
    assert "invited" in shown
    assert path not in shown
    door = app.test_client()
    assert "Acme invites Eve" in door.get(path).text
    answer = send(door, path, password=PASSWORD, again=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert door.get("/").status_code == 200


def test_the_new_users_form_asks_for_no_password(uma: Looker) -> None:
    page = uma.get("/settings/users/new").text

    assert 'name="password"' in page.partition("<details")[2]
    assert 'name="password"' not in page.partition("<details")[0]
    assert 'type="password" required' not in page


def test_a_password_that_will_not_do_is_said_beside_its_field_and_uses_nothing_up(
    uma: Looker, app: Flask, acme: Acme
) -> None:
    """Seen to fail with the link used up first."""
    path = link_in(uma.post(f"/settings/users/{acme.agents['Ana']}/invitation").text)
    door = app.test_client()

    for field, form in (
        ("password", {"password": "short", "again": "short"}),
        ("again", {"password": PASSWORD, "again": "something else"}),
        ("password", {}),
    ):
        refused = send(door, path, **form)
        assert refused.status_code == 422
        assert f'id="wrong-{field}"' in refused.text
    assert send(door, path, password=PASSWORD, again=PASSWORD).status_code == 303


def test_an_invitation_is_withdrawn_on_the_users_page(uma: Looker, app: Flask, acme: Acme) -> None:
    user = f"/settings/users/{acme.agents['Ana']}"
    path = link_in(uma.post(f"{user}/invitation").text)
    assert "works until" in uma.get(user).text

    assert uma.post(f"{user}/invitation/withdrawal").status_code == 303

    assert "Nobody can log in as Ana yet." in uma.get(user).text
    assert "This link does not work" in app.test_client().get(path).text
    assert uma.post(f"{user}/invitation/withdrawal").status_code == 404


def test_a_deactivated_user_is_not_invited(uma: Looker, acme: Acme) -> None:
    user = f"/settings/users/{acme.agents['Ana']}"
    uma.post(f"{user}/deactivation")

    refused = uma.post(f"{user}/invitation")

    assert refused.status_code == 409
    assert "Reactivate them first." in refused.text


def test_who_logs_in_on_the_way_comes_back_to_the_link_and_accepts_it(uma: Looker, acme: Acme, app: Flask) -> None:
    sid, path = invited_by_acme(uma, acme)
    door = app.test_client()
    way = door.get(path).text.partition("/login?next=")[2].partition('"')[0]

    arrived = log_in(door, "sid@2.example", wanted=path)
    accepted = send(door, path, current=PASSWORD, password=ANOTHER, again=ANOTHER)

    assert way == path
    assert arrived.location == path
    assert "You are logged in as sid@2.example" in door.get(invited_again(uma, sid)).text
    assert accepted.status_code == 303
    assert "Switch to another account" in door.get("/").text


def invited_by_acme(uma: Looker, acme: Acme) -> tuple[int, str]:
    """Let Acme invite Sid, who logs in to Globex, and return his id in Acme and the link."""
    let_in(acme.work, acme.stranger_id)
    edit = AgentEdit(name="Sid", email="sid@2.example", role=Role.AGENT)
    made = acme.work.finished(create(acme.work, acme.account_id, edit, actor_id=None, now=NOON))
    assert not hasattr(made, "errors")
    return made.id, invited_again(uma, made.id)


def invited_again(uma: Looker, user_id: int) -> str:
    return link_in(uma.post(f"/settings/users/{user_id}/invitation").text)


def test_who_has_one_account_sees_no_choice(ana: Looker) -> None:
    assert ana.get("/accounts").location == "/"
    assert "Switch to another account" not in ana.get("/").text


def test_who_has_two_chooses_at_the_log_in_and_gets_to_the_page_they_wanted(
    uma: Looker, acme: Acme, app: Flask
) -> None:
    door, (sid, path) = app.test_client(), invited_by_acme(uma, acme)
    log_in(door, "sid@2.example")
    send(door, path, current=PASSWORD, password=ANOTHER, again=ANOTHER)
    door = app.test_client()

    answer = log_in(door, "sid@2.example", ANOTHER, wanted="/?sort=load")

    assert answer.location == "/accounts?next=/?sort%3Dload"
    assert door.get("/agents").location == "/accounts?next=/agents"
    page = door.get(answer.location).text
    assert ("<b>Acme</b>" in page, "<b>Globex</b>" in page, "you are here" in page) == (True, True, False)
    token = TOKEN.search(page)
    assert token
    form = {"csrf_token": token[1], "next": "/?sort=load"}
    assert door.post(f"/accounts/{acme.account_id}/session", data=form).location == "/?sort=load"
    assert door.get(f"/agents/{sid}").status_code == 200
    assert "you are here" in door.get("/accounts").text


def test_nobody_is_at_the_choice_without_a_log_in(app: Flask) -> None:
    door = app.test_client()

    assert door.get("/accounts").location == "/login"


def test_a_link_that_was_never_made_is_answered_as_one_that_was_used(app: Flask) -> None:
    answer = app.test_client().get("/invitations/nothing")

    assert answer.status_code == 404
    assert "This link does not work" in answer.text
