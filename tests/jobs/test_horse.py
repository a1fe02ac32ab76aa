"""The process that does a worker's jobs: one for many of them, and no more than one job is lost with it."""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job

from dashboard.config import Settings
from dashboard.store.redis import client
from jobs.rq_queue import RqJobs
from tests.jobs.conftest import Start
from tests.processes import family, left
from tests.waiting import PATIENCE, eventually

# A worker that does not sweep first, and whose horses do two jobs each.
SHORT = """
from jobs import persistent_worker, worker
persistent_worker.JOBS_EACH = 2
worker.FIRST_TASKS = {}
worker.work("%s", ["default"])
"""


@pytest.fixture
def connection(settings: Settings) -> Redis:
    connection = client.connect(settings.redis_url, text=False, waits=True)
    connection.flushdb()
    return connection


@pytest.fixture
def short(start: Start, settings: Settings, connection: Redis) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: start("-c", SHORT % settings.redis_url)


@pytest.fixture
def do(settings: Settings, connection: Redis) -> Callable[..., object]:
    """Have a job done and return what it returns."""

    def done(task: str, *words: object) -> object:
        job = Job.fetch(RqJobs(settings.redis_url).enqueue("default", task, *words), connection=connection)
        result = job.latest_result(timeout=int(PATIENCE))
        assert result is not None
        return result.return_value

    return done


Do = Callable[..., object]
Short = Callable[[], subprocess.Popen[bytes]]


def test_one_process_does_several_jobs_and_is_then_replaced(short: Short, do: Do):
    worker = short()

    done_by = [do("os.getpid") for _ in range(4)]

    assert done_by[0] == done_by[1] != done_by[2] == done_by[3]
    assert worker.pid not in done_by


def test_a_process_that_ended_between_two_jobs_costs_none(short: Short, do: Do):
    short()
    pid = do("os.getpid")
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not left(family(pid)))

    assert do("os.getpid") not in (None, pid)


def test_a_job_that_ends_its_process_is_done_again_and_then_given_up(short: Short, do: Do, connection: Redis):
    """Three times, as the queue asks for; what comes after it is done."""
    short()

    with suppress(AssertionError):
        do("os._exit", 3)

    queue = Queue("default", connection=connection)
    eventually(lambda: queue.failed_job_registry.get_job_count(cleanup=False) == 1)
    assert isinstance(do("os.getpid"), int)


def test_the_process_ends_with_its_worker_however_that_ends(short: Short, do: Do):
    """Seen to fail where the line to the worker stayed open in the process itself."""
    for end in (signal.SIGTERM, signal.SIGKILL):
        worker = short()
        pid = do("os.getpid")
        assert isinstance(pid, int)

        worker.send_signal(end)
        worker.wait(PATIENCE)

        eventually(lambda pid=pid: not left(family(pid)))
