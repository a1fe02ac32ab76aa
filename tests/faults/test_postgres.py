"""Postgres goes away in every way that it can while a desk is at work; nothing that was said yes to is lost (E43)."""

import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

import psutil
import psycopg
import pytest

from tests.faults.conftest import Lengths
from tests.faults.load import Load
from tests.faults.own import family
from tests.faults.stack import Stack

Fault = Callable[[Stack], AbstractContextManager[None]]
ENOUGH = 250
SOME = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.3
"""


def connected(stack: Stack) -> psycopg.Connection:
    """Connect beside the application."""
    return psycopg.connect(stack.settings.database_url.replace("+psycopg", ""), autocommit=True)


def postmaster(stack: Stack) -> int:
    return int((stack.instance / "locks" / "postgres.pid").read_text())


@contextmanager
def restarted(stack: Stack) -> Iterator[None]:
    os.kill(postmaster(stack), signal.SIGINT)
    yield


@contextmanager
def killed(stack: Stack) -> Iterator[None]:
    os.kill(postmaster(stack), signal.SIGKILL)
    yield


@contextmanager
def paused(stack: Stack) -> Iterator[None]:
    stopped = family(postmaster(stack))
    _each(stopped, psutil.Process.suspend)
    yield
    _each(stopped, psutil.Process.resume)


def _each(processes: Sequence[psutil.Process], act: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a backend that had just been on its way out
            act(process)


@contextmanager
def out_of_connections(stack: Stack) -> Iterator[None]:
    """Take every connection that is left."""
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            for _ in range(ENOUGH):
                held.enter_context(connected(stack))
        yield


@pytest.mark.parametrize("fault", [restarted, killed, paused, out_of_connections])
def test_postgres_is_away_for_a_while(load: Load, lengths: Lengths, fault: Fault):
    """E43"""
    with fault(load.stack):
        load.runs_for(lengths.pause)


def test_connections_are_cut_at_random(load: Load, lengths: Lengths):
    """E43"""
    with connected(load.stack) as beside:
        load.runs_for(lengths.phase, lambda: random.random() < 0.4 and beside.execute(SOME))
