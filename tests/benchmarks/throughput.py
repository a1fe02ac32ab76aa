"""B1, B2: 20,000 waiting and 100 agents with every limit on, against plain SQL, and in batches of the default size."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.services import assignment
from dashboard.services.assignment import Request
from tests.benchmarks import raw
from tests.benchmarks.bench import Bench, desk
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import ACCOUNT, INBOX, Floor

WAITING = 20_000
LARGE, DEFAULT = 1_000, 100
FLOOR = Floor(waiting=WAITING)
UNIT = "assignments/s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Assignments per second of one round."""

    large: float
    raw: float
    default: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Write the same 20,000 assignments in three ways, one after the other, round by round."""
    rates = [_round(bench) for _ in range(ROUNDS)]
    yield figure(
        "B1",
        "20,000 waiting, 100 agents, batch 1,000, against plain SQL",
        [Round(measured=one.large, limit=one.raw) for one in rates],
        unit=UNIT,
        bar=Bar(at_least=0.5),
    )
    yield figure(
        "B2",
        "the same in batches of 100, against B1",
        [Round(measured=one.default, limit=one.large) for one in rates],
        unit=UNIT,
        bar=Bar(at_least=0.5),
    )


def _round(bench: Bench) -> Rates:
    with bench.copy(FLOOR, bulk_limit=LARGE) as settings:
        large = _assign_all(settings)
        rows = raw.written(settings)
    with bench.copy(FLOOR) as settings:
        seconds = raw.write(settings, rows, batch=LARGE)
    with bench.copy(FLOOR, bulk_limit=DEFAULT) as settings:
        default = _assign_all(settings)
    return Rates(large=WAITING / large, raw=WAITING / seconds, default=WAITING / default)


def _assign_all(settings: Settings) -> float:
    """Run as jobs do, one after the other, until nothing waits; return the seconds it took."""
    with desk(settings) as worker:
        assigned, began = 0, perf_counter()
        while assigned < WAITING:
            result = assignment.run_inbox(worker, ACCOUNT, INBOX, request=Request(source=Source.PERIODIC))
            assert result is not None
            assert result.ending.assigned_count
            assigned += result.ending.assigned_count
        return perf_counter() - began
