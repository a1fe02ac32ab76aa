"""Real processes on the test's own stores: workers and the scheduler, as production starts them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from rq import Queue

from dashboard.config import Settings
from dashboard.services.core.container import build
from dashboard.store.redis import client
from jobs.rq_queue import SCHEDULED, RqJobs
from tests import processes
from tests.desks import Acme

Start = Callable[..., subprocess.Popen[bytes]]
# Seconds that a heartbeat lasts in tests with real processes: no test on a busy machine takes this long.
PRESENCE_SECONDS = 3_600
# One of the worker's, one of the scheduler's, and one because Redis was empty.
SWEEPS_AT_START = 3


def scheduled_jobs_done(settings: Settings) -> int:
    """Return the number of jobs that workers have finished on the scheduler's queue, sweeps before all."""
    queue = Queue(SCHEDULED, connection=client.connect(settings.redis_url, text=False))
    return queue.finished_job_registry.get_job_count(cleanup=False)


@contextmanager
def process(settings: Settings, *words: str, through: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of ours on the test's stores; kill it with all it forked when the test is done."""
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "EVENHAND_INSTANCE": str(settings.instance),
        "PRESENCE_DURATION": str(settings.presence_seconds),
    }
    started = subprocess.Popen([*through, sys.executable, *words], env=env, start_new_session=True)
    try:
        yield started
    finally:
        if started.poll() is None:
            processes.kill(processes.family(started.pid))
            started.wait()


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """Settings under which nobody goes offline during a test."""
    return replace(settings, presence_seconds=PRESENCE_SECONDS)


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Start processes: `start("-m", "jobs.worker")`."""
    with ExitStack() as stack:
        yield lambda *words: stack.enter_context(process(settings, *words))


@pytest.fixture
def worker(start: Start) -> Callable[[], subprocess.Popen[bytes]]:
    """Start an RQ worker."""
    return lambda: start("-m", "jobs.worker")


@pytest.fixture
def live(acme: Acme, settings: Settings) -> Acme:
    """The cast on a desk whose signals reach real RQ."""
    acme.work = build(settings, RqJobs(settings.redis_url)).work(acme.work.session)
    return acme
