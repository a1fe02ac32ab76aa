"""The port to background work, on RQ: jobs by name and ids, with a lifetime for results and failures."""

from datetime import datetime, timedelta

from rq import Queue as RqQueue
from rq import Retry, worker_registration
from rq_scheduler import Scheduler

from dashboard.engine.decisions import Source
from dashboard.services.desk import Background
from dashboard.store import redis
from dashboard.store.errors import asking

DEFAULT, SCHEDULED, WEBHOOKS = "default", "scheduled_jobs", "webhooks"
RESULT_LASTS_FOR = timedelta(minutes=5)
FAILURE_LASTS_FOR = timedelta(days=7)
LONGEST_JOB = timedelta(minutes=2)


class Jobs:
    """Enqueues what jobs/tasks.py does."""

    def __init__(self, redis_url: str) -> None:
        self._connection = redis.connect(redis_url, text=False)
        self._scheduler = Scheduler(DEFAULT, connection=self._connection)

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        """Enqueue a run of one inbox and return the job's id."""
        return self.enqueue(
            DEFAULT, "jobs.tasks.run_inbox", account_id, inbox_id, source=source.value, actor_id=actor_id
        )

    def run_inbox_at(self, account_id: int, inbox_id: int, at: datetime, attempt: int = 0) -> None:
        """Schedule the inbox's one wake-up: the job's id is fixed, so a second one moves the first.

        rq-scheduler cuts instants to whole seconds: the next one, or the wake-up would come before its slot.
        """
        with asking("scheduled jobs"):
            self._scheduler.enqueue_at(
                at.replace(microsecond=0) + timedelta(seconds=1),
                "jobs.tasks.wake_inbox",
                account_id,
                inbox_id,
                attempt,
                job_id=f"wakeup-{account_id}-{inbox_id}",
                job_result_ttl=int(RESULT_LASTS_FOR.total_seconds()),
                timeout=int(LONGEST_JOB.total_seconds()),
            )

    def background(self) -> Background:
        """Return who is at work and what is left to do; a worker that died counts until its key expires."""
        queues = [RqQueue(name, connection=self._connection) for name in (DEFAULT, SCHEDULED, WEBHOOKS)]
        with asking("jobs"):
            workers = worker_registration.get_keys(connection=self._connection)
            return Background(
                workers=self._connection.exists(*workers) if workers else 0,
                scheduler=bool(self._connection.exists(Scheduler.scheduler_lock_key)),
                queued=sum(queue.count for queue in queues),
                failed=sum(queue.failed_job_registry.get_job_count(cleanup=False) for queue in queues),
            )

    def enqueue(self, queue: str, task: str, *args: object, **named: object) -> str:
        """Enqueue a task and return the job's id; a job whose process was killed is done again."""
        with asking("jobs"):
            job = RqQueue(queue, connection=self._connection).enqueue(
                task,
                *args,
                **named,
                job_timeout=int(LONGEST_JOB.total_seconds()),
                result_ttl=int(RESULT_LASTS_FOR.total_seconds()),
                failure_ttl=int(FAILURE_LASTS_FOR.total_seconds()),
                retry=Retry(max=3),
            )
        return str(job.id)
