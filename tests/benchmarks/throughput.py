"""B1, B2: 20,000 waiting and 100 agents with every limit on, against plain SQL, and in batches of the default size."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks import raw
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import Floor
from tests.benchmarks.working import assign_all

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
        large = assign_all(settings, FLOOR)
        snapshots = raw.seen(settings)
    with bench.copy(FLOOR) as settings:
        seconds = raw.give_all(settings, FLOOR, snapshots, batch=LARGE)
    with bench.copy(FLOOR, bulk_limit=DEFAULT) as settings:
        default = assign_all(settings, FLOOR)
    return Rates(large=WAITING / large, raw=WAITING / seconds, default=WAITING / default)
