"""Polls of a helpdesk: each runs the due readings in its own units of work, and stores success or failure (C8, C18)."""

from datetime import timedelta

from dashboard.helpdesks.port import Helpdesk
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import state
from dashboard.services.helpdesks.mirroring import presences, setup
from dashboard.services.helpdesks.mirroring.setup import SetupReading
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.services.helpdesks.polling import abouts, echoes, failures, reconciliation, timing
from dashboard.services.helpdesks.polling.reconciliation import Clock, Job
from dashboard.services.helpdesks.polling.timing import Due
from dashboard.store.helpdesks import connections, directory
from dashboard.store.helpdesks.connections import ConnectionRow

# Then another job goes on, so that a long reading holds up no other connection.
LASTS_FOR = timedelta(seconds=20)
# Webhooks are refused by the helpdesk's clock, and waits are counted by it: it is looked at each minute.
TELLS_ITS_TIME = {Due.SETUP, Due.WAITING}


def poll(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, clock: Clock) -> bool:
    """Run the due readings; True if another poll should follow at once. A failure is a state of the connection."""
    with failures.recorded(work, connection, clock=clock):
        return _poll(work, connection, helpdesk, clock)
    return False


def _poll(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, clock: Clock) -> bool:
    until = clock() + LASTS_FOR
    _look_at_marks(work, connection, helpdesk)
    echoes.mark_unconfirmed(work, connection, now=clock())
    work.finish()
    wanted = timing.due(_again(work, connection), helpdesk.features, clock())
    if TELLS_ITS_TIME & set(wanted):
        abouts.read(work, connection, helpdesk, clock=clock)
        work.finish()
    for due in wanted:
        connection = _again(work, connection)
        view = MirrorView(connection=connection, directory=directory.read(work.session, connection.id))
        job = Job(work=work, helpdesk=helpdesk, view=view, clock=clock, until=until)
        if not _do(job, due):
            return True
    connection = _again(work, connection)
    if connection.question is None:
        state.works(work, connection, now=clock())
    work.finish()
    return False


def _do(job: Job, due: Due) -> bool:
    """Make one reading; False if it is not finished."""
    work, view = job.work, job.view
    if due is Due.SETUP:
        _read_setup(job)
    elif due is Due.PRESENCE:
        found, now = job.helpdesk.read_presence(), job.clock()
        presences.apply(work, view, found, job.helpdesk.features, now=now)
        work.finish()
    elif not view.directory.chosen:
        return True
    elif due is Due.WAITING:
        reconciliation.read_waiting(job)
    elif due is Due.CHANGES:
        reconciliation.read_changes(job)
    else:
        return reconciliation.read_open(job)
    return True


def _read_setup(job: Job) -> None:
    """Read the set-up, twice if the first reading lacks something that was there (C9)."""
    groups = {link.external_id: link.group_id for link in job.view.directory.inboxes.values() if link.group_id}
    now, first = job.clock(), job.helpdesk.read_setup(groups)
    second = job.helpdesk.read_setup(groups) if setup.lacks(job.work, job.view, first) else None
    setup.apply(job.work, job.view, SetupReading(first=first, second=second), now=now)
    job.work.finish()


def _look_at_marks(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk) -> None:
    """Make the set-up due as soon as the helpdesk's cheap marks move."""
    if connection.setup_marks is None or connection.setup_read_at is None:
        return
    if helpdesk.setup_marks() != connection.setup_marks:
        connections.note(work.session, connection.id, setup_read_at=None)
        work.finish()


def _again(work: UnitOfWork, connection: ConnectionRow) -> ConnectionRow:
    """Return the connection as it is now."""
    found = connections.shelf.find(work.session, connection.account_id, connection.id)
    return found or connection
