"""B14: from a new conversation's webhook to its assignment there, at 20 a second, and the first sync.

The helpdesk is the stand-in of Chatwoot, whose processor is not counted. Its clock is this machine's.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from time import perf_counter
from typing import Any

from psutil import Process
from sqlalchemy import text

from dashboard import clock
from dashboard.allow_list import NEARBY
from dashboard.config import Settings
from dashboard.store.postgres import database
from tests.benchmarks import serving
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.costs import processor_seconds, stores_of
from tests.benchmarks.figures import Bar, Figure, Round, figure
from tests.faults.helpdesks.kinds import CHATWOOT, INBOX
from tests.faults.helpdesks.shop import Shop
from tests.faults.http import Api
from tests.faults.load import founded
from tests.helpdesks.standin.running import Control, running
from tests.waiting import eventually

PER_SECOND, SECONDS, WARM_UP = 20, 30, 40
OPEN_ONES = 50_000
MAY_TAKE, MAY_COST, MAY_COST_IN_SYNC = 1_000.0, 15.0, 2.0
QUEUES = (("scheduled_jobs", "default"), ("helpdesk",), ("helpdesk_polls",))
SYNCED = text("SELECT imported_at IS NOT NULL AND open_read_at IS NOT NULL FROM connections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Our processes over a database of the benchmark; it has what a shop needs of a stack."""

    settings: Settings
    port: int
    processes: Sequence[Process]

    def api(self, token: str = "") -> Api:
        return Api(self.port, token)

    @contextmanager
    def session(self) -> Iterator[database.Session]:
        with work(self.settings) as office:
            yield office.session

    def until(self, true: Callable[[], object], within: float | None = None) -> None:
        eventually(true)

    def used(self) -> float:
        """Return the milliseconds of a core that our own programs used so far."""
        return 1_000 * sum(map(processor_seconds, self.processes))


def measure(bench: Bench) -> Iterator[Figure]:
    """Run all processes as docs/operations.md starts them."""
    with ExitStack() as held:
        there = held.enter_context(running("tests.helpdesks.chatwoot"))
        beside = held.enter_context(_started(bench.new("beside")))
        watching = held.enter_context(work(beside.settings))
        stores = [one for found in stores_of(watching).values() for one in found]
        yield from _stream(_connected(beside, there), beside, stores)
        there.reset(**CHATWOOT.options)
        yield from _sync(beside, there)


def _stream(shop: Shop, beside: Beside, stores: Sequence[Process]) -> Iterator[Figure]:
    _come(shop, WARM_UP)
    before, before_stores = beside.used(), 1_000 * sum(map(processor_seconds, stores))
    taken = _come(shop, PER_SECOND * SECONDS)
    count = len(taken)
    ours = (beside.used() - before) / count
    theirs = (1_000 * sum(map(processor_seconds, stores)) - before_stores) / count
    cuts = quantiles(taken, n=100)
    yield _figure("webhook in until assigned there, 20 a second, median", cuts[49], limit=MAY_TAKE)
    yield _figure("the same, 99th percentile", cuts[98], limit=MAY_TAKE)
    yield _figure("the same, processor of our programs", ours, limit=MAY_COST)
    yield _figure("the same, processor of Postgres and Redis", theirs, bar=Bar())


def _come(shop: Shop, count: int) -> list[float]:
    """Let customers come at an even pace; return the milliseconds until each was assigned there."""
    came: dict[str, datetime] = {}
    begin = perf_counter() + 0.5
    for number in range(count):
        time.sleep(max(0.0, begin + number / PER_SECOND - perf_counter()))
        at = clock.now()
        came[str(shop.there.act("customer_starts", inbox=INBOX))] = at
    found: dict[str, datetime] = {}

    def all_are_assigned() -> bool:
        found.update(_assigned(shop.there.log()["changes"]))
        time.sleep(0.5)  # the log is long, and reading it slows down the helpdesk
        return came.keys() <= found.keys()

    eventually(all_are_assigned)
    return [(found[one] - at).total_seconds() * 1_000 for one, at in came.items()]


def _assigned(changes: Sequence[Mapping[str, Any]]) -> dict[str, datetime]:
    ours = (one for one in changes if one["what"] == CHATWOOT.change and one["actor"] == CHATWOOT.ours)
    return {str(one["conversation"]): datetime.fromisoformat(one["at"]) for one in ours}


def _sync(beside: Beside, there: Control) -> Iterator[Figure]:
    """Read 50,000 open conversations for the first time."""
    there.load(**CHATWOOT.place)
    there.load(conversations=[{"inbox_id": INBOX, "count": OPEN_ONES, "age": 100_000, "every": 1, "assignee_id": 21}])
    shop = Shop(kind=CHATWOOT, load=founded(beside), there=there)  # type: ignore[arg-type]
    shop.introduce(calls_per_second=1_000)
    before = beside.used()
    shop.patch(f"/inboxes/{INBOX}", mode="shadow")
    deadline = perf_counter() + 1_200
    while shop.get()["state"] != "ready" and perf_counter() < deadline:
        time.sleep(1)
    yield _figure(
        "first sync, 50,000 open, each, processor of our programs",
        (beside.used() - before) / OPEN_ONES,
        limit=MAY_COST_IN_SYNC,
    )


def _connected(beside: Beside, there: Control) -> Shop:
    there.reset(**CHATWOOT.options)
    there.load(**CHATWOOT.place)
    shop = Shop(kind=CHATWOOT, load=founded(beside), there=there)  # type: ignore[arg-type]
    shop.connect(note="off")
    return shop


@contextmanager
def _started(settings: Settings) -> Iterator[Beside]:
    os.environ["HELPDESK_ALLOW"] = NEARBY
    with ExitStack() as held:
        served = held.enter_context(serving.serving(settings))
        started = [held.enter_context(serving.running(settings, "jobs.schedule"))]
        workers = (serving.running(settings, "jobs.worker", "--queues", *queues) for queues in QUEUES)
        started += [held.enter_context(worker) for worker in workers]
        yield Beside(
            settings=settings,
            port=served.port,
            processes=[*served.processes, *(Process(one.pid) for one in started)],
        )


def _figure(what: str, measured: float, *, limit: float = 1.0, bar: Bar = Bar(at_most=1)) -> Figure:
    return figure("B14", what, [Round(measured=measured, limit=limit)], unit="ms", bar=bar)
