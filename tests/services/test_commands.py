"""flask import, flask run-assignment and flask sweep, as they are typed."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from dashboard.config import Settings
from dashboard.store.models import Conversation
from tests.desks import Acme

GOOD = "external_id,inbox,created_at,resolved_at,handled_by\nT-1,Repairs,2016-03-01T08:00:00Z,,\n"
BAD = "T-2,Repairs,yesterday,,\nT-3,Repairs,2016-03-01T09:00:00Z,2016-03-01T09:30:00Z,Bo\n"


@pytest.fixture
def flask(settings: Settings, acme: Acme) -> FlaskCliRunner:
    """The program's own commands, on the stores of the test."""
    from app import create_app

    return create_app(settings).test_cli_runner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "conversations.csv"
    path.write_text(GOOD + BAD, encoding="utf-8-sig")
    return path


def bring_in(flask: FlaskCliRunner, acme: Acme, file: Path, *options: str) -> Result:
    return flask.invoke(args=["import", str(file), "--account", str(acme.account_id), *options])


def count(acme: Acme) -> int | None:
    found = acme.desk.session.scalar(select(func.count()).select_from(Conversation))
    acme.desk.session.rollback()
    return found


def test_the_good_rows_come_in_and_the_bad_ones_are_named_by_their_line(flask: FlaskCliRunner, acme: Acme, file: Path):
    done = bring_in(flask, acme, file)

    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"created": 2, "existing": 0, "inboxes": 1, "agents": 0, "bad": 1}
    assert "line 3: created_at" in done.stderr
    assert "2 of 2 rows" in done.stderr


def test_strictly_nothing_comes_in_while_a_row_is_bad(flask: FlaskCliRunner, acme: Acme, file: Path):
    refused = bring_in(flask, acme, file, "--strict")

    assert refused.exit_code == 1
    assert "line 3: created_at" in refused.stderr
    assert count(acme) == 0


def test_a_file_that_is_good_ends_with_0_and_again_changes_nothing(flask: FlaskCliRunner, acme: Acme, file: Path):
    file.write_text(GOOD)

    first, again = bring_in(flask, acme, file, "--as-of-now", "--strict"), bring_in(flask, acme, file, "--as-of-now")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert json.loads(again.stdout)["existing"] == 1
    assert count(acme) == 1


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (GOOD, ("--account", "999"), "no account 999"),
        ("a,b\n", (), "external_id"),
        (GOOD, ("--inbox-column", "group"), "group"),
    ],
)
def test_what_cannot_be_imported_at_all_is_said_in_one_sentence(
    flask: FlaskCliRunner, acme: Acme, file: Path, *, text: str, options: tuple[str, ...], said: str
):
    file.write_text(text)

    refused = bring_in(flask, acme, file, *options)

    assert refused.exit_code == 1
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_bytes_that_are_no_text_spoil_only_their_own_row(flask: FlaskCliRunner, acme: Acme, file: Path):
    file.write_bytes(GOOD.encode() + b"T-\xff,Repairs,2016-03-01T08:00:00Z,,\n")

    done = bring_in(flask, acme, file)

    assert "line 3: external_id" in done.stderr
    assert count(acme) == 1


def test_a_run_on_the_command_line_is_printed_as_the_api_shows_it(flask: FlaskCliRunner, acme: Acme):
    """E34"""
    acme.policy()
    acme.waiting(2)

    done = flask.invoke(args=["run-assignment", "--inbox", str(acme.support)])

    run = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (run["source"], run["outcome"], run["left_waiting"]) == ("manual", "stop", {"nobody_online": 2})
    assert flask.invoke(args=["run-assignment", "--inbox", "999"]).exit_code == 1


def test_a_sweep_on_the_command_line_starts_a_run_for_every_inbox_with_work(flask: FlaskCliRunner, acme: Acme):
    """E33"""
    acme.policy("Support", "Sales")
    acme.waiting(1)

    done = flask.invoke(args=["sweep"])

    assert json.loads(done.stdout) == {"started": 1}
