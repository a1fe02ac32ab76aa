"""flask import, flask run-assignment and flask sweep, as they are typed."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from dashboard.config import Settings
from dashboard.store.models import Conversation
from tests.connected import connect
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
    found = acme.work.session.scalar(select(func.count()).select_from(Conversation))
    acme.work.session.rollback()
    return found


def test_the_good_rows_come_in_and_the_bad_ones_are_named_by_their_line(flask: FlaskCliRunner, acme: Acme, file: Path):
    done = bring_in(flask, acme, file)

    assert done.exit_code == 1
    counts = json.loads(done.stdout)
    assert (counts["created"], counts["existing"], counts["bad"]) == (2, 0, 1)
    assert (counts["inboxes"], counts["agents"], counts["to_be_assigned"]) == (1, 0, 1)
    assert "line 3: created_at" in done.stderr
    assert "3 of 3 rows" in done.stderr
    assert done.stderr.splitlines()[-1] == "1 new conversation waiting; 1 to be assigned."


def test_a_quote_that_is_never_closed_costs_its_own_row_and_is_named(flask: FlaskCliRunner, acme: Acme, file: Path):
    """Seen to fail with exit code 0, no bad row, and two other rows within a subject."""
    file.write_text(
        "external_id,inbox,subject,created_at\n"
        'A1,Support,"27 inch screen,2026-11-30T08:00:00Z\n'
        "A2,Support,lost,2026-11-30T08:00:00Z\n"
        'A3,Support,a 19" rack,2026-11-30T08:00:00Z\n'
        "A4,Support,fine,2026-11-30T08:00:00Z\n"
    )

    refused = bring_in(flask, acme, file, "--strict")
    assert (refused.exit_code, count(acme)) == (1, 0)

    done = bring_in(flask, acme, file)

    counts = json.loads(done.stdout)
    assert (done.exit_code, counts["created"], counts["bad"]) == (1, 3, 1)
    assert "line 2: Text follows a closing quote" in done.stderr
    assert "The row spans 3 lines, and reading goes on at line 3." in done.stderr
    subjects = acme.work.session.scalars(select(Conversation.subject).order_by(Conversation.external_id)).all()
    assert subjects == ["lost", 'a 19" rack', "fine"]


def test_strictly_nothing_comes_in_while_a_row_is_bad(flask: FlaskCliRunner, acme: Acme, file: Path):
    refused = bring_in(flask, acme, file, "--strict")

    assert refused.exit_code == 1
    assert "line 3: created_at" in refused.stderr
    assert "1 bad row; nothing was imported." in refused.stderr
    assert count(acme) == 0


def test_strictly_nothing_comes_in_while_a_row_is_for_a_helpdesks_inbox(flask: FlaskCliRunner, acme: Acme, file: Path):
    """C2"""
    connect(acme, "Sales")
    file.write_text("external_id,inbox,created_at\nA1,Support,2026-03-01T08:00:00Z\nA2,sales,2026-03-01T08:00:00Z\n")

    refused = bring_in(flask, acme, file, "--strict")

    assert (refused.exit_code, count(acme)) == (1, 0)
    assert "line 3: inbox: “sales” is an inbox of Our desk" in refused.stderr


def test_strictly_nothing_comes_in_while_a_value_looks_like_rows(flask: FlaskCliRunner, acme: Acme, file: Path):
    """Seen to fail: a quote that opens in one row and is closed in another is CSV."""
    file.write_text(
        "external_id,inbox,subject,created_at\n"
        'A1,Support,"27 inch,2026-03-01T08:00:00Z\n'
        "A2,Support,lost,2026-03-01T08:00:00Z\n"
        'A3,Support,19",2026-03-01T08:00:00Z\n'
    )

    refused = bring_in(flask, acme, file, "--strict")
    assert (refused.exit_code, count(acme)) == (1, 0)
    assert "line 2: a value over several lines has lines that look like rows" in refused.stderr

    done = bring_in(flask, acme, file)
    assert json.loads(done.stdout)["notes"] == {"like_rows": 1}


def test_a_row_of_the_future_is_bad_but_as_of_now(flask: FlaskCliRunner, acme: Acme, file: Path):
    """Seen to fail with an open conversation, and exit code 0."""
    file.write_text("external_id,inbox,created_at,resolved_at\nT-1,Support,2016-03-01T08:00:00Z,2199-01-01T00:00:00Z\n")

    assert bring_in(flask, acme, file).exit_code == 1
    assert count(acme) == 0
    assert bring_in(flask, acme, file, "--as-of-now").exit_code == 0


def test_zone_dates_and_labels_are_read_as_the_options_say(flask: FlaskCliRunner, acme: Acme, file: Path):
    file.write_text('Id,Group,Created at,Tags\n1,Support,03/04/2026 08:00,"late delivery,vip"\n')

    options = ("--dates", "mdy", "--timezone", "America/New_York", "--label-separator", ",", "--hold", "--update")
    done = bring_in(flask, acme, file, *options)

    assert done.exit_code == 0, done.stderr
    [row] = acme.work.session.scalars(select(Conversation))
    assert (row.created_at.isoformat(), row.labels) == ("2026-03-04T13:00:00+00:00", ["late delivery", "vip"])
    assert "Columns read: external_id from “Id”" in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--timezone", "Berlin"), ("--timezone", "../etc/passwd"), ("--label-separator", ", "), ("--label-separator", '"'),
     ("--dates", "ymd")],
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_refused(
    flask: FlaskCliRunner, acme: Acme, file: Path, options: tuple[str, str]
):
    refused = bring_in(flask, acme, file, *options)

    assert refused.exit_code == 2
    assert options[0] in refused.stderr


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
        (GOOD.replace("2016-03-01T08:00:00Z", "03/04/2016"), (), "--dates dmy or --dates mdy"),
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


def test_a_file_of_windows_is_read_and_that_is_told(flask: FlaskCliRunner, acme: Acme, file: Path):
    """Seen to fail with a bad row."""
    file.write_bytes(GOOD.replace("T-1", "Ü-1").encode("cp1252"))

    done = bring_in(flask, acme, file)

    assert done.stderr.splitlines()[0] == "The file is not UTF-8; it is read as Windows-1252."
    assert acme.work.session.scalars(select(Conversation.external_id)).all() == ["Ü-1"]


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
