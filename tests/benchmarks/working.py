"""Runs as a worker makes them: in this process, or in one of its own whose memory can be told apart."""

import multiprocessing as mp
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.services.assignment import batch
from dashboard.services.assignment import run as assignment_run
from dashboard.services.assignment.run import RunRequest, RunResult
from dashboard.services.core.unit_of_work import UnitOfWork
from tests.benchmarks.bench import quiet, work
from tests.benchmarks.floor import ACCOUNT, INBOX, Floor

SWEPT = RunRequest(source=Source.PERIODIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What one run did: assignments per second, and the most memory that its process held, in MB."""

    rate: float
    peak: float


def run(worker: UnitOfWork) -> RunResult:
    """Run once, as one job does."""
    result = assignment_run.run_inbox(worker, ACCOUNT, INBOX, request=SWEPT)
    assert result is not None
    return result


def assign_all(settings: Settings, floor: Floor) -> float:
    """Run, one job after the other, until nothing waits; return the seconds it took."""
    with work(settings) as worker:
        batch.warm_up(worker, now=clock.now())
        assigned, began = 0, perf_counter()
        while assigned < floor.waiting:
            given = run(worker).ending.assigned_count
            assert given
            assigned += given
        return perf_counter() - began


def run_apart(settings: Settings) -> Worked:
    """Run once in a process of its own."""
    with mp.get_context("spawn").Pool(1, initializer=quiet) as pool:
        return pool.apply(_run_once, [settings])


def _run_once(settings: Settings) -> Worked:
    with work(settings) as worker:
        batch.warm_up(worker, now=clock.now())
        began = perf_counter()
        assigned = run(worker).ending.assigned_count
        return Worked(rate=assigned / (perf_counter() - began), peak=_peak_megabytes())


def _peak_megabytes() -> float:
    """Return the peak of this program's own memory, which getrusage would mix with its parent's."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
