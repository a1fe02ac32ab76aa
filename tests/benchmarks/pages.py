"""Every page of a large account at the server, warm, and the worst of the lists' filters and searches."""

import gc
from collections import defaultdict
from collections.abc import Iterator
from time import perf_counter

from flask import Flask

from app import create_app
from dashboard.services.core.unit_of_work import UnitOfWork
from tests.benchmarks import large
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.large import ACCOUNT, Size
from tests.pages import HTMX, Looker, looking
from tests.security import walks

MAY_TAKE, UNCHANGED_MAY_TAKE = 100.0, 3.0
UNCHANGED = 200
# What stands in addresses: a conversation that waits, a run that has a snapshot, a sheet; of all else the first.
NAMED = defaultdict(lambda: 1, conversation_id=Size().held + 1, run_id=Size().runs, name="hours")
BOARDS = ("/", "/?sort=assigned", "/?inbox=3", "/?presence=free&page=2")
QUERIES = (
    *BOARDS[1:],
    "/conversations?status=waiting",
    "/conversations?status=waiting&inbox=2",
    "/conversations?text=parcel",
    "/conversations?text=customer+777",
    "/conversations?text=case-1234",
    "/conversations?label=label+5",
    "/conversations?lately=15",
    "/conversations?page=4000",
    "/reports?span=week",
    "/reports?span=month",
)


def measure(bench: Bench) -> Iterator[Figure]:
    """Look at each as the account's administrator does."""
    with large.account(bench) as settings:
        app = create_app(settings)
        # As dashboard/serving leaves a process.
        gc.collect()
        gc.freeze()
        looker = looking(app, ACCOUNT, Size().supervisor)
        for path in (*_paths(app), *QUERIES):
            yield _figure(
                f"{path} of a large account", [_looked(looker, path) for _ in range(ROUNDS + 1)][1:], MAY_TAKE
            )
        with work(settings) as changing:
            for path in BOARDS:
                drawn = [_drawn(looker, changing, path) for _ in range(ROUNDS + 1)][1:]
                yield _figure(f"{path} of a large account in which something has just changed", drawn, MAY_TAKE)
        polls = [_polled(looker) for _ in range(ROUNDS)]
        yield _figure("a poll of the live board that finds it unchanged", polls, UNCHANGED_MAY_TAKE)


def _figure(what: str, taken: list[float], limit: float) -> Figure:
    rounds = [Round(measured=one, limit=limit) for one in taken]
    return figure("pages", what, rounds, unit="ms", bar=Bar(at_most=1))


def _paths(app: Flask) -> list[str]:
    return sorted(walks.address(rule, NAMED) for rule in walks.page_rules(app))


def _looked(looker: Looker, path: str) -> float:
    began = perf_counter()
    answer = looker.get(path)
    taken = (perf_counter() - began) * 1_000
    assert answer.status_code < 400, path
    return taken


def _drawn(looker: Looker, changing: UnitOfWork, path: str) -> float:
    """Return the milliseconds of a board that nobody has drawn since the last change."""
    changing.signals.changed(ACCOUNT)
    return _looked(looker, path)


def _polled(looker: Looker) -> float:
    """Return the milliseconds of one poll of many; the board is redrawn every ten seconds, whatever has changed."""
    taken = []
    while len(taken) < UNCHANGED:
        shown = looker.get("/", headers=HTMX).headers["HX-PTag"]
        began = perf_counter()
        if looker.get("/", headers={**HTMX, "HX-PTag": shown}).status_code == 304:
            taken.append((perf_counter() - began) * 1_000)
    return sorted(taken)[len(taken) // 2]
