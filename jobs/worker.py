"""`python -m jobs.worker`: an RQ worker. Any number may run, on any host."""

import argparse
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
from jobs import runtime, tasks  # noqa: F401  what jobs need is imported once, before RQ forks
from jobs.persistent_worker import PersistentWorker
from jobs.rq_queue import DEFAULT, SCHEDULED, WEBHOOKS, RqJobs

log = structlog.get_logger()
# What waits for Redis begins again a second after it is back.
LONGEST_PAUSE = 1.0
# Seconds: how long a dead worker is thought to live, how often one at work says so, how often lost jobs are looked for.
LIVES_FOR, SAYS_SO_EVERY, LOOKS_EVERY = 20, 5, 30
# The timetable's few jobs first. Webhooks are told by who is asked to: a slow receiver would hold up assignments.
QUEUES = (SCHEDULED, DEFAULT)
HELP = "the first one first; those that assign unless set, and then webhooks need a worker of their own"
FIRST_TASKS = {SCHEDULED: "jobs.tasks.sweep", WEBHOOKS: "jobs.tasks.look_at_outbox"}


def main() -> None:
    """Work until told to stop; a Redis that cannot be reached is waited for (E42)."""
    wanted = _arguments()
    settings = runtime.begin()
    # Told to stop while Redis is away: RQ's own handlers are there only while it works.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    until_redis_answers(lambda: work(settings.redis_url, wanted.queues, wanted.name))


def work(redis_url: str, queues: Sequence[str], name: str | None = None) -> None:
    """Work on the queues, the first one first; what a killed worker took with it is found at once (E33)."""
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
        # RQ logs what it did not expect, such as Redis gone in the middle of a job, and ends as if told to.
        raise StoreUnavailable("the worker ended unasked")


class ResilientWorker(PersistentWorker):
    """A worker that is soon back when Redis is, known again when that was emptied, and sure of who ended it."""

    max_connection_wait_time = LONGEST_PAUSE
    was_asked = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Note that somebody asked before Redis is told, which may be away."""
        self.was_asked = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that it lives; in a Redis that does not know it, say first who it is."""
        if pipeline is None and not self.connection.sismember(REDIS_WORKER_KEYS, self.key):
            self.connection.delete(self.key)
            self.register_birth()  # type: ignore[no-untyped-call]
        super().heartbeat(timeout, pipeline)


def until_redis_answers(act: Callable[[], None]) -> None:
    """Do it; as long as Redis cannot be reached, try again after a growing pause, saying so once."""
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
    parser.add_argument("--queues", nargs="+", choices=(*QUEUES, WEBHOOKS), default=QUEUES, help=HELP)
    return parser.parse_args()


if __name__ == "__main__":
    main()
