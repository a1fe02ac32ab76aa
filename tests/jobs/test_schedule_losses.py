"""The timetable outlives what Redis loses, records that nobody can read, clocks that jump, and nights."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import psutil
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from redis import Redis
from rq import Queue
from structlog.testing import capture_logs

from dashboard import clock
from dashboard.config import Settings
from dashboard.store.redis import client as redis_client
from jobs.rq_queue import DEFAULT, SCHEDULED, SCHEDULER_SEEN, WATCH_RESTS, RqJobs
from jobs.schedule import Entry, Timetable, timetable
from tests.desks import Acme
from tests.jobs.conftest import SWEEPS_AT_START, Start, process, scheduled_jobs_done
from tests.jobs.test_worker import Worker, assigned, online, ready
from tests.processes import family
from tests.waiting import eventually, promptly

DUE = "rq:scheduler:scheduled_jobs"
LOCK = "rq:scheduler_lock"
HOUR = timedelta(hours=1)
A_MINUTE = 60.0
# The watch looks every two seconds; check-stranded would find it too, but looks once a minute only.
WATCHED_WITHIN = 15.0


@pytest.fixture
def client(redis_url: str) -> Redis:
    return redis_client.connect(redis_url, text=False)


@pytest.fixture
def table(settings: Settings, client: Redis) -> Timetable:
    """The timetable in a Redis that has had its first tick."""
    made = Timetable(settings)
    made.enqueue_jobs()
    return made


@pytest.fixture
def entries(settings: Settings) -> tuple[Entry, ...]:
    return timetable(settings)


def record(entry_id: str) -> str:
    return f"rq:job:{entry_id}"


def queued(client: Redis, queue: str = SCHEDULED) -> list[str]:
    return Queue(queue, connection=client).job_ids


def due_in(client: Redis, entry_id: str) -> float:
    """Return in how many seconds of Redis's clock the entry is due."""
    at = client.zscore(DUE, entry_id)
    assert at is not None
    return float(at) - client.time()[0]


def stands(client: Redis, entry: Entry) -> bool:
    kept = client.ttl(record(entry.id)) == -1 and int(client.hget(record(entry.id), "result_ttl") or 0) == -1
    return kept and due_in(client, entry.id) <= entry.seconds


def test_an_entry_whose_record_is_gone_is_scheduled_anew_and_due_at_once(table: Timetable, client: Redis):
    """E33. Seen to fail with the interval read from a record that may be gone: NoSuchJobError ended the scheduler."""
    client.delete(record("watch"), record("remove-old"))

    table.enqueue_jobs()

    assert {"watch", "remove-old"} <= set(queued(client))
    assert client.exists(record("watch"), record("remove-old")) == 2


def test_an_entry_whose_instant_is_gone_is_due_at_once(table: Timetable, client: Redis):
    """E33. Seen to fail with its first instant taken: the entries of the night came a day later."""
    client.zrem(DUE, "remove-old")

    table.enqueue_jobs()

    assert "remove-old" in queued(client)
    assert due_in(client, "remove-old") > 0


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lost=st.data())
def test_whatever_a_redis_evicts_every_entry_stands_after_a_tick(
    settings: Settings, client: Redis, entries: tuple[Entry, ...], lost: st.DataObject
):
    """E33, E42: any of its keys, the sorted set, the marks and the lock among them.

    Seen to fail without an entry scheduled anew whose record is gone: NoSuchJobError.
    """
    client.flushdb()
    table = Timetable(settings)
    table.enqueue_jobs()
    client.set(LOCK, 1, ex=11)
    for key in sorted(client.keys()):
        if lost.draw(st.booleans(), label=key.decode()):
            client.delete(key)

    table.enqueue_jobs()

    assert all(stands(client, entry) for entry in entries)


def test_the_record_of_an_entry_does_not_expire_after_it_was_done(table: Timetable, client: Redis, worker: Worker):
    """E33. Seen to fail with records that were kept for 600 s after each turn: their ids stayed without them."""
    client.zadd(DUE, {"watch": 0, "fold-counters": 0})
    table.enqueue_jobs()

    worker()

    for entry_id in ("watch", "fold-counters"):
        eventually(lambda entry_id=entry_id: client.exists(f"rq:results:{entry_id}"))
        assert client.ttl(record(entry_id)) == -1


def test_a_record_that_rq_lets_expire_after_a_failure_is_kept(table: Timetable, client: Redis):
    """E33. Seen to fail without a look at the record at each tick."""
    client.expire(record("mend-counters"), 1_000)

    table.enqueue_jobs()

    assert client.ttl(record("mend-counters")) == -1


def test_the_expiring_records_of_an_older_release_are_written_anew_and_no_turn_is_missed(
    table: Timetable, client: Redis
):
    """E33. Seen to fail with only the interval compared; and with the first instant taken for one that was due."""
    for entry_id in ("sweep", "remove-old"):
        client.hset(record(entry_id), "result_ttl", 600)
        client.expire(record(entry_id), 600)
    at = client.zscore(DUE, "remove-old")
    client.zadd(DUE, {"sweep": 0})

    table.enqueue_jobs()

    assert client.hmget(record("sweep"), "result_ttl") == client.hmget(record("remove-old"), "result_ttl") == [b"-1"]
    assert client.ttl(record("sweep")) == client.ttl(record("remove-old")) == -1
    assert "sweep" in queued(client)
    assert client.zscore(DUE, "remove-old") == at


def test_an_entry_of_the_night_that_came_by_day_comes_at_night_again(
    table: Timetable, client: Redis, entries: tuple[Entry, ...]
):
    """Seen to fail with a day added to the instant at which it came."""
    [entry] = [entry for entry in entries if entry.id == "remove-old"]
    client.zadd(DUE, {entry.id: 0})

    table.enqueue_jobs()

    assert client.zscore(DUE, entry.id) == entry.first_at(clock.now()).timestamp()


GARBAGE: dict[str, Callable[[Redis, str], object]] = {
    "no task": lambda client, key: client.hdel(key, "data"),
    "a task that is no pickle": lambda client, key: client.hset(key, "data", b"garbage"),
    "a number that is none": lambda client, key: client.hset(key, "timeout", b"garbage"),
    "an instant that is none": lambda client, key: client.hset(key, "created_at", b"garbage"),
    "another type of key": lambda client, key: client.delete(key) and client.set(key, 1),
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_record_that_nobody_can_read_is_written_anew(table: Timetable, client: Redis, garbage: str):
    """E33, E43. Each seen to fail with only a missing record caught: the error ended the scheduler."""
    GARBAGE[garbage](client, record("watch"))

    table.enqueue_jobs()

    assert "watch" in queued(client)
    assert client.hget(record("watch"), "result_ttl") == b"-1"


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_due_job_that_nobody_can_read_holds_up_no_other_and_is_logged_at_most_once(
    table: Timetable, client: Redis, redis_url: str, garbage: str
):
    """E43. Seen to fail with only a missing record caught: the job behind it was never enqueued."""
    jobs = RqJobs(redis_url)
    for inbox_id, seconds in ((1, 20), (2, 10)):
        jobs.run_inbox_at(1, inbox_id, clock.now() - timedelta(seconds=seconds))
    first, second = (job_id.decode() for job_id in client.zrange(DUE, 0, 1))
    GARBAGE[garbage](client, record(first))

    with capture_logs() as said:
        for _ in range(3):
            table.enqueue_jobs()

    assert second in queued(client, DEFAULT)
    assert client.zscore(DUE, first) is None
    assert len([one for one in said if one["log_level"] == "error"]) <= 1


def test_an_error_that_stays_is_logged_once_and_the_other_jobs_go_on(table: Timetable, client: Redis, redis_url: str):
    """E43: the queue of the entries is no list. Seen to fail without each job apart: a wake-up was never enqueued."""
    client.delete("rq:queue:scheduled_jobs")
    client.set("rq:queue:scheduled_jobs", "no list")
    client.zadd(DUE, {"watch": 0, "sweep": 0})
    RqJobs(redis_url).run_inbox_at(1, 1, clock.now() - timedelta(seconds=10))

    with capture_logs() as said:
        for _ in range(3):
            table.enqueue_jobs()

    assert len(queued(client, DEFAULT)) == 1
    assert sorted(one["job"] for one in said if one["event"] == "job_not_enqueued") == ["sweep", "watch"]
    client.delete("rq:queue:scheduled_jobs")
    table.enqueue_jobs()
    assert {"sweep", "watch"} <= set(queued(client))


def test_the_scheduler_counts_as_there_when_a_tick_has_ended(table: Timetable, client: Redis, settings: Settings):
    """Seen to fail with the mark set before the tick: a scheduler that ended in each of them counted half the time."""
    jobs = RqJobs(settings.redis_url)
    assert jobs.background().scheduler
    client.delete(SCHEDULER_SEEN, DUE)
    client.set(DUE, "no sorted set")

    with pytest.raises(Exception, match="WRONGTYPE"):
        table.enqueue_jobs()

    assert not jobs.background().scheduler


def test_what_was_scheduled_by_a_clock_that_was_put_back_is_pulled_back(
    table: Timetable, client: Redis, entries: tuple[Entry, ...]
):
    """E33: Redis's clock was a year ahead for a while. Seen to fail with any instant ahead believed."""
    client.zadd(DUE, {entry.id: client.time()[0] + 365 * 86_400 for entry in entries})

    table.enqueue_jobs()

    assert all(0 <= due_in(client, entry.id) <= entry.seconds for entry in entries)


def test_marks_of_a_clock_that_was_put_back_are_not_believed(table: Timetable, client: Redis, settings: Settings):
    """E33: they expire by Redis's clock, an hour late. Each seen to fail with the mark believed while it is there."""
    jobs = RqJobs(settings.redis_url)
    jobs.let_watch_rest(HOUR)
    assert not jobs.may_watch()
    for mark, left in ((LOCK, 11), (SCHEDULER_SEEN, 15), (WATCH_RESTS, 3_600)):
        client.set(mark, client.get(mark) or 1, px=HOUR + timedelta(seconds=left))

    assert jobs.may_watch()
    assert not jobs.background().scheduler
    assert table.acquire_lock()


BACKWARDS = """
import time
from itertools import count
hours = count()
time.time = lambda: 1_800_000_000 - 3_600 * next(hours)
from jobs import schedule
schedule.main()
"""


def test_the_scheduler_ticks_on_while_the_machines_clock_goes_back(client: Redis, start: Start):
    """Seen to fail with the loop of rq-scheduler: it slept for an hour after its first tick."""
    start("-c", BACKWARDS)

    for _ in range(3):
        eventually(lambda: client.exists(SCHEDULER_SEEN))
        client.delete(SCHEDULER_SEEN)


@contextmanager
def working(settings: Settings) -> Iterator[list[psutil.Process]]:
    """Run a worker and the scheduler; yield all their processes."""
    with ExitStack() as stack:
        started = [stack.enter_context(process(settings, "-m", f"jobs.{name}")) for name in ("worker", "schedule")]
        yield [psutil.Process(one.pid) for one in started]


def done(client: Redis, entries: tuple[Entry, ...]) -> bool:
    return client.exists(*(f"rq:results:{entry.id}" for entry in entries)) == len(entries)


def forget(client: Redis, *patterns: str) -> None:
    for pattern in patterns:
        for key in client.keys(pattern):
            client.delete(key)


@pytest.mark.gate
def test_after_a_night_switched_off_every_entry_runs_within_a_minute(
    acme: Acme, settings: Settings, client: Redis, entries: tuple[Entry, ...]
):
    """E33: every record expired while nothing ran, the ids stand, all is started again.

    Seen to fail with the interval read from a record that may be gone: the scheduler ended at every start.
    """
    with working(settings):
        eventually(lambda: client.exists("rq:results:watch"))
    forget(client, "rq:job:*", "rq:results:*", "rq:scheduler_*", "rq:worker*")

    with working(settings):
        promptly(lambda: done(client, entries), within=A_MINUTE)

    assert RqJobs(settings.redis_url).background().failed == 0


@pytest.mark.gate
def test_after_a_laptop_slept_every_entry_runs_within_a_minute(
    acme: Acme, settings: Settings, client: Redis, entries: tuple[Entry, ...]
):
    """E33: the processes go on where they stood, what expires has expired, every instant has passed.

    Seen to fail with the interval read from a record that may be gone.
    """
    with working(settings) as processes:
        eventually(lambda: client.exists("rq:results:watch"))
        asleep = [one for parent in processes for one in family(parent.pid)]
        for one in asleep:
            os.kill(one.pid, signal.SIGSTOP)
        forget(client, "rq:job:*", "rq:results:*", "rq:scheduler_*", "rq:worker:*")
        client.zadd(DUE, {entry.id: client.time()[0] - 8 * 3_600 for entry in entries})
        for one in asleep:
            os.kill(one.pid, signal.SIGCONT)

        promptly(lambda: done(client, entries), within=A_MINUTE)
        eventually(lambda: RqJobs(settings.redis_url).background().workers == 1)


LOST = {
    "its record": lambda client, job_id: client.delete(record(job_id)),
    "its instant": lambda client, job_id: client.zrem(DUE, job_id),
    "both": lambda client, job_id: client.delete(record(job_id)) + client.zrem(DUE, job_id),
}


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param("its record", marks=pytest.mark.gate),
        pytest.param("its instant", marks=pytest.mark.gate),
        "both",
    ],
)
def test_a_wake_up_that_lost_something_strands_no_inbox(live: Acme, worker: Worker, start: Start, lost: str):
    """E30, E32, E53: the inbox's marks stay, one for the wake-up and one for a run that nobody does.

    Seen to fail with the watch taken out of the timetable.
    """
    client = redis_client.connect(live.work.settings.redis_url, text=False)
    live.policy(fair_distribution_limit=1, fair_distribution_window=2)
    online(live, "Ana")
    ready(live, worker)
    scheduler = start("-m", "jobs.schedule")
    eventually(lambda: scheduled_jobs_done(live.work.settings) >= SWEEPS_AT_START)
    scheduler.send_signal(signal.SIGSTOP)
    live.waiting(2, created_at=clock.now())
    live.work.signals.wake(live.account_id, [live.support])
    eventually(lambda: wake_ups(client))

    for job_id in wake_ups(client):
        LOST[lost](client, job_id)
    live.work.signals.wakeups.mark(live.account_id, live.support)
    scheduler.send_signal(signal.SIGCONT)

    promptly(lambda: assigned(live) == 2, WATCHED_WITHIN)


def wake_ups(client: Redis) -> list[str]:
    return [job_id.decode() for job_id in client.zrange(DUE, 0, -1) if job_id.startswith(b"wakeup-")]
