"""Stores that cannot start are told of in one sentence, with the way to go on."""

import os
import shutil
from pathlib import Path

import pytest

from dashboard import config
from dashboard.stack import archives
from dashboard.stack.embedded_stores import stores
from dashboard.stack.redis import Redis
from dashboard.store.postgres import database
from tests.faults.own import SmallDisk
from tests.stack.running import a_free_port


@pytest.fixture(scope="module")
def used(module_instance: Path) -> Path:
    """An instance that was used and stopped."""
    with stores(config.load({"EVENHAND_INSTANCE": str(module_instance)})) as held:
        database.migrate(held.database_url)
    return module_instance


def copied(used: Path, instance: Path) -> None:
    """Copy an instance with the owners of its files."""
    shutil.copytree(used, instance, symlinks=True, dirs_exist_ok=True)
    for copy in (instance, *instance.rglob("*")):
        file = (used / copy.relative_to(instance)).stat()
        os.chown(copy, file.st_uid, file.st_gid)


@pytest.fixture
def broken(used: Path, instance: Path) -> Path:
    """A copy of it to break."""
    copied(used, instance)
    return instance


@pytest.mark.parametrize(
    ("torn", "kept", "words"),
    [
        ("postgres/global/pg_control", 100, "pg_control"),
        ("postgres/PG_VERSION", 0, "is not a valid data directory"),
        # Postgres finds out when it is up, and crashes and recovers for ever.
        ("postgres/global/pg_filenode.map", 0, "pg_filenode.map"),
        ("redis/appendonly.aof", b"hello\nworld\n", "append only file"),
        ("redis/appendonly.aof", b"REDIS0009\xfa\x09redis-ver", "Short read"),
    ],
)
def test_a_store_whose_file_is_torn_is_refused_with_the_way_to_go_on(refusal, broken, *, torn, kept, words):
    """Seen to fail: the sentence was an earlier start's, or none came while Postgres crashed again and again."""
    file = broken / torn
    (broken / "log" / "postgres.log").write_text("2026-01-01 00:00:00 UTC [1] FATAL:  of an earlier start\n")
    file.write_bytes(kept if isinstance(kept, bytes) else file.read_bytes()[:kept])

    sentence = refusal("--port", str(a_free_port()))

    store = torn.partition("/")[0]
    assert sentence.startswith(f"The embedded {store} does not start (")
    assert words in sentence
    assert f"move {broken / store} away and " in sentence


def test_a_store_that_was_moved_away_is_made_anew_and_takes_a_backup(broken: Path, tmp_path: Path) -> None:
    """The cure that a refusal names works."""
    backup = tmp_path / "monday.backup"
    settings = config.load({"EVENHAND_INSTANCE": str(broken)})
    with stores(settings) as held:
        archives.write(held.database_url, backup)
    for store in ("postgres", "redis"):
        (broken / store).rename(tmp_path / store)

    with stores(settings) as held:
        archives.restore(held.database_url, backup)

        assert database.why_unreachable(held.database_url) == ""


@pytest.mark.needs("users")
def test_a_postgres_of_roots_and_a_socket_folder_of_another_user_are_refused(refusal, broken):
    """Seen to fail with Postgres's own last words, which only point to its documentation."""
    for path in ((broken / "postgres"), *(broken / "postgres").rglob("*")):
        os.chown(path, 0, 0)
    of_root = refusal("--port", str(a_free_port()))
    odd = broken / ("long " * 20)
    sockets = Redis(odd).sockets
    sockets.mkdir()
    os.chown(sockets, 65_534, -1)

    others = refusal("--port", str(a_free_port()), EVENHAND_INSTANCE=str(odd))
    sockets.rmdir()

    assert of_root.startswith(f"{broken}/postgres belongs to root, as whom Postgres does not run: chown -R ")
    assert others.startswith(f"{sockets} belongs to another user: ")


@pytest.mark.needs("disk")
def test_a_full_disk_is_named(refusal, used, instance):
    """An empty log has no last words: on a full disk nobody can write any."""
    instance.mkdir()
    with SmallDisk(instance) as disk:
        copied(used, instance)
        disk.fill()

        assert "make room on its disk and start again" in refusal("--port", str(a_free_port()))
