"""What an instance keeps is its owner's alone, and no log of it holds a customer's word."""

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from dashboard import config
from dashboard.config import Settings
from dashboard.demo import account
from dashboard.stack.embedded_stores import Stores, stores
from dashboard.store.postgres import database
from tests.waiting import eventually

SECRET = "moneypenny"
FAILING = (
    "SELECT 'moneypenny'::int",
    "SELECT 'moneypenny' FROM nowhere",
    "SELECT 'moneypenny' FROM",
    "INSERT INTO kept VALUES ('moneypenny')",
    "DO $$ BEGIN RAISE EXCEPTION 'moneypenny'; END $$",
    "DO $$ BEGIN RAISE WARNING 'moneypenny'; END $$",
    "SET LOCAL statement_timeout = '1ms'; SELECT 'moneypenny' FROM pg_sleep(1)",
)


@pytest.fixture
def running(instance: Path) -> Iterator[Stores]:
    """Stores of the test's own."""
    with Stores(config.load({"EVENHAND_INSTANCE": str(instance)})) as held:
        yield held


def connected(settings: Settings) -> psycopg.Connection:
    return psycopg.connect(settings.database_url.replace("+psycopg", ""))


def fail(settings: Settings, statement: str, *parameters: str) -> None:
    with suppress(psycopg.Error), connected(settings) as connection:
        connection.execute(statement, parameters or None)
        connection.commit()


def kill_at_work(settings: Settings, statement: bytes) -> None:
    """Kill the process of a statement while it runs, as the kernel does when memory is out."""
    with suppress(psycopg.OperationalError), connected(settings) as victim, connected(settings) as other:
        other.autocommit = True
        pid = victim.info.backend_pid
        victim.pgconn.send_query(statement)
        asks = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = %s"
        eventually(lambda: other.execute(asks, [pid]).fetchone() == (True,))
        os.kill(pid, signal.SIGKILL)


def test_no_log_holds_a_word_of_a_statement_that_fails(running: Stores, instance: Path) -> None:
    """Literals, parameters, rows, and what a process was doing when it was killed.

    Seen to fail with Postgres's own settings: each of these stood in its log.
    """
    settings, log = running.settings, instance / "log"
    with connected(settings) as connection:
        connection.execute("CREATE TABLE kept (word text PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES ('moneypenny')")
    for statement in FAILING:
        fail(settings, statement)
    for statement in ("SELECT CAST(%s AS int)", "INSERT INTO kept VALUES (%s)"):
        fail(settings, statement, SECRET)
    kill_at_work(settings, b"SELECT 'moneypenny' FROM pg_sleep(600)")

    eventually(lambda: "terminated by signal 9" in (log / "postgres.log").read_text())
    assert not [line for file in log.iterdir() for line in file.read_text().splitlines() if SECRET in line]


def test_what_an_instance_keeps_is_its_owners_alone_also_where_it_was_open(instance: Path) -> None:
    """Seen to fail with the rights that a file gets by itself, and with those it had."""
    (instance / "log").mkdir(parents=True)
    for name in ("log/postgres.log", "log/redis.old", "demo_login.txt"):
        (instance / name).write_text("kept@acme.example\nword\n")
    settings = config.load({"EVENHAND_INSTANCE": str(instance)})
    for open_to_all in (instance / "secret_key", *instance.rglob("*")):
        open_to_all.chmod(0o777)

    with stores(config.load({"EVENHAND_INSTANCE": str(instance)})) as held:
        database.migrate(held.database_url)
        account.prepare(held)

    assert settings.secret_key in (instance / "secret_key").read_text()
    found = {path.relative_to(instance).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in instance.rglob("*")}
    assert {found[name] for name in ("log", "locks", "postgres", "redis")} == {0o700}
    files = ("secret_key", "demo_login.txt", "log/postgres.log", "log/redis.log", "log/redis.old")
    assert {name: found[name] for name in files} == dict.fromkeys(files, 0o600)
