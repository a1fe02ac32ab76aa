"""`python -m jobs.schedule`: the whole timetable, on rq-scheduler. Several may run: each tick takes a lock."""

import logging
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rq.job import Job
from rq_scheduler import Scheduler

from dashboard import config, logs
from dashboard.config import Settings
from dashboard.store import redis
from dashboard.store.errors import asking
from jobs.queues import RESULT_LASTS_FOR, SCHEDULED, SCHEDULER_SEEN, SCHEDULER_SEEN_FOR, Jobs
from jobs.worker import until_redis_answers

# rq-scheduler looks once a minute unless told otherwise; a rate-limited slot frees at a second.
TICK_SECONDS = 1
# In UTC: there is no hour at which everybody sleeps.
NIGHT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job that comes again and again, under one fixed id, so that it stands in the timetable once."""

    id: str
    task: str
    every: timedelta
    hour: int | None = None

    def first_at(self, now: datetime) -> datetime:
        """Return when it comes first: at its hour of the day (UTC) if it has one."""
        if self.hour is None:
            return now + self.every
        today = now.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return today if today > now else today + self.every


def timetable(settings: Settings) -> tuple[Entry, ...]:
    """Return everything that happens by the clock."""
    return (
        Entry(id="sweep", task="jobs.tasks.sweep", every=timedelta(minutes=settings.sweep_minutes)),
        Entry(id="watch", task="jobs.tasks.watch", every=timedelta(seconds=2)),
        Entry(id="end-snoozes", task="jobs.tasks.end_snoozes", every=timedelta(seconds=2)),
        Entry(id="check-stranded", task="jobs.tasks.check_stranded", every=timedelta(minutes=1)),
        Entry(id="look-at-outbox", task="jobs.tasks.look_at_outbox", every=timedelta(minutes=1)),
        Entry(id="fold-counters", task="jobs.tasks.fold_counters", every=timedelta(minutes=1)),
        Entry(id="mend-counters", task="jobs.tasks.mend_counters", every=timedelta(days=1), hour=NIGHT),
        Entry(id="sum-ledger", task="jobs.tasks.sum_ledger", every=timedelta(minutes=5)),
        Entry(id="remove-old", task="jobs.tasks.remove_old", every=timedelta(days=1), hour=NIGHT),
    )


class Timetable(Scheduler):  # type: ignore[misc]  # rq-scheduler has no types
    """Moves what is due into the queues; puts the timetable back when Redis was emptied."""

    def __init__(self, settings: Settings) -> None:
        connection = redis.connect(settings.redis_url, text=False)
        super().__init__(SCHEDULED, connection=connection, interval=TICK_SECONDS)
        self._jobs = Jobs(settings.redis_url)
        self._entries = timetable(settings)

    def enqueue_jobs(self) -> object:
        """Enqueue what is due."""
        self.connection.set(SCHEDULER_SEEN, 1, px=SCHEDULER_SEEN_FOR)
        if "sweep" not in self:
            # Redis is new, or was emptied: what was asked for in it is lost (E42).
            self._jobs.enqueue(SCHEDULED, "jobs.tasks.sweep")
        for entry in self._entries:
            self._keep(entry)
        return super().enqueue_jobs()

    def get_jobs_to_queue(self, with_times: bool = False) -> object:
        """Return what is due by Redis's clock: of several schedulers, one may be on a machine whose own is wrong."""
        return self.get_jobs(int(self._now().timestamp()), with_times=with_times)

    def enqueue_job(self, job: Job) -> None:
        """Enqueue a job, unless it comes again and stands in its queue still: while nobody works, one is enough."""
        interval = job.meta.get("interval")
        if not interval or self.get_queue_for_job(job).get_job_position(job.id) is None:
            super().enqueue_job(job)
        if interval:
            self.connection.zadd(self.scheduled_jobs_key, {job.id: int(self._now().timestamp()) + interval})

    def _now(self) -> datetime:
        seconds, microseconds = self.connection.time()
        return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)

    def _keep(self, entry: Entry) -> None:
        """Schedule the entry unless it stands: scheduling it at every start would put it off for ever."""
        seconds = int(entry.every.total_seconds())
        if entry.id in self and self._interval_of(entry) == seconds:
            return
        self.schedule(
            # Naive and in UTC, as rq-scheduler takes every instant.
            scheduled_time=entry.first_at(self._now()).replace(tzinfo=None),
            func=entry.task,
            interval=seconds,
            id=entry.id,
            queue_name=SCHEDULED,
            result_ttl=int(max(entry.every, RESULT_LASTS_FOR).total_seconds()) * 2,
        )

    def _interval_of(self, entry: Entry) -> int | None:
        job = self.job_class.fetch(entry.id, connection=self.connection)
        interval: int | None = job.meta.get("interval")
        return interval


def main() -> None:
    """Keep the timetable until told to stop; a Redis that cannot be reached is waited for (E42)."""
    settings = config.load()
    logs.set_up(settings.log_format)
    # Two schedulers, or one that was killed in its tick: each skipped tick would be a warning.
    logging.getLogger("rq_scheduler").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    until_redis_answers(lambda: run(settings))


def run(settings: Settings) -> None:
    """Tick; first of all sweep, for what was to be heard of while Redis was away was not (E42)."""
    Jobs(settings.redis_url).enqueue(SCHEDULED, "jobs.tasks.sweep")
    with asking("the scheduler"):
        Timetable(settings).run()


if __name__ == "__main__":
    main()
