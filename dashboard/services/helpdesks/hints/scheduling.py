"""Jobs on helpdesks: polls, readings of marked conversations, and the regular search for both (C7, C8)."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from dashboard.helpdesks.port import Helpdesk
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.access import ADAPTERS, helpdesk_of
from dashboard.services.helpdesks.hints import marks
from dashboard.services.helpdesks.polling import failures, polling, timing
from dashboard.services.helpdesks.polling.reconciliation import Clock
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import events
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models.connections import ConnectionState
from dashboard.store.postgres import locks

# The job of these marks was lost, or the helpdesk did not answer it.
MARKS_LOST_AFTER, WRITES_LOST_AFTER = timedelta(seconds=5), timedelta(seconds=1)
Pause = Callable[[float], object]


def read_marked(
    work: UnitOfWork, account_id: int, connection_id: int, *, clock: Clock, pause: Pause = time.sleep
) -> bool:
    """Read the marked conversations; True if marks remain. Finishes units of work.

    The mark in Redis goes after the pause in which webhooks gather, and before the reading: later ones ask anew.
    """

    def gather(seconds: float) -> None:
        pause(seconds)
        work.signals.helpdesks.clear_reading(account_id, connection_id)

    connection = _callable(work, account_id, connection_id)
    if connection is None or not events.is_marked(work.session, connection_id):
        work.finish()
        work.signals.helpdesks.clear_reading(account_id, connection_id)
        # One that came while the mark in Redis was still set has enqueued no job.
        return connection is not None and events.is_marked(work.session, connection_id)
    return _with_helpdesk(
        work,
        connection,
        lambda helpdesk: marks.work_off(work, connection, helpdesk, clock=clock, pause=gather),
        urgency=Urgency.REREAD,
        clock=clock,
    )


def poll(work: UnitOfWork, account_id: int, connection_id: int, *, clock: Clock) -> bool:
    """Run the due readings, unless another process does; True if more are due at once. Finishes units of work."""
    work.signals.helpdesks.clear_poll(account_id, connection_id)
    with locks.connection_lock(work.session, connection_id) as is_ours:
        connection = _callable(work, account_id, connection_id) if is_ours else None
        if connection is None:
            return False
        return _with_helpdesk(
            work,
            connection,
            lambda helpdesk: polling.poll(work, connection, helpdesk, clock=clock),
            urgency=Urgency.RECONCILE,
            clock=clock,
        )


def start_due(work: UnitOfWork, *, now: datetime) -> None:
    """Enqueue a poll of each helpdesk with something due, new readings where a mark has stayed, and due writes."""
    found = store.callable_ones(work.session, marked_before=now - MARKS_LOST_AFTER, due_before=now - WRITES_LOST_AFTER)
    work.finish()
    for polled in found:
        row = polled.row
        if timing.due(row, ADAPTERS[row.kind].features, now):
            work.signals.poll_helpdesk(row.account_id, row.id)
        if polled.has_old_marks:
            work.signals.read_marked(row.account_id, row.id)
        if polled.has_due_writes:
            work.signals.write_to_helpdesk(row.account_id, row.id)


def _callable(work: UnitOfWork, account_id: int, connection_id: int) -> ConnectionRow | None:
    """Return the connection, None if it is gone, or a person must act first."""
    row = store.shelf.find(work.session, account_id, connection_id)
    if row is None or row.paused or row.state in (ConnectionState.BROKEN, ConnectionState.PAUSED):
        return None
    return row


def _with_helpdesk(
    work: UnitOfWork,
    connection: ConnectionRow,
    act: Callable[[Helpdesk], bool],
    *,
    urgency: Urgency,
    clock: Clock,
) -> bool:
    """Act on the helpdesk; credentials that cannot be opened break the connection (C3)."""
    with failures.recorded(work, connection, clock=clock), helpdesk_of(work, connection, urgency) as helpdesk:
        return act(helpdesk)
    return False
