"""Runs the demo account's simulation: python -m jobs.demo. Without a demo account, it only waits for a stop signal."""

import random
import signal
import threading

import structlog

from dashboard import clock
from dashboard.demo import setup
from dashboard.demo.simulation import STEP, Day
from dashboard.store.core.errors import DatabaseFailed, StoreUnavailable
from jobs import runtime

log = structlog.get_logger()
PATIENCE = 2.0


def main() -> None:
    """Run until a stop signal; log each trouble once."""
    runtime.begin()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    day, trouble = None, ""
    while not stop.wait(PATIENCE if trouble else STEP.total_seconds()):
        before = trouble
        try:
            day = _live(day)
            trouble = "" if day else "no demo account"
        except (StoreUnavailable, DatabaseFailed) as error:
            trouble = str(error).splitlines()[0]
        if trouble and not before:
            log.warning("demo_waits", reason=trouble)


def _live(day: Day | None) -> Day | None:
    """Simulate one second; the first call sets up the demo account if necessary."""
    with runtime.unit_of_work() as work:
        if day is None:
            dice = random.Random()
            places = setup.furnish(work, dice, now=clock.now())
            return Day(places=places, dice=dice) if places else None
        day.step(work, clock.now())
        return day


if __name__ == "__main__":
    main()
