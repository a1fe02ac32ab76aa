"""`python -m jobs.worker`: an RQ worker. Any number may run, on any host."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

import structlog
from rq.worker_registration import REDIS_WORKER_KEYS

from dashboard.store.core.errors import StoreUnavailable, translate_redis_errors
from dashboard.store.redis import client
from dashboard.store.redis.client import Pipeline
from jobs import runtime, tasks  # noqa: F401  imported once, before RQ forks
from jobs.persistent_worker import PersistentWorker
from jobs.rq_queue import ALERTS, BACKTESTS, DEFAULT, HELPDESK, HELPDESK_POLLS, SCHEDULED, WEBHOOKS, RqJobs

log = structlog.get_logger()
# Processes that wait for Redis try again after at most this many seconds.
LONGEST_PAUSE = 1.0
# Seconds: the lifetime of a dead worker's record, and the intervals of heartbeats and of searches for lost jobs.
LIVES_FOR, SAYS_SO_EVERY, LOOKS_EVERY = 20, 5, 30
# The timetable's few jobs come first. Only dedicated workers deliver webhooks, and call helpdesks and alert channels:
# slow ones would delay assignments. The long readings of helpdesks have a queue apart from what people wait for.
QUEUES = (SCHEDULED, DEFAULT)
HELP = "the first one first; those that assign unless set, and then the others need workers of their own"
FIRST_TASKS = {SCHEDULED: "jobs.tasks.sweep", WEBHOOKS: "jobs.tasks.look_at_outbox", ALERTS: "jobs.tasks.send_notices"}


def main() -> None:
    """Work until a stop signal; wait for a Redis that cannot be reached (E42)."""
    wanted = _arguments()
    os.nice(wanted.nice)
    settings = runtime.begin()
    # For a stop signal while Redis is away: RQ's own handlers exist only while it works.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    until_redis_answers(lambda: work(settings.redis_url, wanted.queues, wanted.name))


def work(redis_url: str, queues: Sequence[str], name: str | None = None) -> None:
    """Work on the queues in this order, after a search for jobs that a killed worker lost (E33)."""
    runtime.warm_up()
    jobs = RqJobs(redis_url)
    for queue in queues:
        if queue in FIRST_TASKS:
            jobs.enqueue(queue, FIRST_TASKS[queue])
    worker = ResilientWorker(
        list(queues),
        name=name,
        connection=client.connect(redis_url, text=False, waits=True),
        worker_ttl=LIVES_FOR,
        job_monitoring_interval=SAYS_SO_EVERY,
        maintenance_interval=LOOKS_EVERY,
    )
    try:
        with translate_redis_errors("the worker"):
            worker.work(logging_level="WARNING")
    except StoreUnavailable:
        if not worker.was_asked:
            raise
    finally:
        worker.retire_horse()
    if not worker.was_asked:
        # RQ logs an unexpected error, such as a Redis that fails during a job, and ends as if by a stop signal.
        raise StoreUnavailable("the worker ended unasked")


class ResilientWorker(PersistentWorker):
    """A worker that resumes soon after Redis, registers again in an emptied Redis, and records requested stops."""

    max_connection_wait_time = LONGEST_PAUSE
    was_asked = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Record the stop request before the call to Redis, which may fail."""
        self.was_asked = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Send a heartbeat; in a Redis without this worker's record, register first."""
        if pipeline is None and not self.connection.sismember(REDIS_WORKER_KEYS, self.key):
            self.connection.delete(self.key)
            self.register_birth()  # type: ignore[no-untyped-call]
        super().heartbeat(timeout, pipeline)


def until_redis_answers(act: Callable[[], None]) -> None:
    """Call `act`; while Redis cannot be reached, log this once and retry after a growing pause."""
    pause, said = 0.5, False
    while True:
        try:
            return act()
        except StoreUnavailable as error:
            if not said:
                log.warning("waiting_for_redis", error=str(error))
            said = True
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", help="what RQ calls this worker")
    parser.add_argument(
        "--queues",
        nargs="+",
        choices=(*QUEUES, WEBHOOKS, HELPDESK, HELPDESK_POLLS, ALERTS, BACKTESTS),
        default=QUEUES,
        help=HELP,
    )
    parser.add_argument("--nice", type=int, default=0, help="how much it leaves the processor to others: 0 to 19")
    return parser.parse_args()


if __name__ == "__main__":
    main()
