"""Redis goes away in every way that it can while a desk is at work; all recovers by itself (E40 to E42)."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.faults.conftest import Lengths
from tests.faults.load import Load
from tests.faults.own import OwnRedis

pytestmark = pytest.mark.gate

Fault = Callable[[OwnRedis], AbstractContextManager[None]]


@contextmanager
def killed(server: OwnRedis, *, emptied: bool = False) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start(emptied=emptied)


def killed_and_emptied(server: OwnRedis) -> AbstractContextManager[None]:
    return killed(server, emptied=True)


@contextmanager
def paused(server: OwnRedis) -> Iterator[None]:
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


@contextmanager
def refusing_writes(server: OwnRedis) -> Iterator[None]:
    server.set("maxmemory-policy", "noeviction")
    server.set("maxmemory", 1)
    try:
        yield
    finally:
        server.set("maxmemory", 0)


@pytest.mark.parametrize("fault", [killed, killed_and_emptied, paused, refusing_writes])
def test_redis_is_away_for_a_while(load: Load, lengths: Lengths, fault: Fault):
    """E40 to E42: who comes meanwhile is let in.

    Each seen to fail with a wake-up that was not sent failing the call: 503, and nobody was let in.
    """
    with fault(load.stack.redis):
        load.takes(lengths.pause)


@pytest.mark.parametrize("fault", [killed, killed_and_emptied])
def test_redis_is_away_so_shortly_that_few_notice(load: Load, fault: Fault):
    """E42: what was asked for in between may be lost, and is found.

    By chance: two times in three seen to fail without all that finds it, the watch, RQ's second attempts and the
    sweeps of who starts, and never without the watch alone; tests/jobs/test_schedule.py loses a job for sure.
    """
    for _ in range(3):
        with fault(load.stack.redis):
            pass
        load.runs_for(0.5)
