"""What a stand-in does by itself later, by its own clock."""

import heapq
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

TICK = 0.05


@dataclass(order=True, slots=True)
class _Timer:
    at: datetime
    number: int
    do: Callable[[], object] = field(compare=False)


class Timers:
    """Timers of the stand-in's clock: while there are any, looked at twenty times a second, and at each turn of it."""

    def __init__(self, now: Callable[[], datetime], lock: AbstractContextManager[object]) -> None:
        self._now, self._lock, self._numbers, self._is_set = now, lock, count(), threading.Event()
        self._timers: list[_Timer] = []
        threading.Thread(target=self._watch, daemon=True).start()

    def clear(self) -> None:
        """Forget them."""
        self._timers.clear()

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        """Do this so many seconds later."""
        heapq.heappush(self._timers, _Timer(self._now() + timedelta(seconds=seconds), next(self._numbers), do))
        self._is_set.set()

    def run(self) -> None:
        """Do what is due."""
        with self._lock:
            while self._timers and self._timers[0].at <= self._now():
                heapq.heappop(self._timers).do()

    def _watch(self) -> None:
        while True:
            self._is_set.wait(TICK if self._timers else None)
            self._is_set.clear()
            self.run()
