"""Postgres goes away in every way that it can while a desk is at work; nothing that was said yes to is lost (E43).

That one transaction holds all of a batch was taken away for a moment, by a commit and a pause between the claim and the
ledger: restarted, killed and cut off, conversations were with somebody and the ledger did not say so. What finds lost
runs was taken away, the watch, RQ's second attempts and the sweeps of who starts: with no connection left, a mark
stayed that a run was pending, and none was. A paused Postgres is waited for: nothing of ours can be taken away there.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

import psycopg
import pytest

from tests import processes
from tests.faults.conftest import Lengths
from tests.faults.load import Load
from tests.faults.stack import Stack

pytestmark = pytest.mark.gate

Fault = Callable[[Stack], AbstractContextManager[None]]
ENOUGH, CUTS = 250, 4
OURS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'evenhand'"
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


def paused(stack: Stack) -> AbstractContextManager[None]:
    return processes.paused(postmaster(stack))


@contextmanager
def out_of_connections(stack: Stack) -> Iterator[None]:
    """Take every connection that is left, and those that the application had: they are cut."""
    with ExitStack() as held:
        beside = held.enter_context(connected(stack))
        for _ in range(CUTS):
            _take_all(stack, held)
            beside.execute(OURS)
        _take_all(stack, held)
        yield


def _take_all(stack: Stack, held: ExitStack) -> None:
    with suppress(psycopg.OperationalError):
        for _ in range(ENOUGH):
            held.enter_context(connected(stack))


@pytest.mark.parametrize("fault", [restarted, killed, paused, out_of_connections])
def test_postgres_is_away_for_a_while(load: Load, lengths: Lengths, fault: Fault):
    """E43"""
    with fault(load.stack):
        load.runs_for(lengths.pause)


def test_connections_are_cut_at_random(load: Load, lengths: Lengths):
    """E43"""
    with connected(load.stack) as beside:
        load.runs_for(lengths.phase, lambda: random.random() < 0.4 and beside.execute(SOME))
