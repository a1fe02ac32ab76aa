"""RQ's tasks: each takes ids, calls a service and returns nothing; all may run twice, also concurrently."""

import time
from datetime import timedelta

from rq import get_current_job

from dashboard import clock, mail
from dashboard.engine.decisions import Source
from dashboard.services.accounts import invitation_mail
from dashboard.services.agents import availability_ends, presence_records
from dashboard.services.alerts import checks, sending
from dashboard.services.assignment import run, stranded_check
from dashboard.services.assignment.run import RunRequest
from dashboard.services.conversations.timed import due_renewal, returns, snoozes
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import writing
from dashboard.services.helpdesks.hints import scheduling as jobs_of_helpdesks
from dashboard.services.operations import health, retention
from dashboard.services.reports import rollups
from dashboard.services.trust import simulator_checks
from dashboard.services.webhooks import deliver
from jobs import runtime

LONGEST_PAUSE = timedelta(minutes=1)
# The requesting machine's clock may be slow, the worker's may be fast.
CLOCK_MARGIN = 2 * clock.TOLERATED
# Pause after a watch, in multiples of the CPU time it used (not of its duration, which may be waiting for a store).
REST_FACTOR = 10


def run_inbox(account_id: int, inbox_id: int, *, source: str, actor_id: int | None = None, attempt: int = 0) -> None:
    """Assign the waiting conversations of one inbox; if a store does not answer, retry after a growing pause."""
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
    """Return True if a run that began after this request has already seen the same conversations.

    Sweeps request runs in addition to triggers. Without this check, a queue that was once too long would stay long,
    because each finished job allows a new request.
    """
    job = get_current_job()
    asked_at = job.meta.get("asked_at") if job else None
    if asked_at is None or request.source is Source.MANUAL:
        return False
    return run.has_begun_since(work, account_id, inbox_id, asked_at + CLOCK_MARGIN)


def wake_inbox(account_id: int, inbox_id: int, attempt: int = 0) -> None:
    """Assign conversations that became assignable over time."""
    run_inbox(account_id, inbox_id, source=Source.WAKEUP.value, attempt=attempt)


def sweep() -> None:
    """Start a run for every inbox with work."""
    with runtime.unit_of_work() as work:
        run.sweep(work)


def watch() -> None:
    """Start the runs that were lost, and pause in proportion to the cost, so that the total cost stays low."""
    if not runtime.jobs().may_watch():
        return
    began = time.process_time()
    with runtime.unit_of_work() as work:
        stranded_check.watch(work, now=clock.now())
    runtime.jobs().let_watch_rest(REST_FACTOR * timedelta(seconds=time.process_time() - began))


def check_stranded() -> None:
    """Find waiting conversations that an agent could take; if there are any, schedule a second check."""
    with runtime.unit_of_work() as work:
        now = clock.now()
        if named := stranded_check.suspects(work, now=now):
            work.signals.queue.confirm_stranded_at(named, now + stranded_check.STRANDED_AFTER)


def confirm_stranded(named: stranded_check.Suspects) -> None:
    """Report the stranded conversations, and start runs."""
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


def write_to_helpdesk(account_id: int, connection_id: int) -> None:
    """Carry out the writes of a connection to a helpdesk."""
    with runtime.unit_of_work() as work:
        if writing.run(work, account_id, connection_id, clock=clock.now):
            work.signals.write_to_helpdesk(account_id, connection_id)


def deliver_webhooks(account_id: int | None = None) -> None:
    """Deliver events to webhooks."""
    with runtime.unit_of_work() as work:
        deliver.deliver(work, account_id)


def check_alerts() -> None:
    """Open and close alerts, and have their notices sent."""
    with runtime.unit_of_work() as work:
        checks.check(work, now=clock.now())


def send_notices() -> None:
    """Send the due notices to alert channels."""
    with runtime.unit_of_work() as work:
        sending.send_due(work)


def read_marked(account_id: int, connection_id: int) -> None:
    """Read the conversations of a helpdesk again that webhooks have marked."""
    with runtime.unit_of_work() as work:
        if jobs_of_helpdesks.read_marked(work, account_id, connection_id, clock=clock.now):
            work.signals.read_marked(account_id, connection_id)


def poll_helpdesk(account_id: int, connection_id: int) -> None:
    """Read what is due of a helpdesk."""
    with runtime.unit_of_work() as work:
        if jobs_of_helpdesks.poll(work, account_id, connection_id, clock=clock.now):
            work.signals.poll_helpdesk(account_id, connection_id)


def poll_helpdesks() -> None:
    """Start the polls that are due, and the readings of webhooks' conversations that were lost."""
    with runtime.unit_of_work() as work:
        jobs_of_helpdesks.start_due(work, now=clock.now())


def request_check() -> None:
    """Have the simulator checked, as every night."""
    with runtime.unit_of_work() as work:
        simulator_checks.request(work, now=clock.now())


def check_simulator(check_id: int) -> None:
    """Check the simulator; only the worker for simulations loads what it computes with."""
    from dashboard.services.trust import checking

    with runtime.unit_of_work() as work:
        checking.perform(work, check_id, clock=clock.now)


def forget_webhooks() -> None:
    """Delete what was kept of webhooks for a day."""
    with runtime.unit_of_work() as work:
        retention.forget_heard(work, now=clock.now())


def end_snoozes() -> None:
    """Open the conversations with an ended snooze."""
    with runtime.unit_of_work() as work:
        snoozes.end_due(work, now=clock.now())


def return_conversations() -> None:
    """Take the conversations from agents who do not answer them."""
    with runtime.unit_of_work() as work:
        returns.return_due(work, now=clock.now())


def end_availabilities() -> None:
    """Set the agents online whose availability has ended."""
    with runtime.unit_of_work() as work:
        availability_ends.end_due(work, now=clock.now())


def renew_due_instants() -> None:
    """Renew the instants by which conversations should be assigned where rules have changed."""
    with runtime.unit_of_work() as work:
        due_renewal.renew(work, now=clock.now())


def record_lapses() -> None:
    """Record the agents whose heartbeats have lapsed."""
    with runtime.unit_of_work() as work:
        presence_records.record_lapses(work, now=clock.now())


def look_at_outbox() -> None:
    """Find undelivered events, and deliver them."""
    with runtime.unit_of_work() as work:
        deliver.poll_outbox(work, now=clock.now())


def fold_counters() -> None:
    """Compact the counters, so that reading stays fast."""
    with runtime.unit_of_work() as work:
        health.fold_counters(work)


def mend_counters() -> None:
    """Correct the counters after changes past the triggers, and log the corrected inboxes."""
    with runtime.unit_of_work() as work:
        health.mend_counters(work)


def sum_ledger() -> None:
    """Sum the ledger, so that reports stay fast."""
    with runtime.unit_of_work() as work:
        rollups.sum_ledger(work, now=clock.now())


def remove_old() -> None:
    """Delete some expired rows; the rest follows in another job, so that assignments come between."""
    with runtime.unit_of_work() as work:
        if retention.remove_old(work, now=clock.now()).is_more:
            work.signals.queue.remove_old_at(clock.now())
