"""`make bench`: figures as ratios to a limit measured in the same run; medians of several rounds, with their spread."""

import argparse
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

import psutil

from tests.benchmarks import (
    bench,
    beside,
    blocked,
    costs,
    growth,
    latency,
    live_board,
    pages,
    per_row,
    planner_alone,
    sweep,
    throughput,
)
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import HEAD, Figure

# A module that measures several figures at once is named by each.
BENCHMARKS: Mapping[str, Callable[[Bench], Iterable[Figure]]] = {
    "B1": throughput.measure,
    "B2": throughput.measure,
    "B3": growth.backlog,
    "B4": growth.agents,
    "B5": latency.measure,
    "B6": sweep.measure,
    "B7": planner_alone.measure,
    "B8": live_board.measure,
    "B9": growth.backlog,
    "B10": blocked.measure,
    "B11": per_row.measure,
    "B14": beside.measure,
    "pages": pages.measure,
    "costs": costs.measure,
}


def main() -> None:
    """Print one table as it comes, or JSON."""
    wanted = _arguments()
    figures = _measured(wanted.names)
    if wanted.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=2))
        return
    print(machine())
    print(HEAD)
    for figure in figures:
        print(figure, flush=True)


def machine() -> str:
    """Say on what this is measured: absolute limits mean nothing on a machine that is busy with something else."""
    memory = psutil.virtual_memory().total / 1e9
    return f"{os.cpu_count()} cores, {memory:.0f} GB, load before {os.getloadavg()[0]:.1f}"


def _measured(names: Sequence[str]) -> Iterator[Figure]:
    with bench.embedded() as place:
        for measure in dict.fromkeys(BENCHMARKS[name] for name in names):
            bench.quiet()  # again: a web application that was made for one of them logs
            yield from measure(place)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"only these: {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    if unknown := [name for name in wanted.names if name not in BENCHMARKS]:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    wanted.names = wanted.names or list(BENCHMARKS)
    return wanted


if __name__ == "__main__":
    main()
