"""The web processes share one socket, are replaced when they die, and end when they are asked to."""

import signal
import sys
import time
from contextlib import closing

import psutil
import pytest

from dashboard.config import Settings
from dashboard.serving.processes import PROCESSES
from tests import sites
from tests.processes import left, paused
from tests.waiting import PATIENCE, eventually

LOOKING_OFTEN = (
    sys.executable,
    "-c",
    "from dashboard.serving import __main__, processes, server\n"
    "processes.LOOKS_EVERY = server.LOOKS_EVERY = 0.1\n"
    "processes.MOST_MISSED = 20\n"
    "__main__.main()",
)
UP = b"GET /up HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_a_process_that_dies_is_replaced(settings: Settings) -> None:
    """Seen to fail with a parent that only waits for its children."""
    with sites.site(settings) as site:
        first = site.workers()
        assert len(first) == PROCESSES

        for process in first:
            process.kill()

        eventually(lambda: len(set(site.workers()) - set(first)) == PROCESSES)
        assert site.is_up()


def test_a_process_that_hangs_is_replaced(settings: Settings) -> None:
    """Seen to fail with a parent that only waits for its children: clients of a stopped one waited without end."""
    with sites.site(settings, serve=LOOKING_OFTEN) as site:
        hanging, *others = site.workers()

        hanging.suspend()

        eventually(lambda: not hanging.is_running())
        eventually(lambda: len(site.workers()) == PROCESSES)
        assert set(others) < set(site.workers())
        assert site.is_up()


@pytest.mark.gate
def test_a_pause_of_all_processes_ends_none(settings: Settings) -> None:
    """As when a machine sleeps: the parent counts its looks, which the pause stops too."""
    with sites.site(settings, serve=LOOKING_OFTEN) as site:
        before = site.workers()

        with paused(site.process.pid):
            time.sleep(4.0)
        time.sleep(1.0)

        assert site.workers() == before


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_all_end_when_they_are_asked_to(settings: Settings, wish: signal.Signals) -> None:
    with sites.site(settings, "--processes", "2") as site:
        workers = site.workers()
        with closing(site.connect(UP)) as kept, closing(site.connect(UP[:9])) as begun:
            assert sites.answer(kept).status == 200

            site.process.send_signal(wish)

            assert sites.is_over(kept)
            assert sites.is_over(begun)
            assert site.process.wait(PATIENCE) == 0
        assert len(workers) == 2
        assert not left(workers)


def test_when_the_parent_is_killed_the_others_go_too(settings: Settings) -> None:
    with sites.site(settings) as site:
        workers = site.workers()

        psutil.Process(site.process.pid).kill()

        eventually(lambda: not left(workers))


@pytest.mark.gate
def test_a_setting_that_makes_no_sense_stops_the_start_with_one_sentence(settings: Settings) -> None:
    """The digits seen to fail with a traceback: Python reads at most 4,300 of them."""
    for nonsense in ("many", "1_0", "9" * 5_000):
        said = sites.refused(settings, API_RATE_LIMIT=nonsense)

        assert said == f"API_RATE_LIMIT must be a whole number from 1 to 100000, not {nonsense!r}.\n"
