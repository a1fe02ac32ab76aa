"""Explains confirmed assignments in the helpdesk itself: a private note or an attribute, once each (C17)."""

from datetime import datetime

import structlog

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import NoteSetting
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.explanations import conversation as explanations
from dashboard.services.helpdesks.polling.reconciliation import Clock
from dashboard.store.helpdesks import events
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.helpdesks.writing import due_notes
from dashboard.store.helpdesks.writing.due_notes import DueNote
from dashboard.store.models.connections import ConnectionEventKind

log = structlog.get_logger()


def explain(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, clock: Clock) -> None:
    """Write the due notes, each taken and committed before its call, so that none is written twice.

    A note may exist although its call failed, so it is not tried again; an attribute is.
    """
    found = due_notes.all_of(work.session, connection.id)
    work.finish()
    for note in found:
        explained = explanations.conversation(work, note.account_id, note.conversation_id, now=clock())
        is_mine = due_notes.take(work.session, note.write_id, now=clock())
        work.finish()
        if not is_mine or explained is None or connection.note is NoteSetting.OFF:
            continue
        try:
            helpdesk.note(note.key, explained.sentence, _link(work, note), connection.note)
        except (HelpdeskUnavailable, HelpdeskForbids) as error:
            _failed(work, connection, note, sentence=error.sentence, now=clock())


def _link(work: UnitOfWork, note: DueNote) -> str:
    """Return the address of the conversation here; empty where no PUBLIC_URL says it."""
    base = work.settings.public_url
    return f"{base}/conversations/{note.conversation_id}" if base else ""


def _failed(work: UnitOfWork, connection: ConnectionRow, note: DueNote, *, sentence: str, now: datetime) -> None:
    log.warning(
        "not_explained_in_helpdesk", connection=connection.id, conversation=note.conversation_id, error=sentence
    )
    if connection.note is NoteSetting.ATTRIBUTE:
        due_notes.give_back(work.session, note.write_id)
    told = NewEvent(
        account_id=note.account_id,
        connection_id=connection.id,
        at=now,
        kind=ConnectionEventKind.WRITE,
        cause=f"not explained: {sentence}",
        external_id=note.key.id,
        conversation_id=note.conversation_id,
    )
    events.record(work.session, [told])
    work.finish()
