"""B5: from a conversation that is posted to its assignment, committed by the worker, at 20 a second.

The limit is an empty job of RQ's own worker, which forks for each; the same on our worker is told beside it.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median, quantiles
from threading import Event, Thread
from time import perf_counter

import psycopg
from rq import Queue
from rq.job import Job
from sqlalchemy import text

from dashboard import clock
from dashboard.config import Settings
from dashboard.services.accounts import tokens
from dashboard.store.redis import client
from jobs.rq_queue import DEFAULT, RqJobs
from tests.benchmarks import serving
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import ACCOUNT, INBOX, Floor

FLOOR = Floor(waiting=0)
PER_SECOND, SECONDS = 20, 30
EMPTY_JOBS = 20
EMPTY = "empty"
MAY_COST, MAY_TAKE = 3.0, 100.0
GLANCE = 0.001
ARRIVES = {"inbox_id": INBOX, "subject": "Where is my order?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A round, in ms: medians of an empty job on RQ's worker and on ours; median and 99th percentile until assigned."""

    empty: float
    ours: float
    typical: float
    slowest: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Post to the real web processes; one worker, as docs/operations.md starts it, beside one of RQ's own."""
    with bench.copy(FLOOR) as settings, ExitStack() as held:
        token = token_of(settings)
        served = held.enter_context(serving.serving(settings))
        held.enter_context(serving.running(settings, "jobs.worker", "--queues", "scheduled_jobs", DEFAULT))
        held.enter_context(serving.running(settings, "rq.cli", "worker", "--quiet", "--url", settings.redis_url, EMPTY))
        rounds = [_round(settings, served.port, token) for _ in range(ROUNDS + 1)][1:]
    against = [Round(measured=one.typical, limit=one.empty) for one in rounds]
    yield figure("B5", "posted until assigned, 20 a second, median", against, unit="ms", bar=Bar(at_most=MAY_COST))
    ours = [Round(measured=one.ours, limit=one.empty) for one in rounds]
    yield figure("B5", "an empty job on our worker", ours, unit="ms", bar=Bar(at_most=1))
    slowest = [Round(measured=one.slowest, limit=MAY_TAKE) for one in rounds]
    yield figure("B5", "the same, 99th percentile", slowest, unit="ms", bar=Bar(at_most=1))


def _round(settings: Settings, port: int, token: str) -> Stream:
    empty, ours = _empty_jobs(settings, EMPTY), _empty_jobs(settings, DEFAULT)
    taken = _stream(settings, port, token)
    return Stream(empty=median(empty), ours=median(ours), typical=median(taken), slowest=quantiles(taken, n=100)[-1])


def token_of(settings: Settings) -> str:
    with work(settings) as office:
        office.session.execute(text("UPDATE account_users SET role = 'administrator' WHERE user_id = 1"))
        token = tokens.issue(office, ACCOUNT, 1, now=clock.now()).text
        office.session.commit()
        return token


def _empty_jobs(settings: Settings, queue: str) -> list[float]:
    """Return the milliseconds of jobs that do nothing, one after the other, from the call until the result is there."""
    connection, taken = client.connect(settings.redis_url, text=False, waits=True), []
    for _ in range(EMPTY_JOBS):
        began = perf_counter()
        job = Job.fetch(RqJobs(settings.redis_url).enqueue(queue, "time.monotonic"), connection=connection)
        assert job.latest_result(timeout=10) is not None
        taken.append((perf_counter() - began) * 1_000)
    Queue(queue, connection=connection).empty()
    connection.close()
    return taken


def _stream(settings: Settings, port: int, token: str) -> list[float]:
    """Post conversations at an even pace; return the milliseconds of each."""
    count, posted, over = PER_SECOND * SECONDS, {}, Event()
    assigned: dict[int, float] = {}
    watcher = Thread(target=_watch, args=[settings, assigned, over])
    watcher.start()
    begin = perf_counter() + 0.5
    for number in range(count):
        time.sleep(max(0.0, begin + number / PER_SECOND - perf_counter()))
        at = perf_counter()
        posted[_arrive(port, token)] = at
    patience = perf_counter() + 30
    while posted.keys() - assigned.keys() and perf_counter() < patience:
        time.sleep(0.05)
    over.set()
    watcher.join()
    return [(assigned[one] - at) * 1_000 for one, at in posted.items()]


def _arrive(port: int, token: str) -> int:
    return serving.post(port, token, "/conversations", ARRIVES)["id"]


def _watch(settings: Settings, assigned: dict[int, float], over: Event) -> None:
    """Note when each assignment can be seen, which is when it is committed."""
    last = 0
    with psycopg.connect(settings.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        while not over.is_set():
            new = connection.execute("SELECT id, conversation_id FROM assignments WHERE id > %s", [last]).fetchall()
            at = perf_counter()
            for number, conversation_id in new:
                last = max(last, number)
                assigned.setdefault(conversation_id, at)
            time.sleep(GLANCE)
