"""Writes without an echo: no webhook came, so their conversations are read again (C13)."""

from datetime import datetime, timedelta

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.helpdesks import events, links
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.helpdesks.writing import open_writes
from dashboard.store.models.connections import ConnectionEventKind

CONFIRMED_WITHIN = timedelta(seconds=10)


def mark_unconfirmed(work: UnitOfWork, connection: ConnectionRow, *, now: datetime) -> None:
    """Mark the conversations of writes without a webhook's echo."""
    for conversation_id in open_writes.unconfirmed(work.session, connection.id, before=now - CONFIRMED_WITHIN):
        link = links.of_conversation(work.session, conversation_id)
        if link is None:
            continue
        mark = NewEvent(
            account_id=link.account_id,
            connection_id=link.connection_id,
            at=now,
            kind=ConnectionEventKind.POLL,
            cause="no echo",
            external_id=link.external_id,
            display_id=link.display_id,
            conversation_id=link.conversation_id,
            pending=True,
        )
        events.record(work.session, [mark])
