"""API tokens end with the right to them: with a deactivation for good, and by hand after a new password."""

from collections.abc import Callable, Iterator
from http import HTTPStatus

import pytest
from flask import Flask
from sqlalchemy import select, update

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.services.accounts import tokens
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.models import AccountUser, ApiToken, AuditEntry
from tests.api.conftest import Caller
from tests.desks import Acme
from tests.pages import PASSWORD, AtOnce, Looker, composed, hire, let_in, looking
from tests.security import persons
from tests.security.worlds import token_of


@pytest.fixture
def app(acme: Acme, settings: Settings) -> Iterator[Flask]:
    """The whole application; Ana has a password."""
    let_in(acme.work, acme.agents["Ana"])
    worker = AtOnce(settings)
    yield composed(settings, worker)
    worker.close()


@pytest.fixture
def chief(app: Flask, acme: Acme) -> Caller:
    """Acme's administrator, by the API."""
    return Caller(app.test_client(), acme.account_id, 0, token_of(acme, acme.account_id))


@pytest.fixture
def ana(app: Flask, acme: Acme) -> Looker:
    """Ana, logged in."""
    return looking(app, acme.account_id, acme.agents["Ana"])


def issue(work: UnitOfWork, account_id: int, user_id: int, name: str) -> Callable[[Flask], int]:
    """Make a token, and return what asks whether it opens anything."""
    text = tokens.issue(work, account_id, user_id, name=name, now=clock.now()).text
    work.session.commit()
    return lambda app: Caller(app.test_client(), account_id, user_id, text).get(f"/agents/{user_id}").status_code


def living(acme: Acme) -> list[str]:
    """Return the names of the tokens that are not revoked."""
    found = list(acme.work.session.scalars(select(ApiToken.name).where(ApiToken.revoked_at.is_(None))))
    acme.work.session.rollback()
    return sorted(found)


def test_a_token_does_not_come_back_with_its_agent(app: Flask, acme: Acme, chief: Caller) -> None:
    """Seen to fail without the revocation: the old token opened the API again."""
    user_id = acme.agents["Ana"]
    asks = [issue(acme.work, acme.account_id, user_id, name) for name in ("Helpdesk", "Script")]
    assert [ask(app) for ask in asks] == [200, 200]

    chief.delete(f"/agents/{user_id}")
    gone = living(acme)
    chief.patch(f"/agents/{user_id}", {"active": True})

    assert (gone, [ask(app) for ask in asks]) == ([""], [401, 401])
    wanted = select(AuditEntry.before).where(AuditEntry.subject == "token", AuditEntry.action == "deleted")
    assert [before["name"] for before in acme.work.session.scalars(wanted.order_by(AuditEntry.id))] == [
        "Helpdesk",
        "Script",
    ]


def test_a_token_that_an_older_release_left_to_a_deactivated_agent_ends_with_the_reactivation(
    app: Flask, acme: Acme, chief: Caller
) -> None:
    """Seen to fail with tokens revoked by the deactivation alone."""
    user_id = acme.agents["Ana"]
    ask = issue(acme.work, acme.account_id, user_id, "Left")
    acme.work.session.execute(update(AccountUser).where(AccountUser.user_id == user_id).values(active=False))
    acme.work.session.commit()

    chief.patch(f"/agents/{user_id}", {"active": True})

    assert ask(app) == 401


def test_a_new_password_shows_ones_own_tokens_to_be_ended_one_by_one_or_all(ana: Looker, acme: Acme) -> None:
    """Seen to fail with the tokens of anybody revoked."""
    for user_id, names in ((ana.user_id, ("One", "Two", "Three")), (acme.agents["Bo"], ("Bos",))):
        for name in names:
            issue(acme.work, acme.account_id, user_id, name)
    form = {"current": PASSWORD, "password": "another pass phrase", "again": "another pass phrase"}

    arrived = ana.post("/settings/password", form, follow_redirects=True).text

    assert all(f">{name}</th>" in arrived for name in ("One", "Two", "Three"))
    assert "Bos" not in arrived
    ids = {row.name: row.id for row in acme.work.session.execute(select(ApiToken.id, ApiToken.name))}
    assert ana.post(f"/settings/password/tokens/{ids['One']}/revocation").status_code == HTTPStatus.SEE_OTHER
    assert ana.post(f"/settings/password/tokens/{ids['Bos']}/revocation").status_code == HTTPStatus.NOT_FOUND
    assert living(acme) == ["Bos", "Three", "Two"]
    assert ana.post("/settings/password/tokens/revocation").status_code == HTTPStatus.SEE_OTHER
    assert living(acme) == ["Bos"]
    assert "Your API tokens" not in ana.get("/settings/password").text


def test_who_chooses_a_password_by_a_link_is_led_to_their_tokens(app: Flask, acme: Acme, chief: Caller) -> None:
    user_id = hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR)
    issue(acme.work, acme.account_id, user_id, "Old")
    door = app.test_client()

    answer = persons.send(door, persons.link(chief, user_id), password=PASSWORD, again=PASSWORD)

    assert answer.location == "/settings/password"
    assert ">Old</th>" in door.get(answer.location).text
