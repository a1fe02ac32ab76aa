"""What was backed up comes back whole: into an empty place, from an older release too, and over nobody's data."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import pytest
from alembic import command as alembic
from sqlalchemy import text

from dashboard.config import ROOT, Settings
from dashboard.services.accounts import invitations
from dashboard.services.core.container import build
from dashboard.stack import archives
from dashboard.stack.archives import BadArchive
from dashboard.store.accounts import sessions
from dashboard.store.postgres import database
from dashboard.store.postgres.database import Session
from tests.desks import NOON, Acme, Recorded
from tests.faults import invariants
from tests.security.walks import everything
from tests.stack.running import FOREIGN

EARLIER, LAST_WITH_ANOTHER_TABLE = "0003", "0011"


@pytest.fixture
def busy(acme: Acme) -> Acme:
    """A desk that has given something out, under limits."""
    acme.policy(fair_distribution_limit=2)
    acme.capacity("Ana", {"Support": 2})
    acme.online("Ana", "Bo")
    acme.waiting(9)
    acme.run()
    return acme


@contextmanager
def looking_at(url: str) -> Iterator[Session]:
    engine = database.connect(url)
    with engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
        yield session
    engine.dispose()


def flask(url: str, settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as one would type it."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env |= {"DATABASE_URL": url, "REDIS_URL": settings.redis_url, "SECRET_KEY": "x"}
    program = [sys.executable, "-m", "flask", "--app", "app", *words]
    return subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "started",
    [
        pytest.param(False, id="nothing there"),
        pytest.param(True, id="an instance without accounts", marks=pytest.mark.gate),
    ],
)
def test_a_desk_comes_back_as_it_was_and_goes_on(
    busy: Acme, settings: Settings, empty: str, tmp_path: Path, *, started: bool
) -> None:
    """Seen to fail over tables whose triggers' functions stayed when the tables went."""
    file = tmp_path / "monday.backup"
    if started:
        database.migrate(empty)
    before = everything(busy.work.session)

    written = flask(settings.database_url, settings, "backup", str(file))
    restored = flask(empty, settings, "restore", str(file))

    assert written.returncode == 0, written.stderr
    assert restored.returncode == 0, restored.stderr
    assert file.stat().st_mode & 0o077 == 0
    with looking_at(empty) as session:
        assert everything(session) == before | {"users": ANY}
        invariants.check(session)
        there = replace(busy, work=build(settings, Recorded()).work(session))
        there.change_agent("Cleo", auto_offline=False)
        assert there.run().ending.assigned_count == 2
        invariants.check(session)


def test_nobody_comes_in_after_a_restore_by_what_may_have_ended_since_the_backup(
    busy: Acme, settings: Settings, empty: str, tmp_path: Path
) -> None:
    """Seen to fail, with cookie and link, with the rows as the backup had them."""
    file, ana = tmp_path / "monday.backup", busy.agents["Ana"]
    before = sessions.viewer(busy.work.session, busy.account_id, ana)
    link = invitations.invite(busy.work, busy.account_id, ana, actor_id=None, now=NOON)

    archives.write(settings.database_url, file)
    archives.restore(empty, file)

    with looking_at(empty) as session:
        there = replace(busy, work=build(settings, Recorded()).work(session))
        after = sessions.viewer(session, busy.account_id, ana)
        assert before
        assert after
        assert after.session_epoch != before.session_epoch
        assert invitations.find(there.work, str(link), now=NOON) is None


def test_nothing_is_restored_over_what_somebody_has(busy: Acme, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    archives.write(settings.database_url, file)
    busy.waiting(1)
    before = everything(busy.work.session)

    refused = flask(settings.database_url, settings, "restore", str(file))

    assert refused.returncode == 1
    assert "This instance has accounts; nothing was changed." in refused.stderr
    assert everything(busy.work.session) == before


@pytest.mark.parametrize("migrated", [True, False], ids=["in a place of this release", "in one of the same release"])
@pytest.mark.parametrize("earlier", [EARLIER, LAST_WITH_ANOTHER_TABLE])
def test_a_backup_of_an_older_release_is_brought_up_to_date(
    settings: Settings, empty: str, tmp_path: Path, *, earlier: str, migrated: bool
) -> None:
    """Seen to fail with a table of that release, which this one no longer has, left in the way of the backup's."""
    file = tmp_path / "old.backup"
    alembic.upgrade(database.alembic(empty), earlier)
    with looking_at(empty) as session:
        session.execute(text("INSERT INTO accounts (name) VALUES ('Kept')"))
        session.commit()
        archives.write(empty, file)
        session.execute(text("DELETE FROM accounts"))
        session.commit()
    if migrated:
        database.migrate(empty)

    archives.restore(empty, file)

    assert archives.version_of(file) == earlier
    with looking_at(empty) as session, looking_at(settings.database_url) as current:
        versions = [one.scalar(text("SELECT version_num FROM alembic_version")) for one in (session, current)]
        assert versions[0] == versions[1] != earlier
        assert session.scalar(text("SELECT name FROM accounts")) == "Kept"


def test_a_backup_of_a_later_release_is_refused(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "later.backup"
    database.migrate(empty)
    with looking_at(empty) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        session.commit()
    archives.write(empty, file)

    with pytest.raises(BadArchive, match="version 9999, which this release does not know"):
        archives.restore(empty, file)


@pytest.mark.parametrize("content", [b"", b"PGDMP", b"external_id,inbox\n1,Support\n"])
def test_a_file_that_is_no_backup_is_refused(empty: str, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.csv"
    file.write_bytes(content)

    with pytest.raises(BadArchive):
        archives.restore(empty, file)


def test_a_file_that_is_there_is_not_written_over(empty: str, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("kept")

    with pytest.raises(BadArchive, match="exists already"):
        archives.write(empty, file)

    assert file.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [file]


def test_a_backup_that_is_broken_off_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadArchive):
        archives.write("postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing", tmp_path / "never")

    assert list(tmp_path.iterdir()) == []
