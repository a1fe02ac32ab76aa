"""B10: a run over 200,000 waiting conversations of which none can be assigned."""

from collections.abc import Iterator
from time import perf_counter

from dashboard.engine.decisions import Reason
from dashboard.services.core.unit_of_work import UnitOfWork
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import Floor
from tests.benchmarks.working import run

BLOCKED = Floor(waiting=200_000, capacity=0)
MAY_COST = 20.0


def measure(bench: Bench) -> Iterator[Figure]:
    """Run it on a worker that is warm, as the sweep and every trigger do while everybody is full."""
    with bench.copy(BLOCKED) as settings, work(settings) as worker:
        _milliseconds(worker)
        rounds = [Round(measured=_milliseconds(worker), limit=MAY_COST) for _ in range(4 * ROUNDS)]
    yield figure("B10", "a run over 200,000 waiting, all at capacity", rounds, unit="ms", bar=Bar(at_most=1))


def _milliseconds(worker: UnitOfWork) -> float:
    began = perf_counter()
    result = run(worker)
    assert result.ending.left_waiting == {Reason.ALL_AT_CAPACITY: BLOCKED.waiting}
    return (perf_counter() - began) * 1_000
