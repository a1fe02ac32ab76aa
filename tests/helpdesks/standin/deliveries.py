"""Webhooks out: threads deliver them once each, lost, doubled, late or out of order as they are told."""

import heapq
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from time import monotonic
from typing import Any

from tests.helpdesks.standin.log import Log

# Seconds over which `reorder` scatters what would be sent at once.
SCATTERED = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How webhooks are delivered: shares lost and doubled, seconds of delay, built late, none at all."""

    drop: float = 0.0
    dup: float = 0.0
    delay: tuple[float, float] = (0.0, 0.0)
    reorder: bool = False
    late_build: bool = False
    off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one webhook. `build` makes the payload, `sign` turns the payload into body and headers."""

    event: str
    url: str
    build: Callable[[], Mapping[str, Any]]
    sign: Callable[[Mapping[str, Any]], tuple[bytes, Mapping[str, str]]]


@dataclass(order=True, slots=True)
class _Due:
    at: float
    number: int
    delivery: Delivery = field(compare=False)


class Deliveries:
    """A queue in time's order with `workers` threads; `building` guards the model while a payload is built."""

    def __init__(
        self, log: Log, now: Callable[[], datetime], building: AbstractContextManager[object], *, workers: int = 10
    ) -> None:
        self.behaviour, self.time_out = Behaviour(), 5.0
        self._log, self._now, self._building = log, now, building
        self._random, self._numbers = random.Random(1), count()
        self._queue, self._changed, self._under_way = list[_Due](), threading.Condition(), 0
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()

    def reset(self, seed: int) -> None:
        """Forget what waits, and behave again."""
        with self._changed:
            self._queue.clear()
            self.behaviour, self._random = Behaviour(), random.Random(seed)

    def send(self, delivery: Delivery) -> None:
        """Queue a delivery; unless payloads are built late, this one is built now."""
        how = self.behaviour
        if how.off or self._random.random() < how.drop:
            self._note(delivery, "dropped", None)
            return
        if not how.late_build:
            delivery = _built(delivery)
        copies = 2 if self._random.random() < how.dup else 1
        for _ in range(copies):
            self._queue_up(delivery, how)

    def waiting(self) -> int:
        """Return how many are queued or under way."""
        with self._changed:
            return len(self._queue) + self._under_way

    def _queue_up(self, delivery: Delivery, how: Behaviour) -> None:
        wait = self._random.uniform(*how.delay) + (self._random.uniform(0, SCATTERED) if how.reorder else 0)
        with self._changed:
            heapq.heappush(self._queue, _Due(monotonic() + wait, next(self._numbers), delivery))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            delivery = self._next()
            try:
                self._deliver(delivery)
            finally:
                with self._changed:
                    self._under_way -= 1

    def _next(self) -> Delivery:
        with self._changed:
            while not self._queue or self._queue[0].at > monotonic():
                self._changed.wait(self._queue[0].at - monotonic() if self._queue else None)
            self._under_way += 1
            return heapq.heappop(self._queue).delivery

    def _deliver(self, delivery: Delivery) -> None:
        try:
            with self._building:
                payload = delivery.build()
                body, headers = delivery.sign(payload)
        except LookupError:
            self._note(delivery, "gone", None)  # what it was about was deleted meanwhile
            return
        self._note(delivery, self._post(delivery.url, body, headers), payload)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> object:
        request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=self.time_out) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ValueError) as error:
            return f"failed: {error}"

    def _note(self, delivery: Delivery, outcome: object, payload: Mapping[str, Any] | None) -> None:
        self._log.delivery(event=delivery.event, url=delivery.url, outcome=outcome, at=self._now(), payload=payload)


def _built(delivery: Delivery) -> Delivery:
    payload = delivery.build()
    return Delivery(event=delivery.event, url=delivery.url, build=lambda: payload, sign=delivery.sign)
