"""Background work on RQ: jobs by name and ids; results and failures expire."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from rq import Queue as RqQueue
from rq import Retry, worker_registration
from rq.job import Job
from rq_scheduler import Scheduler

from dashboard import clock
from dashboard.engine.decisions import Source
from dashboard.services.core.after_commit import Background
from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import client

DEFAULT, SCHEDULED, WEBHOOKS = "default", "scheduled_jobs", "webhooks"
# What people and webhooks wait for, and apart from it the long readings.
HELPDESK, HELPDESK_POLLS = "helpdesk", "helpdesk_polls"
# Messages to alert channels: apart, so that a channel that does not answer holds up no webhook.
ALERTS = "alerts"
# Simulations, which take long and leave the processor to everything else.
BACKTESTS = "backtests"
ALL_QUEUES = (DEFAULT, SCHEDULED, WEBHOOKS, HELPDESK, HELPDESK_POLLS, ALERTS, BACKTESTS)
DELIVER = "jobs.tasks.deliver_webhooks"
RESULT_LASTS_FOR = timedelta(minutes=5)
FAILURE_LASTS_FOR = timedelta(days=7)
LONGEST_JOB = timedelta(minutes=2)
# On a busy machine, for a job that leaves the processor to all others.
LONGEST_SIMULATION = timedelta(minutes=15)
# Set at the end of a tick: rq-scheduler's own lock exists only during a tick.
SCHEDULER_SEEN, SCHEDULER_SEEN_FOR = "rq:scheduler_seen", timedelta(seconds=15)
WATCH_RESTS = "rq:watch_rests"
WRITTEN = "rq:written"
MILLISECOND = timedelta(milliseconds=1)


class RqJobs:
    """Enqueues the tasks of jobs/tasks.py."""

    def __init__(self, redis_url: str, *, shares_silence: bool = False) -> None:
        self._connection = client.connect(redis_url, text=False, shares_silence=shares_silence)
        self._scheduler = Scheduler(DEFAULT, connection=self._connection)

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        """Enqueue a run of one inbox and return the job's id."""
        return self.enqueue(
            DEFAULT, "jobs.tasks.run_inbox", account_id, inbox_id, source=source.value, actor_id=actor_id
        )

    def run_inbox_at(
        self, account_id: int, inbox_id: int, at: datetime, *, attempt: int = 0, instead_of: datetime | None = None
    ) -> None:
        """Schedule a run, instead of the one at `instead_of`, if given.

        Each instant has its own job id. A wake-up that schedules the next one must not reuse the id of the running job,
        because RQ lets a finished job expire.
        """
        if instead_of:
            self._cancel(_wakeup(account_id, inbox_id, instead_of))
        job_id = _wakeup(account_id, inbox_id, at)
        self._at(at, "jobs.tasks.wake_inbox", account_id, inbox_id, attempt, job_id=job_id)

    def confirm_stranded_at(self, named: Mapping[int, Mapping[int, Sequence[int]]], at: datetime) -> None:
        """Schedule a second check of these waiting conversations, by account and inbox, at this instant."""
        self._at(at, "jobs.tasks.confirm_stranded", named, job_id="confirm-stranded", queue=SCHEDULED)

    def deliver_webhooks(self, account_id: int | None = None) -> None:
        """Enqueue a delivery of the outbox, of one account or all."""
        self.enqueue(WEBHOOKS, DELIVER, account_id)

    def deliver_webhooks_at(self, at: datetime) -> None:
        """Schedule a delivery of the outbox, at most one per second; the id of a running job is never reused."""
        at = _whole_second(at)
        self._at(at, DELIVER, job_id=f"deliver-webhooks-{int(at.timestamp())}", queue=WEBHOOKS)

    def mail_invitation(self, account_id: int, agent_id: int) -> None:
        """Enqueue the mail with an agent's invitation, where no assignment waits behind it."""
        self.enqueue(WEBHOOKS, "jobs.tasks.mail_invitation", account_id, agent_id)

    def send_notices(self) -> None:
        """Enqueue the sending of due notices, unless a job for it waits: that one will see all that are due."""
        with translate_redis_errors("jobs"):
            is_queued = RqQueue(ALERTS, connection=self._connection).count
        if not is_queued:
            self.enqueue(ALERTS, "jobs.tasks.send_notices")

    def write_to_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Enqueue the writes of a connection, where nothing slow holds up an assignment."""
        self.enqueue(HELPDESK, "jobs.tasks.write_to_helpdesk", account_id, connection_id)

    def read_marked(self, account_id: int, connection_id: int) -> None:
        """Enqueue new readings of a helpdesk's marked conversations."""
        self.enqueue(HELPDESK, "jobs.tasks.read_marked", account_id, connection_id)

    def poll_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Enqueue the due readings of a helpdesk."""
        self.enqueue(HELPDESK_POLLS, "jobs.tasks.poll_helpdesk", account_id, connection_id)

    def check_simulator(self, check_id: int) -> None:
        """Enqueue a check of the simulator, behind which no assignment waits."""
        self.enqueue(BACKTESTS, "jobs.tasks.check_simulator", check_id, lasts_for=LONGEST_SIMULATION)

    def remove_old_at(self, at: datetime) -> None:
        """Schedule the next of many small removals, at most one per second; the id of a running job is never reused."""
        at = _whole_second(at)
        self._at(at, "jobs.tasks.remove_old", job_id=f"remove-old-{int(at.timestamp())}", queue=SCHEDULED)

    def background(self) -> Background:
        """Return the numbers of workers and jobs, and the scheduler's state; a dead worker counts until its key
        expires.

        Only workers that assign count, not those for webhooks or helpdesks only. A Redis that refuses writes raises
        StoreUnavailable.
        """
        queues = [RqQueue(name, connection=self._connection) for name in ALL_QUEUES]
        with translate_redis_errors("jobs"):
            self._connection.set(WRITTEN, 1, px=SCHEDULER_SEEN_FOR)
            workers = worker_registration.get_keys(queues[0])
            return Background(
                workers=self._connection.exists(*workers) if workers else 0,
                scheduler=0 < self._connection.pttl(SCHEDULER_SEEN) <= SCHEDULER_SEEN_FOR / MILLISECOND,
                queued=sum(queue.count for queue in queues),
                runs_to_come=queues[0].count,
                failed=sum(queue.failed_job_registry.get_job_count(cleanup=False) for queue in queues),
            )

    def may_watch(self) -> bool:
        """Return False during the pause after a watch; more remaining time than the whole means a changed clock."""
        with translate_redis_errors("jobs"), self._connection.pipeline(transaction=False) as pipe:
            pipe.get(WATCH_RESTS)
            pipe.pttl(WATCH_RESTS)
            whole, left = pipe.execute()
        return not 0 < left <= int(whole or 0)

    def let_watch_rest(self, rests_for: timedelta) -> None:
        """Pause the watch for this long."""
        whole = max(rests_for // MILLISECOND, 1)
        with translate_redis_errors("jobs"):
            self._connection.set(WATCH_RESTS, whole, px=whole)

    def enqueue(self, queue: str, task: str, *args: object, lasts_for: timedelta = LONGEST_JOB, **named: object) -> str:
        """Enqueue a task and return the job's id; after the death of its process, a job is repeated."""
        with translate_redis_errors("jobs"):
            job = RqQueue(queue, connection=self._connection).enqueue(
                task,
                *args,
                **named,
                job_timeout=int(lasts_for.total_seconds()),
                result_ttl=int(RESULT_LASTS_FOR.total_seconds()),
                failure_ttl=int(FAILURE_LASTS_FOR.total_seconds()),
                retry=Retry(max=3),
                meta=_cause(),
            )
        return str(job.id)

    def _cancel(self, job_id: str) -> None:
        """Cancel a job in every state: without its record, RQ skips its id."""
        with translate_redis_errors("scheduled jobs"):
            self._scheduler.cancel(job_id)
            self._connection.delete(Job.key_for(job_id))

    def _at(self, at: datetime, task: str, *args: object, job_id: str, queue: str = DEFAULT) -> None:
        """Schedule a task under this id; the delay is measured by our clock and added to Redis's.

        rq-scheduler keeps whole seconds: of two slots that free within one second, both would come at its end.
        """
        ahead = (at - clock.now()).total_seconds()
        with translate_redis_errors("scheduled jobs"):
            seconds, microseconds = self._connection.time()
            due_at = seconds + microseconds / 1_000_000 + ahead
            self._scheduler.enqueue_at(
                datetime.fromtimestamp(due_at, UTC) + timedelta(seconds=1),
                task,
                *args,
                job_id=job_id,
                queue_name=queue,
                job_result_ttl=int(RESULT_LASTS_FOR.total_seconds()),
                timeout=int(LONGEST_JOB.total_seconds()),
            )
            self._connection.zadd(self._scheduler.scheduled_jobs_key, {job_id: due_at}, xx=True)


def _whole_second(at: datetime) -> datetime:
    """Return the end of this second, so that requests within a second share one job."""
    return at.replace(microsecond=0) + timedelta(seconds=1)


def _cause() -> dict[str, object]:
    """Return the instant of the request for a job and the id of the causing request, for the job's log lines.

    RQ's own instant comes from the requesting machine's clock, which may be wrong.
    """
    asking_now = structlog.contextvars.get_contextvars().get("request")
    return {"asked_at": clock.now(), **({"request": asking_now} if asking_now else {})}


def _wakeup(account_id: int, inbox_id: int, at: datetime) -> str:
    """Return the id of an inbox's wake-up at this instant."""
    return f"wakeup-{account_id}-{inbox_id}-{int(at.timestamp())}"
