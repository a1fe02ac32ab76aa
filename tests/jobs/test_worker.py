"""What a worker does with what happens, on real RQ and without a sweep."""

import os
import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta

from rq import Queue
from rq.job import Job
from sqlalchemy import func, select, text

from dashboard import clock
from dashboard.engine.decisions import Source
from dashboard.services.agents import presence
from dashboard.services.assignment import run
from dashboard.store.models import Assignment, Conversation, OutboxEvent, Run
from dashboard.store.redis import client
from jobs.tasks import CLOCK_MARGIN
from tests.desks import Acme
from tests.jobs.conftest import scheduled_jobs_done
from tests.waiting import eventually, promptly

Worker = Callable[[], subprocess.Popen[bytes]]


def assigned(acme: Acme) -> int:
    count = acme.work.session.scalar(
        select(func.count()).select_from(Conversation).where(Conversation.assignee_id.is_not(None))
    )
    acme.work.session.rollback()
    return int(count or 0)


def online(acme: Acme, *names: str) -> None:
    acme.online(*names, at=clock.now())


def ready(live: Acme, worker: Worker) -> subprocess.Popen[bytes]:
    """Start a worker and wait until it has done the sweep it begins with."""
    started = worker()
    eventually(lambda: scheduled_jobs_done(live.work.settings))
    return started


def test_a_wake_up_is_acted_on_within_a_second(live: Acme, worker: Worker):
    """E30, E32"""
    live.policy()
    online(live, "Ana", "Bo")
    ready(live, worker)
    live.waiting(2, created_at=clock.now())

    live.work.signals.wake(live.account_id, [live.support])

    promptly(lambda: assigned(live) == 2, within=1.0)


def test_a_thousand_wake_ups_cost_few_jobs(live: Acme, worker: Worker):
    """E32: at most one for five; the quicker jobs are, the more of them come between."""
    live.policy()
    online(live, "Ana", "Bo")
    ready(live, worker)

    for _ in range(20):
        live.waiting(50, created_at=clock.now())
        for _ in range(50):
            live.work.signals.wake(live.account_id, [live.support])

    eventually(lambda: assigned(live) == 1_000)
    runs = live.work.session.scalar(select(func.count()).select_from(Run))
    assert runs is not None
    assert runs <= 200


def test_what_was_asked_for_too_often_is_done_once(live: Acme, worker: Worker):
    """E32: thirty jobs that stood in the queue before the first of them began. Seen to fail without: thirty runs."""
    live.policy()
    online(live, "Ana")
    live.waiting(2, created_at=clock.now())
    for _ in range(30):
        live.work.signals.queue.run_inbox(live.account_id, live.support, Source.REALTIME)
    queue = Queue("default", connection=client.connect(live.work.settings.redis_url, text=False))
    for job in queue.jobs:
        job.meta["asked_at"] -= CLOCK_MARGIN
        job.save_meta()

    worker()

    eventually(lambda: assigned(live) == 2 and not queue.count)
    assert count(live, Run.id) in (1, 2)


def test_a_run_is_done_that_was_asked_for_by_a_machine_whose_clock_is_slow(live: Acme, worker: Worker):
    """E32: it says that it asked before a run that was done before. Seen to fail with RQ's instant, which is by it."""
    live.policy()
    online(live, "Ana")
    request = run.RunRequest(source=Source.REALTIME)
    run.run_inbox(live.work, live.account_id, live.support, request=request)
    live.waiting(1, created_at=clock.now())
    job_id = live.work.signals.queue.run_inbox(live.account_id, live.support, Source.REALTIME)
    job = Job.fetch(job_id, connection=client.connect(live.work.settings.redis_url, text=False))
    job.enqueued_at = clock.now() - timedelta(minutes=5)
    job.save()

    worker()

    eventually(lambda: assigned(live) == 1)
    done = live.work.session.scalar(select(Run.assigned_count).where(Run.job_id == job_id))
    assert done == 1


def test_an_agent_who_comes_back_is_given_what_waits(live: Acme, worker: Worker):
    """E30"""
    live.policy()
    live.waiting(1, created_at=clock.now())
    ready(live, worker)

    live.work.finished(presence.heartbeat(live.work, live.account_id, [live.agents["Dov"]], now=clock.now()))

    promptly(lambda: assigned(live) == 1, within=2.0)


SLOW = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
    CREATE TRIGGER slow AFTER INSERT ON run_batches FOR EACH STATEMENT EXECUTE FUNCTION slow()
"""
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def test_what_a_killed_worker_left_is_assigned_by_the_next_and_nothing_is_half_written(live: Acme, worker: Worker):
    """E25, E26, E43: the first run is killed inside its transaction, which a slow trigger holds open."""
    live.policy()
    online(live, "Ana", "Bo")
    first = ready(live, worker)
    tell(live, SLOW)
    live.waiting(10, created_at=clock.now())
    live.work.signals.wake(live.account_id, [live.support])
    eventually(lambda: in_trigger(live))

    os.killpg(first.pid, signal.SIGKILL)
    tell(live, CUT)
    eventually(lambda: not in_trigger(live))
    assert assigned(live) == 0
    tell(live, "DROP FUNCTION slow CASCADE")
    worker()

    eventually(lambda: assigned(live) == 10)
    assert count(live, Assignment.id) == 10
    assert count(live, OutboxEvent.conversation_id) == 20


def tell(acme: Acme, statement: str) -> None:
    acme.work.session.execute(text(statement))
    acme.work.session.commit()


def count(acme: Acme, column: object) -> int | None:
    found: int | None = acme.work.session.scalar(select(func.count(column)))
    return found


def in_trigger(acme: Acme) -> bool:
    found = acme.work.session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    acme.work.session.rollback()
    return bool(found)
