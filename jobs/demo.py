"""Runs the demo account's simulation: python -m jobs.demo. Without a demo account, it only waits for a stop signal.

With the address of this Evenhand (--address), it also connects the demo's helpdesk and simulates the people there.
"""

import argparse
import random
import signal
import threading
from dataclasses import dataclass

import structlog

from dashboard import clock
from dashboard.demo import setup
from dashboard.demo.shop import ShopKeeper
from dashboard.demo.shop_calls import ShopUnavailable
from dashboard.demo.simulation import STEP, Day
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.core.errors import DatabaseFailed, StoreUnavailable
from jobs import runtime

log = structlog.get_logger()
PATIENCE = 2.0


def main() -> None:
    """Run until a stop signal; log each trouble once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="")
    address = parser.parse_args().address
    runtime.begin()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    demo = Demo(keeper=ShopKeeper(base=address, dice=random.Random()) if address else None)
    while not stop.wait(PATIENCE if demo.trouble else STEP.total_seconds()):
        demo.step()


@dataclass(slots=True, kw_only=True)
class Demo:
    """The demo's day and its helpdesk, and what stands in their way."""

    keeper: ShopKeeper | None
    day: Day | None = None
    trouble: str = ""
    shop_trouble: str = ""

    def step(self) -> None:
        """Simulate one second; log a trouble when it begins."""
        before = self.trouble
        try:
            self.trouble = "" if self._live() else "no demo account"
        except (StoreUnavailable, DatabaseFailed) as error:
            self.trouble = str(error).splitlines()[0]
        if self.trouble and not before:
            log.warning("demo_waits", reason=self.trouble)

    def _live(self) -> bool:
        """Simulate one second; the first call sets up the demo account if necessary. False without a demo account."""
        with runtime.unit_of_work() as work:
            if self.day is None:
                dice = random.Random()
                places = setup.furnish(work, dice, now=clock.now())
                self.day = Day(places=places, dice=dice) if places else None
                return places is not None
            self.day.step(work, clock.now())
            if self.keeper:
                self._keep_shop(work, self.keeper, self.day)
        return True

    def _keep_shop(self, work: UnitOfWork, keeper: ShopKeeper, day: Day) -> None:
        before, was_ready = self.shop_trouble, keeper.is_ready
        try:
            keeper.step(work, day, clock.now())
            self.shop_trouble = ""
            if keeper.is_ready and not was_ready:
                log.info("demo_helpdesk_is_connected")
        except ShopUnavailable as error:
            self.shop_trouble = str(error)
        if self.shop_trouble and not before:
            log.warning("demo_helpdesk_waits", reason=self.shop_trouble)


if __name__ == "__main__":
    main()
