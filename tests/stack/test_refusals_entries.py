"""Whatever is started refuses alike, in one sentence and with exit status 1."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic import command as alembic

from dashboard.config import ROOT, Settings
from dashboard.store.postgres import database
from tests.faults.stack import WEB
from tests.stack.running import FOREIGN, a_free_port
from tests.waiting import PATIENCE

PYTHON_M = (sys.executable, "-m")
ENTRIES = {
    "python app.py": (sys.executable, "app.py", "--no-demo"),
    "flask": (*PYTHON_M, "flask", "--app", "app", "sweep"),
    "web": (sys.executable, *WEB, "--port", str(a_free_port())),
    "worker": (*PYTHON_M, "jobs.worker"),
    "scheduler": (*PYTHON_M, "jobs.schedule"),
}


def refusals(instance: Path, *entries: str, **settings: str) -> set[str]:
    """Start Evenhand by these entry points at once, expect each to refuse, and return their sentences."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env |= {"EVENHAND_INSTANCE": str(instance), **settings}
    options = {"cwd": ROOT, "env": env, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(ENTRIES[entry], **options) for entry in entries or ENTRIES]  # type: ignore[call-overload]
    said = [process.communicate(timeout=PATIENCE) for process in started]
    assert [process.returncode for process in started] == [1] * len(started), said
    assert {out for out, _ in said} == {""}
    return {err for _, err in said}


@pytest.mark.gate
def test_every_entry_point_refuses_an_empty_secret_in_the_same_sentence(instance):
    """Seen to fail: the web answered /ready with 200 and every page with 500, and the others went to work."""
    instance.mkdir()
    (instance / "secret_key").touch()

    assert refusals(instance) == {
        f"{instance}/secret_key holds no secret: put a copy of it back, or remove it, and everybody logs in again.\n"
    }


@pytest.mark.gate
def test_every_entry_point_refuses_tables_of_a_newer_release_in_the_same_sentence(
    instance: Path, settings: Settings, empty: str, redis_url: str
) -> None:
    """Without the check migrations end in tracebacks, and the others work on tables that they do not know."""
    database.migrate(empty)
    with psycopg.connect(empty.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    assert refusals(instance, DATABASE_URL=empty, REDIS_URL=redis_url) == {
        "The tables are of a newer Evenhand (version 9999): start that release, or restore a backup of this one.\n"
    }


def test_what_serves_refuses_tables_that_were_not_brought_up_to_date(
    instance: Path, settings: Settings, empty: str, redis_url: str
) -> None:
    """Without the check the web answers /ready with 200 and every page with 500."""
    urls = {"DATABASE_URL": empty, "REDIS_URL": redis_url}
    [none] = refusals(instance, "web", "worker", "scheduler", **urls)
    alembic.upgrade(database.alembic(empty), "0003")
    [older] = refusals(instance, "worker", **urls)

    assert none.startswith("The tables are not made yet, and this Evenhand needs version ")
    assert older.startswith("The tables are of an older Evenhand (version 0003), and this Evenhand needs version ")
    assert older.endswith("run flask --app app migrate first.\n")


@pytest.mark.gate
def test_a_worker_without_urls_and_a_command_without_its_store_end_with_a_sentence(instance):
    """Without the check there are tracebacks."""
    nowhere = {"DATABASE_URL": f"postgresql://127.0.0.1:{a_free_port()}/desk", "REDIS_URL": "redis://127.0.0.1:1"}

    [alone] = refusals(instance, "worker", "scheduler")
    [command] = refusals(instance, "flask", **nowhere)

    assert alone.startswith("DATABASE_URL and REDIS_URL must be set for a process that starts alone: ")
    assert command.startswith("Error: A store does not answer (")
