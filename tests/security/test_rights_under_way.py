"""A request that waits while its administrator loses their right gives nobody access."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.services.accounts import tokens
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents import agents
from dashboard.store.accounts import accounts
from dashboard.store.models import AccountUser, ApiToken, Invitation, User
from tests.api.conftest import Caller
from tests.desks import Acme
from tests.pages import AtOnce, Looker, composed, hire, looking
from tests.waiting import eventually

# Asked anew within a transaction, unlike pg_stat_activity.
WAITS_FOR_US = text("SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))")
LOSSES = [AgentEdit(active=False), AgentEdit(role=Role.AGENT)]
ADMINISTRATOR = {"role": "administrator"}
EVE = {"name": "Eve", "email": "eve@x.example", **ADMINISTRATOR}
# By the API and by the pages, with somebody else's id.
Ask = Callable[[Caller, Looker, int], TestResponse]
ASKS: dict[str, Ask] = {
    "come back": lambda api, _, __: api.patch(f"/agents/{api.user_id}", {"active": True}),
    "be administrator again": lambda api, _, __: api.patch(f"/agents/{api.user_id}", ADMINISTRATOR),
    "raise another": lambda api, _, other: api.patch(f"/agents/{other}", ADMINISTRATOR),
    "deactivate another": lambda api, _, other: api.delete(f"/agents/{other}"),
    "give a password": lambda api, _, other: api.patch(f"/agents/{other}", {"password": "pass phrase"}),
    "make another": lambda api, _, __: api.post("/agents", EVE),
    "invite": lambda api, _, other: api.post(f"/agents/{other}/invitations"),
    "make a token": lambda api, _, other: api.post("/tokens", {"user_id": other}),
    "come back by the page": lambda _, page, __: page.post(f"/settings/users/{page.user_id}/reactivation"),
    "make another by the page": lambda _, page, __: page.post("/settings/users", EVE),
    "invite by the page": lambda _, page, other: page.post(f"/settings/users/{other}/invitation"),
    "make a token by the page": lambda _, page, other: page.post("/settings/tokens", {"user_id": other}),
}


@pytest.fixture
def app(acme: Acme, settings: Settings) -> Iterator[Flask]:
    """The whole application."""
    worker = AtOnce(settings)
    yield composed(settings, worker)
    worker.close()


@contextmanager
def losing(acme: Acme, user_id: int, loss: AgentEdit) -> Iterator[None]:
    """Let somebody take an administrator's right, from the locks before the block to the commit after it."""
    accounts.lock(acme.work.session, acme.account_id)
    yield
    acme.work.finished(agents.change(acme.work, acme.account_id, user_id, loss, actor_id=None, now=clock.now()))


def given(acme: Acme) -> list[object]:
    """Return who has which access to the account."""
    members = select(AccountUser.email, AccountUser.role, AccountUser.active, User.password_hash)
    members = members.join(User, User.id == AccountUser.log_in_id).order_by(AccountUser.user_id)
    links = select(Invitation.user_id, Invitation.token_hash)
    tokens_there = select(ApiToken.id, ApiToken.revoked_at).order_by(ApiToken.id)
    found = [acme.work.session.execute(one).all() for one in (members, links, tokens_there)]
    acme.work.session.rollback()
    return found


@pytest.mark.parametrize("loss", LOSSES, ids=["deactivated", "demoted"])
@pytest.mark.parametrize("way", ASKS)
def test_nothing_is_given_by_a_right_that_ended_meanwhile(app: Flask, acme: Acme, way: str, loss: AgentEdit) -> None:
    """Seen to fail, way by way, with the right asked for only when the request came: Mara made herself active again."""
    mara = hire(acme.work, acme.account_id, "Mara", Role.ADMINISTRATOR)
    hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR)
    token = tokens.issue(acme.work, acme.account_id, mara, now=clock.now()).text
    acme.work.session.commit()
    api, page = Caller(app.test_client(), acme.account_id, mara, token), looking(app, acme.account_id, mara)
    answers: list[TestResponse] = []
    ask = threading.Thread(target=lambda: answers.append(ASKS[way](api, page, acme.agents["Bo"])))

    with losing(acme, mara, loss):
        ask.start()
        eventually(lambda: answers or waits(acme))
    lost = given(acme)
    ask.join()

    assert given(acme) == lost
    assert answers[0].status_code in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


def waits(acme: Acme) -> bool:
    """Tell whether somebody waits for a lock of this test's transaction."""
    return bool(acme.work.session.scalar(WAITS_FOR_US))
