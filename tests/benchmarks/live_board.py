"""B8: hundreds of tabs that show the live board of a large account while something changes every second."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles
from threading import Event, Thread
from time import perf_counter
from urllib.request import Request, urlopen

from dashboard import clock
from dashboard.config import ROOT, Settings
from dashboard.engine.model import Presence
from dashboard.services.agents import presence
from tests.benchmarks import large, serving, tabs
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.large import ACCOUNT
from tests.benchmarks.serving import Served

TABS = (200, 500)
SECONDS = 10
MAY_TAKE = 100.0
MAY_USE = 0.5
# Most look at the whole board, some at an inbox or at who is free.
PATHS = (*["/"] * 8, "/?inbox=3", "/?presence=free")
PEOPLE = 25
PTAG = re.compile(r'hx-ptag="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a round came to: the 99th percentile in ms, and what the busiest web process used of a core."""

    slowest: float
    used: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Poll as so many tabs do, from a process of its own."""
    with large.account(bench) as settings, serving.serving(settings) as served, _changing(settings):
        cookies = serving.cookies(settings, ACCOUNT, [large.Size().supervisor] * PEOPLE)
        for count in TABS:
            _watched(served, cookies, count)
            rounds = [_watched(served, cookies, count) for _ in range(ROUNDS)]
            yield _figure(
                f"{count} tabs of the live board, 99th percentile", "ms", MAY_TAKE, [r.slowest for r in rounds]
            )
            yield _figure(f"{count} tabs, the busier web process", "of a core", MAY_USE, [r.used for r in rounds])


def _figure(what: str, unit: str, limit: float, rounds: list[float]) -> Figure:
    return figure("B8", what, [Round(measured=one, limit=limit) for one in rounds], unit=unit, bar=Bar(at_most=1))


def _watched(served: Served, cookies: list[str], count: int) -> Watched:
    shown = {path: _opened(served, path, cookies[0]) for path in PATHS}
    pages = [{"path": path, "shown": shown[path]} for path in PATHS]
    plan = {"tabs": count, "seconds": SECONDS, "port": served.port, "pages": pages}
    command = [sys.executable, "-m", "tests.benchmarks.tabs", json.dumps(plan)]
    before, began = served.processor_seconds(), perf_counter()
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(cookies), capture_output=True, text=True, check=True)
    took, after = perf_counter() - began, served.processor_seconds()
    met = json.loads(done.stdout)
    seconds = [one for status in ("200", "204", "304") for one in met["seconds"].pop(status, [])]
    # A tab that got no answer, or another one, is worse than any that waited.
    failed = len(met["errors"]) + sum(map(len, met["seconds"].values()))
    slowest = tabs.TIMEOUT if failed else quantiles(seconds, n=100)[-1]
    return Watched(slowest=slowest * 1_000, used=max(b - a for a, b in zip(before, after, strict=True)) / took)


def _opened(served: Served, path: str, cookie: str) -> str:
    """Return which version a page shows that is just opened."""
    asked = Request(f"http://127.0.0.1:{served.port}{path}", headers={"Cookie": f"evenhand={cookie}"})
    with urlopen(asked, timeout=tabs.TIMEOUT) as answer:
        return PTAG.search(answer.read().decode())[1]


@contextmanager
def _changing(settings: Settings) -> Iterator[None]:
    """Let an agent come and go, second by second."""
    over = Event()
    thread = Thread(target=_come_and_go, args=[settings, over])
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _come_and_go(settings: Settings, over: Event) -> None:
    with work(settings) as worker:
        word = Presence.BUSY
        while not over.wait(1):
            worker.finished(
                presence.set_availability(
                    worker, ACCOUNT, 1, availability=word, auto_offline=None, by_hand=True, now=clock.now()
                )
            )
            word = Presence.ONLINE if word is Presence.BUSY else Presence.BUSY
