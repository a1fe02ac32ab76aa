"""`python app.py` keeps itself running, stops cleanly, and comes back with everything that was committed."""

import signal
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from dashboard.stack.redis import Redis as RedisServer
from dashboard.stack.spawn import start
from tests.processes import left
from tests.stack.running import Running, a_free_port
from tests.waiting import eventually, stopwatch


def postgres_of(instance: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(instance / "postgres"), user="postgres", dbname="postgres", autocommit=True)


def redis_of(instance: Path) -> Redis:
    return Redis(unix_socket_path=str(instance / "redis" / "redis.sock"))


@pytest.mark.gate
def test_it_mends_what_dies_and_leaves_nothing_when_it_is_stopped(instance):
    with Running(instance) as stack:
        assert stack.hear("Evenhand is ready") == f"Evenhand is ready: http://127.0.0.1:{stack.port}\n"
        everything = stack.processes()

        for child, words in (
            ("scheduled_jobs default", "worker.1 was killed (SIGKILL); it is started again"),
            ("dashboard.serving", "web was killed (SIGKILL); it is started again"),
            ("redis-server", "The embedded redis had stopped; it runs again"),
            ("embedded_server_main postgres", "The embedded postgres had stopped; it runs again"),
        ):
            stack.child(child).kill()
            assert stack.hear(words)
        eventually(lambda: stack.status_of("/ready") == 200)
        everything += stack.processes()

        assert stack.stop(signal.SIGTERM) == 0
        assert not left(everything)
        assert "".join(stack.said).count("Evenhand is ready") == 1


@pytest.mark.gate
def test_ctrl_c_stops_everything_within_ten_seconds_even_while_a_worker_does_not_listen(instance):
    with Running(instance) as stack:
        stack.hear("Evenhand is ready")
        everything = stack.processes()
        stack.child("scheduled_jobs default").suspend()

        with stopwatch() as usable:
            assert stack.stop(signal.SIGINT) == 0
            assert usable() < 10

        assert not left(everything)
        assert "Traceback" not in "".join(stack.said)


@pytest.mark.gate
def test_what_was_committed_is_there_after_everything_was_killed(instance):
    with Running(instance) as stack:
        stack.hear("Evenhand is ready")
        with postgres_of(instance) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        redis_of(instance).set("kept", "eight")
        stack.kill_everything()

    with Running(instance) as stack:
        stack.hear("Evenhand is ready")

        with postgres_of(instance) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        assert redis_of(instance).get("kept") == b"eight"


@pytest.mark.gate
def test_when_only_the_parent_is_killed_everything_it_started_goes_too(instance):
    with Running(instance) as stack:
        stack.hear("Evenhand is ready")
        everything = stack.processes()

        everything[0].kill()

        eventually(lambda: not left(everything))


@pytest.mark.gate
def test_with_an_unreachable_redis_it_starts_says_that_it_is_not_ready_and_recovers(instance):
    """E42"""
    port = a_free_port()
    with Running(instance, REDIS_URL=f"redis://127.0.0.1:{port}/0") as stack:
        eventually(lambda: stack.status_of("/up") == 200)
        assert stack.status_of("/ready") == 503

        command = [str(RedisServer.program), "--port", str(port), "--save", ""]
        server = start(command, user=instance.stat().st_uid, parting=signal.SIGKILL)

        assert stack.hear("Evenhand is ready")
        stack.stop()
        server.kill()
