"""The due readings of a helpdesk: pure, from a connection and an instant (C8, C10)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from dashboard.helpdesks.values import Features
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models.connections import ConnectionState

WAITING_EVERY = timedelta(seconds=60)
CHANGES_EVERY = timedelta(minutes=5)
CHANGES_WITHOUT_WEBHOOKS_EVERY = timedelta(seconds=60)
OPEN_AT_LEAST_EVERY, OPEN_AT_MOST_EVERY = timedelta(minutes=15), timedelta(seconds=60)
# Of the calls that a connection may make, those that read everything again.
SHARE_OF_CALLS = 0.1


class Due(Enum):
    """One kind of reading."""

    SETUP = auto()
    PRESENCE = auto()
    WAITING = auto()
    CHANGES = auto()
    OPEN = auto()


def due(connection: ConnectionRow, features: Features, now: datetime) -> Sequence[Due]:
    """Return the due readings, the most urgent first; none while a person must act.

    Of a new connection, of which no inbox is chosen, only the set-up is read.
    """
    if connection.paused or connection.state in (ConnectionState.BROKEN, ConnectionState.PAUSED):
        return ()
    is_new = connection.state is ConnectionState.NEW
    wanted = [
        (Due.SETUP, connection.setup_read_at, open_every(connection)),
        (Due.PRESENCE, connection.presence_read_at, features.presence_every),
        (Due.WAITING, connection.waiting_read_at, WAITING_EVERY if connection.is_imported else None),
        (Due.CHANGES, connection.changes_read_at, changes_every(connection, features)),
        (Due.OPEN, None if connection.open_began_at else connection.open_read_at, open_every(connection)),
    ]
    found = [kind for kind, read_at, every in wanted if every and (read_at is None or now >= read_at + every)]
    return [kind for kind in found if kind is Due.SETUP] if is_new else found


def changes_every(connection: ConnectionRow, features: Features) -> timedelta | None:
    """Return the pause between readings of changes; None if the helpdesk cannot tell them, or nothing is there yet."""
    if not features.reads_changes or not connection.is_imported:
        return None
    return CHANGES_EVERY if features.webhooks else CHANGES_WITHOUT_WEBHOOKS_EVERY


def open_every(connection: ConnectionRow) -> timedelta:
    """Return the pause between readings of everything: a tenth of the calls is spent on them."""
    seconds = connection.open_pages / (connection.calls_per_second * SHARE_OF_CALLS)
    return min(max(timedelta(seconds=seconds), OPEN_AT_MOST_EVERY), OPEN_AT_LEAST_EVERY)
