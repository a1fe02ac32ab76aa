"""`make bench`: figures as ratios to a limit measured in the same run; medians of several, with their spread."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter

from dashboard.engine import planner
from dashboard.engine.model import Agent, Conversation, Inbox, Presence, Snapshot, Team
from dashboard.engine.policy import AssignmentOrder, AssignmentPolicy
from tests.engine.floors import NOON

ROUNDS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `must_reach` is in the figure's own unit."""

    name: str
    value: float
    unit: str
    must_reach: float
    spread: float


def a_floor(conversations: int, agents: int, *, order: AssignmentOrder, teams: int = 0) -> Snapshot:
    """Return a floor on which everything can be given out."""
    ids = [team + 1 for team in range(teams)]
    return Snapshot(
        inbox=Inbox(id=1, account_id=1, name="Support"),
        policy=AssignmentPolicy(id=1, name="Default", assignment_order=order, fair_distribution_limit=conversations),
        agents=tuple(
            Agent(
                id=number,
                name=str(number),
                presence=Presence.ONLINE,
                member=True,
                capacity=conversations,
                team_ids=frozenset(ids[number % teams :][:1]) if teams else frozenset(),
            )
            for number in range(1, agents + 1)
        ),
        teams=tuple(Team(id=one, name=str(one)) for one in ids),
        waiting=tuple(
            Conversation(
                id=number,
                created_at=NOON,
                last_activity_at=NOON,
                team_id=ids[number % teams] if teams and number % 2 else None,
            )
            for number in range(conversations)
        ),
    )


def rates(snapshot: Snapshot) -> list[float]:
    """Return decisions per second, of several rounds."""
    found = []
    for _ in range(ROUNDS):
        began = perf_counter()
        planner.plan(snapshot, NOON)
        found.append(len(snapshot.waiting) / (perf_counter() - began))
    return found


def spread(values: list[float]) -> float:
    """Return how far the extremes are apart, as a share of the median."""
    return (max(values) - min(values)) / median(values)


def planner_alone() -> list[Figure]:
    """10,000 conversations over 1,000 agents."""
    figures = []
    for order in AssignmentOrder:
        found = rates(a_floor(10_000, 1_000, order=order))
        name = f"planner alone, 10,000 x 1,000, {order}"
        figures.append(
            Figure(name=name, value=median(found), unit="decisions/s", must_reach=200_000, spread=spread(found))
        )
    return figures


def growth_with_backlog() -> list[Figure]:
    """The cost of a conversation must not grow with how many wait."""
    few = rates(a_floor(1_000, 100, order=AssignmentOrder.BALANCED))
    many = rates(a_floor(50_000, 100, order=AssignmentOrder.BALANCED))
    return [_ratio("planner, 50,000 waiting against 1,000", many, few, 0.8)]


def growth_with_agents() -> list[Figure]:
    """A hundred times the agents, balanced, with teams."""
    few = rates(a_floor(10_000, 10, order=AssignmentOrder.BALANCED, teams=5))
    many = rates(a_floor(10_000, 1_000, order=AssignmentOrder.BALANCED, teams=5))
    return [_ratio("planner, 1,000 agents against 10, balanced, teams", many, few, 0.5)]


def _ratio(name: str, values: list[float], limit: list[float], must_reach: float) -> Figure:
    ratio = median(values) / median(limit)
    return Figure(name=name, value=ratio, unit="x", must_reach=must_reach, spread=max(spread(values), spread(limit)))


BENCHMARKS: tuple[Callable[[], list[Figure]], ...] = (planner_alone, growth_with_backlog, growth_with_agents)


def main() -> None:
    """Print one table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    figures = [figure for benchmark in BENCHMARKS for figure in benchmark()]
    if as_json:
        print(json.dumps([asdict(figure) for figure in figures]))
        return
    print(f"{'benchmark':56} {'value':>12} {'must reach':>12} {'spread':>8}")
    for one in figures:
        print(f"{one.name:56} {one.value:>12,.2f} {one.must_reach:>12,.2f} {one.spread:>8.0%}  {one.unit}")


if __name__ == "__main__":
    main()
