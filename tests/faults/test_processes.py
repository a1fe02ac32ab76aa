"""Processes die in the middle of their work, and nothing is lost, doubled or given past a limit."""

import itertools

import psutil

from tests.faults.conftest import Lengths
from tests.faults.load import Load
from tests.faults.stack import ASSIGNING


def test_a_worker_is_killed_every_second(load: Load, lengths: Lengths):
    """E25 to E28, E32: alone, so that its job goes on without it, and with the job that it was doing."""
    workers = itertools.cycle(load.stack.workers)
    for number, worker in zip(range(lengths.kills), workers, strict=False):
        worker.kill(whole=number % 2 == 0)
        load.runs_for(1.0)


def test_a_worker_is_killed_and_nobody_starts_another(load: Load, lengths: Lengths):
    """E32: a host's end takes jobs with it that were asked for and not begun; the other hosts do what they were for."""
    for name in ("worker-0", "worker-1"):
        load.stack.kept.pop(name).kill(whole=True)
        load.runs_for(1.0)
    load.rest()
    load.stack.heals()

    for name in ("worker-0", "worker-1"):
        load.stack.keep(name, *ASSIGNING)


def test_the_scheduler_is_killed(load: Load, lengths: Lengths):
    """E30: the wake-ups that it was to give stand in Redis; a slot of Sales frees every few seconds."""
    for _ in range(2):
        load.stack.kept["scheduler"].kill()
        load.runs_for(lengths.phase / 2)


def test_web_processes_are_killed(load: Load, lengths: Lengths):
    """E26, E30: one that serves, then all; whoever got no answer asks again."""
    web = load.stack.kept["web"]
    for _ in range(2):
        for serving in psutil.Process(web.process.pid).children()[:1]:
            serving.kill()
        load.runs_for(lengths.phase / 4)
        web.kill(whole=True)
        load.runs_for(lengths.phase / 4)
