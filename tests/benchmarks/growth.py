"""B3, B4, B9: what an assignment costs as the backlog and the number of agents grow, and what memory it takes."""

from collections.abc import Iterator

from dashboard.engine.policy import AssignmentOrder
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import Floor
from tests.benchmarks.working import Worked, assign_all, run_apart

FEW, MANY = Floor(waiting=1_000), Floor(waiting=200_000)
WAITING = 5_000
TEN, THOUSAND = (
    Floor(waiting=WAITING, agents=agents, order=AssignmentOrder.BALANCED, teams=5) for agents in (10, 1_000)
)


def backlog(bench: Bench) -> Iterator[Figure]:
    """Let a worker run once over each backlog, in a process of its own."""
    rounds = [(_run_over(bench, MANY), _run_over(bench, FEW)) for _ in range(ROUNDS)]
    yield figure(
        "B3",
        "a run over 200,000 waiting, against one over 1,000",
        [Round(measured=many.rate, limit=few.rate) for many, few in rounds],
        unit="assignments/s",
        bar=Bar(at_least=0.8),
    )
    yield figure(
        "B9",
        "the worker's peak memory in these runs",
        [Round(measured=many.peak, limit=few.peak) for many, few in rounds],
        unit="MB",
        bar=Bar(at_most=1.3),
    )


def agents(bench: Bench) -> Iterator[Figure]:
    """Assign the same work, balanced and half of it to teams, to ten agents and to a thousand."""
    rounds = [Round(measured=_rate(bench, THOUSAND), limit=_rate(bench, TEN)) for _ in range(ROUNDS)]
    what = "1,000 agents against 10, balanced, with teams, batch 1,000"
    yield figure("B4", what, rounds, unit="assignments/s", bar=Bar(at_least=0.5))


def _run_over(bench: Bench, floor: Floor) -> Worked:
    with bench.copy(floor) as settings:
        return run_apart(settings)


def _rate(bench: Bench, floor: Floor) -> float:
    with bench.copy(floor, bulk_limit=1_000) as settings:
        return floor.waiting / assign_all(settings, floor)
