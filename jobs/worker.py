"""`python -m jobs.worker`: an RQ worker. Any number may run, on any host."""

import argparse
import signal
import sys
import time
from collections.abc import Callable

import structlog
from rq import Worker

from dashboard import config, logs
from dashboard.store import redis
from dashboard.store.errors import StoreUnavailable, asking
from jobs import runtime, tasks  # noqa: F401  what jobs need is imported once, before RQ forks
from jobs.queues import DEFAULT, SCHEDULED, WEBHOOKS, Jobs

log = structlog.get_logger()
LONGEST_PAUSE = 5.0


def main() -> None:
    """Work until told to stop; a Redis that cannot be reached is waited for (E42)."""
    name = _arguments().name
    settings = config.load()
    logs.set_up(settings.log_format)
    # Told to stop while Redis is away: RQ's own handlers are there only while it works.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    until_redis_answers(lambda: work(settings.redis_url, name))


def work(redis_url: str, name: str | None = None) -> None:
    """Work on the queues; the timetable's few jobs first."""
    runtime.warm_up()
    # What a killed worker took with it is found by one sweep (E33).
    Jobs(redis_url).enqueue(SCHEDULED, "jobs.tasks.sweep")
    with asking("the worker"):
        connection = redis.connect(redis_url, text=False, waits=True)
        Worker([SCHEDULED, DEFAULT, WEBHOOKS], name=name, connection=connection).work(logging_level="WARNING")


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
    return parser.parse_args()


if __name__ == "__main__":
    main()
