"""`python -m jobs.schedule`: the whole timetable, on rq-scheduler. Several may run: each tick takes a lock."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import NoReturn

import structlog
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq_scheduler import Scheduler

from dashboard.config import Settings
from dashboard.services.alerts import checks
from dashboard.services.assignment import stranded_check
from dashboard.services.conversations.timed import returns
from dashboard.store.core.errors import REDIS_AWAY, translate_redis_errors
from dashboard.store.redis import client
from jobs import runtime
from jobs.rq_queue import FAILURE_LASTS_FOR, SCHEDULED, SCHEDULER_SEEN, SCHEDULER_SEEN_FOR, RqJobs
from jobs.worker import until_redis_answers

log = structlog.get_logger()
# rq-scheduler's default is once a minute. Rate-limited slots free at any moment: a tick comes earlier for them, after a
# minimum pause that keeps the load low.
TICK_SECONDS = 1
SHORTEST_PAUSE = 0.05
# A tick that moves more would take longer than /ready tolerates from the scheduler; the next tick moves the rest.
MOST_AT_ONCE = 500
# UTC, because customers live in all time zones.
NIGHT = 3
FOR_GOOD = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A periodic job under a fixed id, so that the timetable has it only once."""

    id: str
    task: str
    every: timedelta
    hour: int | None = None
    in_new_redis_at_once: bool = False

    @property
    def seconds(self) -> int:
        """Return the interval for rq-scheduler."""
        return int(self.every.total_seconds())

    def first_at(self, now: datetime) -> datetime:
        """Return the first instant after `now`: at its hour of the day (UTC) if it has one."""
        if self.hour is None:
            return now + self.every
        today = now.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return today if today > now else today + self.every

    def stands_in(self, record: Job) -> bool:
        """Return True if the record equals the one of this release."""
        found = (record.func_name, record.origin, record.meta.get("interval"), record.result_ttl)
        return found == (self.task, SCHEDULED, self.seconds, FOR_GOOD)


def timetable(settings: Settings) -> tuple[Entry, ...]:
    """Return all periodic jobs."""
    sweeps = timedelta(minutes=settings.sweep_minutes)
    return (
        # Requested runs are lost when Redis loses its data (E42).
        Entry(id="sweep", task="jobs.tasks.sweep", every=sweeps, in_new_redis_at_once=True),
        Entry(id="watch", task="jobs.tasks.watch", every=timedelta(seconds=2)),
        Entry(id="poll-helpdesks", task="jobs.tasks.poll_helpdesks", every=timedelta(seconds=2)),
        Entry(id="end-snoozes", task="jobs.tasks.end_snoozes", every=timedelta(seconds=2)),
        Entry(id="renew-due-instants", task="jobs.tasks.renew_due_instants", every=timedelta(seconds=2)),
        Entry(id="end-availabilities", task="jobs.tasks.end_availabilities", every=timedelta(seconds=2)),
        Entry(id="return-conversations", task="jobs.tasks.return_conversations", every=returns.CHECKED_EVERY),
        Entry(id="record-lapses", task="jobs.tasks.record_lapses", every=timedelta(seconds=5)),
        Entry(id="check-stranded", task="jobs.tasks.check_stranded", every=stranded_check.CHECKED_EVERY),
        Entry(id="check-alerts", task="jobs.tasks.check_alerts", every=checks.CHECKED_EVERY),
        Entry(id="look-at-outbox", task="jobs.tasks.look_at_outbox", every=timedelta(minutes=1)),
        Entry(id="fold-counters", task="jobs.tasks.fold_counters", every=timedelta(minutes=1)),
        Entry(id="forget-webhooks", task="jobs.tasks.forget_webhooks", every=timedelta(minutes=10)),
        Entry(id="mend-counters", task="jobs.tasks.mend_counters", every=timedelta(days=1), hour=NIGHT),
        Entry(id="request-check", task="jobs.tasks.request_check", every=timedelta(days=1), hour=NIGHT),
        Entry(id="sum-ledger", task="jobs.tasks.sum_ledger", every=timedelta(minutes=5)),
        Entry(id="remove-old", task="jobs.tasks.remove_old", every=timedelta(days=1), hour=NIGHT),
    )


class Timetable(Scheduler):  # type: ignore[misc]  # rq-scheduler has no types
    """Enqueues due jobs, and restores timetable entries that Redis lost.

    Redis has two parts of an entry, the id with the next instant, and the record. Either may be lost alone.
    """

    def __init__(self, settings: Settings) -> None:
        connection = client.connect(settings.redis_url, text=False)
        super().__init__(SCHEDULED, connection=connection, interval=TICK_SECONDS)
        self._entries = {entry.id: entry for entry in timetable(settings)}
        self._failing: dict[str, str] = {}

    def run(self) -> NoReturn:
        """Tick endlessly. rq-scheduler's loop would sleep for an hour after the machine's clock is set back by one."""
        while True:
            ends = monotonic() + TICK_SECONDS
            due_in = self._tick() if self.acquire_lock() else TICK_SECONDS
            sleep(max(SHORTEST_PAUSE, min(due_in, ends - monotonic())))

    def acquire_lock(self) -> bool:
        """Take the lock. A lock with too long a lifetime is deleted: it was taken before Redis's clock was set back."""
        lasts_for = timedelta(seconds=TICK_SECONDS + 10)  # as rq-scheduler sets it
        if self.connection.pttl(self.scheduler_lock_key) > lasts_for / timedelta(milliseconds=1):
            self.connection.delete(self.scheduler_lock_key)
        return bool(super().acquire_lock())

    def enqueue_jobs(self) -> None:
        """Restore missing entries, enqueue due jobs, and record the end of the tick."""
        now = self._now()
        for entry in self._entries.values():
            with self._apart(entry.id):
                self._keep(entry, now)
        for job_id in self._due(now):
            with self._apart(job_id):
                self._move(job_id, now)
        self.connection.set(SCHEDULER_SEEN, 1, px=SCHEDULER_SEEN_FOR)

    def _tick(self) -> float:
        """Run one tick and return the seconds until the next due job."""
        try:
            self.enqueue_jobs()
            first = self.connection.zrange(self.scheduled_jobs_key, 0, 0, withscores=True)
            return min((due_at for _, due_at in first), default=0.0) - self._now().timestamp()
        finally:
            with suppress(*REDIS_AWAY):
                self.remove_lock()

    @contextmanager
    def _apart(self, job_id: str) -> Iterator[None]:
        """Contain the errors of one job: its id is removed from the timetable, and an entry is restored later."""
        try:
            yield
        except REDIS_AWAY:
            raise
        except Exception as error:  # noqa: BLE001  records may hold anything
            what = f"{type(error).__name__}: {error}"
            if self._failing.get(job_id) != what:
                log.error("job_not_enqueued", job=job_id, error=what)
            if job_id in self._entries:
                self._failing[job_id] = what
            self.cancel(job_id)

    def _keep(self, entry: Entry, now: datetime) -> None:
        """Schedule the entry unless it is present: scheduling it at every start would delay it without end."""
        due_at, record = self._due_at(entry), self._record(entry)
        is_in_time = due_at is not None and due_at <= now + entry.every
        if is_in_time and record and entry.stands_in(record):
            return
        if (due_at is None) != (record is None):
            log.warning("entry_put_back", job=entry.id, lost="record" if due_at else "instant")
        self.connection.delete(Job.key_for(entry.id))
        record = self.schedule(
            # Naive and in UTC, as rq-scheduler expects instants.
            scheduled_time=_anew_at(entry, due_at, record, now).replace(tzinfo=None),
            func=entry.task,
            interval=entry.seconds,
            id=entry.id,
            queue_name=SCHEDULED,
            result_ttl=FOR_GOOD,
        )
        record.failure_ttl = int(FAILURE_LASTS_FOR.total_seconds())
        record.save()

    def _due_at(self, entry: Entry) -> datetime | None:
        score = self.connection.zscore(self.scheduled_jobs_key, entry.id)
        return datetime.fromtimestamp(score, UTC) if score is not None else None

    def _record(self, entry: Entry) -> Job | None:
        """Return the entry's record if it is readable; keep it from expiring, which RQ causes after a failure."""
        self.connection.persist(Job.key_for(entry.id))
        try:
            record: Job = self.job_class.fetch(entry.id, connection=self.connection)
            return record if record.func_name else None
        except REDIS_AWAY:
            raise
        except Exception:  # noqa: BLE001  other programs may have written anything
            return None

    def _due(self, now: datetime) -> Sequence[str]:
        """Return the due job ids by Redis's clock, because the clocks of several schedulers' machines may differ."""
        key, until = self.scheduled_jobs_key, now.timestamp()
        found = self.connection.zrangebyscore(key, "-inf", until, start=0, num=MOST_AT_ONCE)
        return [job_id.decode() for job_id in found]

    def _move(self, job_id: str, now: datetime) -> None:
        """Enqueue a job, unless it is a periodic one that is still queued: without workers, one is enough."""
        entry = self._entries.get(job_id)
        try:
            job = self.job_class.fetch(job_id, connection=self.connection)
        except NoSuchJobError:
            self.cancel(job_id)
            return
        queue = self.get_queue_for_job(job)
        if entry is None or queue.get_job_position(job_id) is None:
            queue.enqueue_job(job)
        if entry is None:
            self.cancel(job_id)
        else:
            self.connection.zadd(self.scheduled_jobs_key, {job_id: int(entry.first_at(now).timestamp())})
            self._failing.pop(job_id, None)

    def _now(self) -> datetime:
        seconds, microseconds = self.connection.time()
        return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)


def _anew_at(entry: Entry, due_at: datetime | None, record: Job | None, now: datetime) -> datetime:
    """Return the next instant of an entry that is missing or wrong.

    If one part is lost, a run may be lost too: at once. If it is too far ahead, a clock was set back after it was
    scheduled.
    """
    is_new = due_at is None and record is None
    if entry.in_new_redis_at_once if is_new else due_at is None or record is None:
        return now
    first_at = entry.first_at(now)
    return min(due_at, first_at) if due_at else first_at


def main() -> None:
    """Run the timetable until a stop signal; wait for a Redis that cannot be reached (E42)."""
    settings = runtime.begin()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: sys.exit(0))
    until_redis_answers(lambda: run(settings))


def run(settings: Settings) -> None:
    """Tick endlessly, after an initial sweep for triggers that were lost while Redis was away (E42)."""
    RqJobs(settings.redis_url).enqueue(SCHEDULED, "jobs.tasks.sweep")
    with translate_redis_errors("the scheduler"):
        Timetable(settings).run()


if __name__ == "__main__":
    main()
