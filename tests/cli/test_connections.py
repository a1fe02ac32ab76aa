"""flask connections reseal, as it is typed."""

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from dashboard.config import Settings
from dashboard.helpdesks.values import HelpdeskKind
from dashboard.services.helpdesks.credentials import Secrets, seal, unseal
from dashboard.store.helpdesks import connections
from dashboard.store.models import Connection
from tests.desks import Acme

FORMER = "the former key" * 3
SECRETS = Secrets(credentials={"api_key": "k", "api_secret": "s"})


@pytest.fixture
def flask(settings: Settings, acme: Acme) -> FlaskCliRunner:
    """The program's own commands, on the stores of the test."""
    from app import create_app

    return create_app(settings).test_cli_runner()


def connect(acme: Acme, *keys: str, first: int = 1) -> None:
    for number, key in enumerate(keys, start=first):
        values = {"kind": HelpdeskKind.LIBREDESK, "name": f"Desk {number}", "url": "https://desk.example"}
        connections.shelf.add(acme.work.session, acme.account_id, {**values, "sealed": seal(SECRETS, key)})
    acme.work.session.commit()


def sealed_texts(acme: Acme) -> list[str]:
    found = list(acme.work.session.scalars(select(Connection.sealed).order_by(Connection.id)))
    acme.work.session.rollback()
    return found


def test_all_connections_get_the_new_key_by_a_variable_or_a_prompt(
    flask: FlaskCliRunner, acme: Acme, settings: Settings
):
    """C3"""
    connect(acme, FORMER, settings.secret_key, FORMER)
    by_variable = flask.invoke(args=["connections", "reseal"], env={"FORMER_SECRET_KEY": FORMER})
    assert (by_variable.exit_code, by_variable.stdout) == (0, "2 connections have the new key.\n")
    assert [unseal(one, settings.secret_key) for one in sealed_texts(acme)] == [SECRETS] * 3

    connect(acme, FORMER, first=4)
    by_prompt = flask.invoke(args=["connections", "reseal"], input=f"{FORMER}\n")
    assert by_prompt.exit_code == 0
    assert "1 connection has the new key.\n" in by_prompt.stdout
    assert FORMER not in by_prompt.stdout
    assert [unseal(one, settings.secret_key) for one in sealed_texts(acme)] == [SECRETS] * 4


def test_a_wrong_former_key_changes_nothing(flask: FlaskCliRunner, acme: Acme):
    """C3"""
    connect(acme, FORMER)
    before = sealed_texts(acme)

    done = flask.invoke(args=["connections", "reseal"], env={"FORMER_SECRET_KEY": "no such key"})

    assert done.exit_code == 1
    assert "Neither key opens" in done.stderr
    assert sealed_texts(acme) == before


def test_the_former_key_is_no_argument(flask: FlaskCliRunner):
    """C3: other users of the machine see arguments."""
    assert flask.invoke(args=["connections", "reseal", FORMER]).exit_code == 2
