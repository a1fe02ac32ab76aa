"""The meaning of a helpdesk's failures for its connection: each becomes a state with a sentence (C12, C18)."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import state
from dashboard.services.helpdesks.mirroring.mirror import IdentityChanged
from dashboard.services.helpdesks.polling.reconciliation import Clock
from dashboard.store.helpdesks import connections
from dashboard.store.helpdesks.connections import ConnectionRow

log = structlog.get_logger()
CAME_BACK_CHANGED = (
    "Conversation {display_id} came back as another one: the helpdesk was restored or merged. Nothing is written there"
    " until you say that it is the same helpdesk (Disconnect and connect it anew) or correct its address."
)


@contextmanager
def recorded(work: UnitOfWork, connection: ConnectionRow, *, clock: Clock) -> Iterator[None]:
    """Abandon a unit of work in which the helpdesk fails, and store the state of the connection instead."""
    try:
        yield
    except (HelpdeskUnavailable, HelpdeskForbids, IdentityChanged) as error:
        work.abandon()
        log.warning("helpdesk_failed", connection=connection.id, error=str(error))
        now = connections.shelf.find(work.session, connection.account_id, connection.id)
        if now is not None:
            _store(work, now, error, clock)
        work.finish()


def _store(
    work: UnitOfWork,
    connection: ConnectionRow,
    error: HelpdeskUnavailable | HelpdeskForbids | IdentityChanged,
    clock: Clock,
) -> None:
    if isinstance(error, HelpdeskUnavailable):
        state.fails(work, connection, error.sentence, now=clock())
    elif isinstance(error, HelpdeskForbids):
        state.breaks(work, connection, f"{error.sentence} {error.fix}", now=clock())
    else:
        state.breaks(work, connection, CAME_BACK_CHANGED.format(display_id=error.display_id), now=clock())
