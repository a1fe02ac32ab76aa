"""The embedded stores run while anybody uses them, and survive whatever was done to them."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from dashboard import config
from dashboard.config import Settings
from dashboard.stack import server_state_file
from dashboard.stack.embedded_stores import stores
from dashboard.stack.postgres import Postgres
from dashboard.stack.redis import Redis as RedisServer
from dashboard.stack.spawn import start
from dashboard.starting import CannotStart
from tests.processes import left


@pytest.fixture(scope="module")
def settings(module_instance: Path) -> Settings:
    """Settings of an instance whose data directories exist; each test finds its servers stopped."""
    settings = config.load({"EVENHAND_INSTANCE": str(module_instance)})
    with stores(settings):
        return settings


def ask_postgres(settings: Settings) -> int:
    url = settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM pg_class WHERE relname = 'kept'").fetchone()[0]


def running(settings: Settings) -> list[psutil.Process]:
    found = [server_state_file.read(server(settings.instance)) for server in (Postgres, RedisServer)]
    return [psutil.Process(record.process) for record in found if record is not None and record.process is not None]


def test_the_last_user_stops_what_the_first_started(settings):
    with stores(settings) as first:
        with stores(settings) as second:
            assert first == second
        assert ask_postgres(first) == 0
        assert Redis.from_url(first.redis_url).ping()
        started = running(settings)

    assert len(started) == 2
    assert not left(started)


def test_many_who_come_and_go_at_once_always_find_a_server(settings):
    everybody = threading.Barrier(6)
    failures: list[Exception] = []

    def come_and_go() -> None:
        everybody.wait()
        try:
            for _ in range(3):
                with stores(settings) as held:
                    ask_postgres(held)
        except Exception as error:  # noqa: BLE001 -- a thread must hand it over
            failures.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_what_a_killed_keeper_left_running_is_stopped_and_started_again(settings):
    with stores(settings) as held:
        Redis.from_url(held.redis_url).set("kept", "yes")
        before = running(settings)
        for server in (Postgres, RedisServer):
            keeper = psutil.Process(server_state_file.read(server(settings.instance)).keeper)
            keeper.kill()
            keeper.wait()

        with stores(settings) as again:
            assert ask_postgres(again) == 0
            assert Redis.from_url(again.redis_url).get("kept") == b"yes"

    assert not left(before)


def test_a_pid_file_whose_number_now_belongs_to_another_program_does_not_prevent_the_start(settings):
    server = Postgres(settings.instance)
    other = start(["sleep", "60"], user=server.owner(), parting=signal.SIGKILL)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (server.home / name).write_text(f"{other.pid}\n{server.home}\n1\n5432\n{server.home}\n\n1 1\nready\n")
        os.chown(server.home / name, server.owner(), -1)

    with stores(settings) as held:
        assert ask_postgres(held) == 0

    assert other.poll() is None
    other.kill()
    other.wait()


def test_an_append_only_file_that_was_cut_in_mid_record_loses_that_record_alone(settings):
    with stores(settings) as held, Redis.from_url(held.redis_url) as redis:
        redis.set("first", "whole")
        redis.set("second", "cut")
    file = RedisServer(settings.instance).home / "appendonly.aof"
    os.truncate(file, file.stat().st_size - 3)

    with stores(settings) as held, Redis.from_url(held.redis_url) as redis:
        assert (redis.get("first"), redis.get("second")) == (b"whole", None)


def test_a_data_directory_of_another_version_is_refused_in_one_sentence_and_left_as_it_is(settings):
    version = Postgres(settings.instance).home / "PG_VERSION"
    version.write_text("12\n")

    with pytest.raises(CannotStart, match=r"postgres does not start \(.*incompatible"), stores(settings):
        pass

    assert version.read_text() == "12\n"
    version.write_text("18\n")


def test_a_first_start_that_was_killed_half_way_is_made_good(instance):
    half_made = instance / "postgres.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    with stores(config.load({"EVENHAND_INSTANCE": str(instance)})) as held:
        assert ask_postgres(held) == 0


def test_an_instance_may_have_a_long_and_odd_name(instance):
    odd = instance / ("läng, " * 20) / "100% odd?"

    with stores(config.load({"EVENHAND_INSTANCE": str(odd)})) as held:
        assert ask_postgres(held) == 0
        assert Redis.from_url(held.redis_url).ping()


def test_only_the_store_without_a_url_is_embedded(settings):
    elsewhere = replace(settings, redis_url="redis://127.0.0.1:1/0")

    with stores(elsewhere) as held:
        assert held.redis_url == "redis://127.0.0.1:1/0"
        assert [process.name() for process in running(settings)] == ["postgres"]
