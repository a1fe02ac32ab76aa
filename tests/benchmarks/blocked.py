"""B10: a run over 200,000 waiting conversations of which none can be assigned."""

from collections.abc import Iterator
from time import perf_counter

from dashboard.engine.decisions import Reason, Source
from dashboard.services import assignment
from dashboard.services.assignment import Request
from tests.benchmarks.bench import Bench, desk
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import ACCOUNT, INBOX, Floor

WAITING = 200_000
MAY_COST = 20.0
BLOCKED = Floor(waiting=WAITING, capacity=0)


def measure(bench: Bench) -> Iterator[Figure]:
    """Run it on a worker that is warm, as the sweep and every trigger do while everybody is full."""
    with bench.copy(BLOCKED) as settings, desk(settings) as worker:
        taken = []
        for _ in range(ROUNDS + 1):
            began = perf_counter()
            result = assignment.run_inbox(worker, ACCOUNT, INBOX, request=Request(source=Source.PERIODIC))
            taken.append((perf_counter() - began) * 1_000)
            assert result is not None
            assert result.ending.left_waiting == {Reason.ALL_AT_CAPACITY: WAITING}
    rounds = [Round(measured=one, limit=MAY_COST) for one in taken[1:]]
    yield figure("B10", "a run over 200,000 waiting, all at capacity", rounds, unit="ms", bar=Bar(at_most=1))
