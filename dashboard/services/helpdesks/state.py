"""How a connection stands, in a word and a sentence; each change of the word is an event."""

from datetime import datetime

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.helpdesks import connections, directory, events
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.models.connections import ConnectionEventKind, ConnectionState

NEW = "Nothing is read of its conversations yet: choose inboxes."
GOES_ON = "Everything is read again."
READY = "All is read and written as it should be."
IMPORTING = "The first sync reads all open conversations; nothing is decided before it ends."
PAUSED = "Paused by a person: nothing is read, decided or written."


def change(
    work: UnitOfWork, connection: ConnectionRow, state: ConnectionState, sentence: str, *, now: datetime
) -> None:
    """Write the state if it differs; pages show it, and runs of its inboxes look again."""
    if (connection.state, connection.sentence) == (state, sentence):
        return
    since = {} if connection.state is state else {"state_since": now}
    connections.note(work.session, connection.id, state=state, sentence=sentence, **since)
    if since:
        told = NewEvent(
            account_id=connection.account_id,
            connection_id=connection.id,
            at=now,
            kind=ConnectionEventKind.STATE,
            cause=f"{state.value}: {sentence}",
        )
        events.record(work.session, [told])
    work.notes.changed(connection.account_id)


def works(work: UnitOfWork, connection: ConnectionRow, *, now: datetime) -> None:
    """Store the success of a reading: a degraded or broken connection is ready again."""
    if connection.paused:
        return
    if connection.is_imported:
        change(work, connection, ConnectionState.READY, READY, now=now)
    elif directory.read(work.session, connection.id).chosen:
        change(work, connection, ConnectionState.IMPORTING, IMPORTING, now=now)
    else:
        change(work, connection, ConnectionState.NEW, NEW, now=now)


def fails(work: UnitOfWork, connection: ConnectionRow, sentence: str, *, now: datetime) -> None:
    """Note that the helpdesk cannot be reached; the readings that exist are used until they are too old (C18)."""
    change(work, connection, _unproven(work, connection), sentence, now=now)


def goes_on(work: UnitOfWork, connection: ConnectionRow, *, now: datetime) -> None:
    """Note that a person ended a pause or mended something: the next reading shows whether all is well."""
    change(work, connection, _unproven(work, connection), GOES_ON, now=now)


def breaks(work: UnitOfWork, connection: ConnectionRow, sentence: str, *, now: datetime) -> None:
    """Note that a person must act: nothing is read or written until then."""
    change(work, connection, ConnectionState.BROKEN, sentence, now=now)


def _unproven(work: UnitOfWork, connection: ConnectionRow) -> ConnectionState:
    """Return the state of a connection that works, as far as nobody has shown it."""
    if connection.is_imported:
        return ConnectionState.DEGRADED
    has_begun = bool(directory.read(work.session, connection.id).chosen)
    return ConnectionState.IMPORTING if has_begun else ConnectionState.NEW
