"""The limiter and the breaker of each connection to a helpdesk, for all processes, by Redis's clock (C8, C18).

Unreadable: StoreUnavailable, and no call is made.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from redis import Redis
from redis.commands.core import Script

from dashboard import clock
from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.store.core.errors import StoreUnavailable, translate_redis_errors
from dashboard.store.redis import keys
from dashboard.store.redis.helpdesk_gate_scripts import ENTER, REPORT

log = structlog.get_logger()
# The pauses of the limiter and the breaker end long before.
STATE_LASTS_FOR = timedelta(hours=2)
COUNTS_LAST_FOR = timedelta(days=7)
MINUTES_KEPT = 60
FAILURES_IN_A_ROW = 5
# A helpdesk that is back has to be found within ten seconds (C28), its probe included.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=6)
# Longer than a call lasts: the process of a probe without report is dead.
PROBE_LASTS_FOR = timedelta(seconds=20)
# How long a refused call waits while a probe is under way.
PROBE_GLANCE = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=30)
MILLISECOND = timedelta(milliseconds=1)
LEAST_URGENT = 4
NO_ANSWER = "none"
PAUSED = "The helpdesk takes no more calls for now (429): they go on after the pause that it asked for."
OPEN = f"The helpdesk failed {FAILURES_IN_A_ROW} times in a row: one call at a time tries it, after growing pauses."
REFUSALS = {"paused": PAUSED, "open": OPEN}
CROWDED = "More urgent calls have used up the limit of this connection's calls."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts:
    """The calls of a connection by status, `none` without an answer: in the minutes of the last hour, and in all."""

    by_minute: Mapping[datetime, Mapping[str, int]]
    total: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateTools:
    """The clock, pause and random numbers of a gate; tests replace them."""

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = clock.now
    random: Callable[[], float] = random.random


class HelpdeskGates:
    """The gates of all connections."""

    def __init__(self, redis: Redis, tools: GateTools = GateTools()) -> None:
        self._redis, self._tools = redis, tools
        self._enter, self._report = redis.register_script(ENTER), redis.register_script(REPORT)

    def of(self, account_id: int, connection_id: int, *, calls_per_second: int) -> "HelpdeskGate":
        """Return the gate of a connection."""
        names = (keys.gate(account_id, connection_id), keys.calls(account_id, connection_id))
        return HelpdeskGate(
            names=names,
            calls_per_second=calls_per_second,
            enter=self._enter,
            send_report=self._report,
            tools=self._tools,
        )

    def counts(self, account_id: int, connection_id: int) -> CallCounts:
        """Return how many calls were made."""
        with translate_redis_errors("helpdesk calls"):
            found = self._redis.hgetall(keys.calls(account_id, connection_id))
        by_minute: dict[datetime, dict[str, int]] = {}
        total: dict[str, int] = {}
        for name, count in found.items():
            minute, _, status = str(name).partition(":")
            of = total if minute == "all" else by_minute.setdefault(_minute(minute), {})
            of[status] = int(count)
        return CallCounts(by_minute=by_minute, total=total)

    def forget(self, account_id: int, connection_id: int) -> None:
        """Delete the state and the counts of a connection."""
        with translate_redis_errors("helpdesk calls"):
            self._redis.delete(keys.gate(account_id, connection_id), keys.calls(account_id, connection_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskGate:
    """The gate of one connection; `names` are the keys of its state and its counts."""

    names: tuple[str, str]
    calls_per_second: int
    enter: Script
    send_report: Script
    tools: GateTools

    def wait(self, urgency: int) -> int:
        """Wait for the turn of a call, 0 the most urgent, and return its permit.

        Raises HelpdeskUnavailable with an instant if no call may be made now, and StoreUnavailable.
        """
        waited = timedelta()
        while True:
            verdict, number = self._ask(urgency)
            if verdict == "go":
                return number
            pause = number * MILLISECOND
            if verdict in REFUSALS or waited + pause > LONGEST_WAIT:
                sentence = REFUSALS.get(verdict, CROWDED)
                raise HelpdeskUnavailable(sentence, retry_at=self.tools.now() + pause)
            self.tools.sleep(pause.total_seconds())
            waited += pause

    def report(self, permit: int, *, status: int | None, failed: bool, pause: timedelta | None = None) -> None:
        """Record how a call ended. Without Redis it is only logged: the helpdesk's answer must not be lost by that."""
        outcome = "failure" if failed else "answer" if pause is None else "limited"
        jitter = 0.5 + self.tools.random() / 2
        growth = (FAILURES_IN_A_ROW, FIRST_PAUSE // MILLISECOND, LONGEST_PAUSE // MILLISECOND, jitter)
        milliseconds = max((pause or timedelta()) // MILLISECOND, 0)
        counts = (NO_ANSWER if status is None else status, COUNTS_LAST_FOR // MILLISECOND, MINUTES_KEPT)
        args = [permit, outcome, milliseconds, *growth, STATE_LASTS_FOR // MILLISECOND, *counts]
        try:
            with translate_redis_errors("helpdesk calls"):
                self.send_report(keys=list(self.names), args=args)
        except StoreUnavailable as error:
            log.warning("helpdesk_call_not_counted", error=str(error))

    def _ask(self, urgency: int) -> tuple[str, int]:
        probe = (FAILURES_IN_A_ROW, PROBE_GLANCE // MILLISECOND, STATE_LASTS_FOR // MILLISECOND)
        args = [self.calls_per_second, int(urgency), LEAST_URGENT, *probe, PROBE_LASTS_FOR // MILLISECOND]
        with translate_redis_errors("helpdesk calls"):
            verdict, number = self.enter(keys=[self.names[0]], args=args)
        return str(verdict), int(number)


def _minute(text: str) -> datetime:
    return datetime.fromtimestamp(int(text) * 60, UTC)
