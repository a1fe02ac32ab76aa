"""Gates of a connection for tests, on a real Redis.

Redis's clock cannot be set; where a pause has to be over, the test ends it in Redis.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest

from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.store.redis import client as redis_client
from dashboard.store.redis import keys
from dashboard.store.redis.helpdesk_gate import FAILURES_IN_A_ROW, GateTools, HelpdeskGate, HelpdeskGates
from tests.waiting import PATIENCE

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WRITE, REREAD, PRESENCE, RECONCILE, HISTORY = range(5)
STATE = keys.gate(1, 2)


class WouldSleepError(Exception):
    """A call had to wait for its turn."""


def refuse_to_sleep(_: float) -> None:
    raise WouldSleepError


def a_gate(redis_url: str, calls_per_second: int = 1_000, **tools: Callable[..., object]) -> HelpdeskGate:
    """Return the connection's gate of another process: it has a client of its own."""
    given = {"sleep": refuse_to_sleep, "now": lambda: NOON, "random": lambda: 1.0, **tools}
    gates = HelpdeskGates(redis_client.connect(redis_url), GateTools(**given))
    return gates.of(1, 2, calls_per_second=calls_per_second)


def patient(redis_url: str, calls_per_second: int) -> HelpdeskGate:
    return a_gate(redis_url, calls_per_second, sleep=threading.Event().wait)


def granted_at_once(gate: HelpdeskGate) -> int:
    """Return how many calls are let through before one has to wait."""
    granted = 0
    try:
        while True:
            gate.wait(WRITE)
            granted += 1
    except WouldSleepError:
        return granted


def fail(gate: HelpdeskGate, times: int = FAILURES_IN_A_ROW) -> None:
    for _ in range(times):
        gate.report(gate.wait(WRITE), status=500, failed=True)


def refusal(gate: HelpdeskGate, urgency: int = WRITE) -> HelpdeskUnavailable:
    with pytest.raises(HelpdeskUnavailable) as refused:
        gate.wait(urgency)
    return refused.value


def end_pause(redis_url: str, *names: str) -> None:
    """Let the pause or the time of a probe be over."""
    redis_client.connect(redis_url).hset(STATE, mapping=dict.fromkeys(names, 0))


def redis_seconds(redis_url: str) -> float:
    seconds, microseconds = redis_client.connect(redis_url).time()
    return float(seconds) + float(microseconds) / 1e6


@contextmanager
def flood(redis_url: str, calls_per_second: int, urgency: int, threads: int = 4) -> Iterator[Counter[str]]:
    """Call without end from several threads, each as a process; yield the count of the calls that were let through."""
    counted: Counter[str] = Counter()
    ended = threading.Event()

    def sleep(seconds: float) -> None:
        if ended.wait(seconds):
            raise WouldSleepError

    def call() -> None:
        gate = a_gate(redis_url, calls_per_second, sleep=sleep)
        with suppress(WouldSleepError):
            while not ended.is_set():
                gate.wait(urgency)
                counted["calls"] += 1

    with ThreadPoolExecutor(threads) as pool:
        calls = [pool.submit(call) for _ in range(threads)]
        try:
            yield counted
        finally:
            ended.set()
        for one in calls:
            one.result(PATIENCE)
