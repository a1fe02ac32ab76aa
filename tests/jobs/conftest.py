"""Real processes on the test's own stores: workers and the scheduler, as production starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep

import psutil
import pytest

from dashboard.config import Settings
from dashboard.services.tools import tools
from jobs.queues import Jobs
from tests.desks import Acme

Start = Callable[..., subprocess.Popen[bytes]]


def eventually(true: Callable[[], object], within: float = 10.0) -> None:
    """Wait until it is true, and fail if it does not become so."""
    until = monotonic() + within
    while not true():
        assert monotonic() < until, f"not true within {within} s"
        sleep(0.02)


@contextmanager
def process(settings: Settings, *words: str, through: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of ours on the test's stores; kill it with all it forked when the test is done."""
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "EVENHAND_INSTANCE": str(settings.instance),
    }
    started = subprocess.Popen([*through, sys.executable, *words], env=env, start_new_session=True)
    try:
        yield started
    finally:
        if started.poll() is None:
            # A job's process is in a group of its own.
            for child in psutil.Process(started.pid).children(recursive=True):
                child.kill()
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


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
    acme.desk = tools(settings, Jobs(settings.redis_url)).desk(acme.desk.session)
    return acme
