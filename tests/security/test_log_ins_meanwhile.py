"""What two people do to one log-in at the same moment: the second sees what the first did."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dashboard import clock
from dashboard.config import Settings
from dashboard.services.accounts import invitations
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents import agents
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import agents as store
from tests.desks import Acme
from tests.pages import AtOnce, composed
from tests.security import persons
from tests.security.persons import GIVEN, OWN, Accounts, hire, is_in, link, send
from tests.security.test_rights_under_way import waits
from tests.waiting import eventually

EDITS = {
    "deactivated": AgentEdit(active=False),
    "another address": AgentEdit(email="new@person.example"),
    "withdrawn": None,
}


@pytest.fixture
def both(acme: Acme, settings: Settings) -> Iterator[Accounts]:
    """Acme and Globex."""
    worker = AtOnce(settings)
    app: Flask = composed(settings, worker)
    yield persons.accounts(app, acme)
    worker.close()


@contextmanager
def waiting(acme: Acme, ask: Callable[[], TestResponse]) -> Iterator[list[TestResponse]]:
    """Let somebody ask who waits for a lock of this test's transaction, until it is committed after the block."""
    answers: list[TestResponse] = []
    asking = threading.Thread(target=lambda: answers.append(ask()))
    asking.start()
    eventually(lambda: answers or waits(acme))
    assert not answers
    yield answers
    acme.work.finish()
    asking.join()


def take_back(work: UnitOfWork, account_id: int, agent_id: int, edit: AgentEdit | None) -> None:
    if edit is None:
        invitations.withdraw(work, account_id, agent_id, actor_id=None, now=clock.now())
    else:
        agents.change(work, account_id, agent_id, edit, actor_id=None, now=clock.now())


@pytest.mark.parametrize("way", EDITS)
def test_a_link_that_is_taken_back_while_somebody_accepts_it_lets_nobody_in(
    both: Accounts, acme: Acme, way: str
) -> None:
    """Seen to fail with the link used up without a look at what was used."""
    theirs, door = hire(both.globex), both.door()
    path = link(both.globex, theirs)
    store.lock(acme.work.session, both.globex.account_id, theirs)

    with waiting(acme, lambda: send(door, path, password=OWN, again=OWN)) as answers:
        take_back(acme.work, both.globex.account_id, theirs, EDITS[way])

    assert answers[0].status_code == 404
    assert not is_in(door, "Globex")
    assert not is_in(both.log_in(OWN), "Globex")


def test_an_account_gives_no_password_to_somebody_who_comes_in_meanwhile(both: Accounts, acme: Acme) -> None:
    """Seen to fail with the log-in looked at before it is locked."""
    ours = hire(both.acme)
    token = link(both.acme, ours).rpartition("/")[2]
    invitations.accept_anew(acme.work, token, OWN, now=clock.now())

    with waiting(acme, lambda: both.acme.patch(f"/agents/{ours}", {"password": GIVEN})) as answers:
        pass

    assert answers[0].status_code == 422
    assert is_in(both.log_in(OWN), "Acme")
    assert not is_in(both.log_in(GIVEN), "Acme")
