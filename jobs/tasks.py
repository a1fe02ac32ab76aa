"""What RQ runs: ids in, a service called, nothing out; safe to run twice and twice at once."""

import time
from datetime import timedelta

from rq import get_current_job

from dashboard import clock, mail
from dashboard.engine.decisions import Source
from dashboard.services.accounts import invitation_mail
from dashboard.services.assignment import run, stranded_check
from dashboard.services.assignment.run import RunRequest
from dashboard.services.conversations import snoozes
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.operations import health, retention
from dashboard.services.reports import rollups
from dashboard.services.webhooks import deliver
from jobs import runtime

LONGEST_PAUSE = timedelta(minutes=1)
# The clock of whoever asks for a run may be behind, and that of whoever does one ahead.
CLOCK_MARGIN = 2 * clock.TOLERATED
# Times as long as a watch kept the processor busy: one that waited for a store may be the one that is needed next.
REST_FACTOR = 10


def run_inbox(account_id: int, inbox_id: int, *, source: str, actor_id: int | None = None, attempt: int = 0) -> None:
    """Assign what waits in one inbox; when a store is missing, try again after a growing pause."""
    job = get_current_job()
    request = RunRequest(source=Source(source), actor_id=actor_id, job_id=job.id if job else None)
    with runtime.unit_of_work() as work:
        if _is_done_with(work, account_id, inbox_id, request):
            return
        result = run.run_inbox(work, account_id, inbox_id, request=request)
        if result and result.worth_retrying:
            pause = min(timedelta(seconds=2**attempt), LONGEST_PAUSE)
            work.signals.queue.run_inbox_at(account_id, inbox_id, clock.now() + pause, attempt=attempt + 1)


def _is_done_with(work: UnitOfWork, account_id: int, inbox_id: int, request: RunRequest) -> bool:
    """Tell whether a run that began after this one was asked for has seen all that it would see.

    Sweeps ask beside triggers; while triggers keep coming, each job that is done lets another be asked for, and what
    once was too much in the queue would stay there for ever.
    """
    job = get_current_job()
    asked_at = job.meta.get("asked_at") if job else None
    if asked_at is None or request.source is Source.MANUAL:
        return False
    return run.has_begun_since(work, account_id, inbox_id, asked_at + CLOCK_MARGIN)


def wake_inbox(account_id: int, inbox_id: int, attempt: int = 0) -> None:
    """Assign what has become possible by itself."""
    run_inbox(account_id, inbox_id, source=Source.WAKEUP.value, attempt=attempt)


def sweep() -> None:
    """Start a run for every inbox that has work."""
    with runtime.unit_of_work() as work:
        run.sweep(work)


def watch() -> None:
    """Start the runs that were lost; a look that costs much is followed by a rest, so that all of them cost little."""
    if not runtime.jobs().may_watch():
        return
    began = time.process_time()
    with runtime.unit_of_work() as work:
        stranded_check.watch(work, now=clock.now())
    runtime.jobs().let_watch_rest(REST_FACTOR * timedelta(seconds=time.process_time() - began))


def check_stranded() -> None:
    """Look whether anything waits that somebody could take, and if so look again when it should be gone."""
    with runtime.unit_of_work() as work:
        now = clock.now()
        if named := stranded_check.suspects(work, now=now):
            work.signals.queue.confirm_stranded_at(named, now + stranded_check.STRANDED_AFTER)


def confirm_stranded(named: stranded_check.Suspects) -> None:
    """Tell of what is stranded, and start runs."""
    with runtime.unit_of_work() as work:
        stranded_check.confirm(work, named, now=clock.now())


def mail_invitation(account_id: int, agent_id: int) -> None:
    """Mail an agent's invitation; a failure is tried again as RQ does, and ends among the failed jobs."""
    with runtime.unit_of_work() as work:
        server, composed = (
            work.settings.mail_server,
            invitation_mail.compose(work, account_id, agent_id, now=clock.now()),
        )
    if server and composed:
        mail.send(server, composed)


def deliver_webhooks(account_id: int | None = None) -> None:
    """Tell of what happened to those who listen."""
    with runtime.unit_of_work() as work:
        deliver.deliver(work, account_id)


def end_snoozes() -> None:
    """Open the conversations whose snooze has ended."""
    with runtime.unit_of_work() as work:
        snoozes.end_due(work, now=clock.now())


def look_at_outbox() -> None:
    """Find what was not told of, and have it delivered."""
    with runtime.unit_of_work() as work:
        deliver.poll_outbox(work, now=clock.now())


def fold_counters() -> None:
    """Keep the counters quick to read."""
    with runtime.unit_of_work() as work:
        health.fold_counters(work)


def mend_counters() -> None:
    """Count anew what should have been counted, and say where that was needed."""
    with runtime.unit_of_work() as work:
        health.mend_counters(work)


def sum_ledger() -> None:
    """Keep the reports quick to read."""
    with runtime.unit_of_work() as work:
        rollups.sum_ledger(work, now=clock.now())


def remove_old() -> None:
    """Remove some of what has been kept long enough; the rest in another job, so that assignments come between."""
    with runtime.unit_of_work() as work:
        if retention.remove_old(work, now=clock.now()).is_more:
            work.signals.queue.remove_old_at(clock.now())
