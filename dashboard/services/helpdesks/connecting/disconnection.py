"""The end of a connection: its own assignment is put back, our webhook and all tokens are removed (C19, C21)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskUnavailable
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.access import helpdesk_of
from dashboard.services.helpdesks.connecting import own_assignment
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import directory, remains
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.postgres import locks

log = structlog.get_logger()
SWITCHES = "The helpdesk's own assignment was not switched on again: {}"
WEBHOOK = "The webhook was not removed there: {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """A removed connection, and the failed steps in the helpdesk, in sentences."""

    row: ConnectionRow
    left: tuple[str, ...]


def remove(
    work: UnitOfWork, account_id: int, connection_id: int, *, keep: bool, actor_id: int | None, now: datetime
) -> Disconnected | None:
    """Put switches back, remove the webhook, and remove the connection with its secrets.

    Finishes units of work; no transaction is open while the helpdesk is called. A failed step there is returned and
    does not stop the rest. With `keep`, inboxes and conversations stay here as if they had never been elsewhere;
    else they are removed with it.
    """
    row = store.shelf.find(work.session, account_id, connection_id)
    if row is None:
        return None
    left = _leave(work, row)
    # Before the connection: a reading of the mirror takes the inboxes first as well.
    locks.take_inboxes(work.session, directory.read(work.session, connection_id).inbox_ids)
    if (locked := store.shelf.lock(work.session, account_id, connection_id)) is None:
        return None
    remains.let_go(work.session, connection_id)
    if not keep:
        remains.remove(work.session, connection_id)
    store.shelf.remove(work.session, connection_id)
    facts = {"kind": row.kind, "name": row.name, "url": row.url, "keep": keep, "left": list(left)}
    said = AuditedChange(subject="connection", subject_id=connection_id, before=facts)
    audit_log.write(work, account_id, said, ActorContext(actor_id=actor_id, now=now))
    work.notes.touched(account_id, is_all=True)
    work.notes.changed(account_id)
    work.notes.then(partial(_forget, work, account_id, connection_id))
    return Disconnected(row=locked, left=left)


def _leave(work: UnitOfWork, row: ConnectionRow) -> tuple[str, ...]:
    """Undo our changes in the helpdesk; return the failed steps."""
    known = directory.read(work.session, row.id)
    if not row.switched_off and row.webhook_id is None:
        return ()
    try:
        with helpdesk_of(work, row, Urgency.WRITE) as helpdesk:
            work.finish()
            tasks: list[tuple[str, Callable[[], None]]] = [
                (SWITCHES, lambda: own_assignment.put_back(row, known, helpdesk)),
                (WEBHOOK, lambda: _remove_webhook(row, helpdesk)),
            ]
            return tuple(left for sentence, task in tasks if (left := _failure(row, sentence, task)))
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        work.abandon()
        return (WEBHOOK.format(error.sentence),)


def _failure(row: ConnectionRow, sentence: str, task: Callable[[], None]) -> str | None:
    try:
        task()
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        log.warning("helpdesk_not_left_as_it_was", connection=row.id, error=error.sentence)
        return sentence.format(error.sentence)
    return None


def _remove_webhook(row: ConnectionRow, helpdesk: Helpdesk) -> None:
    if row.webhook_id is not None:
        helpdesk.remove_webhook(row.webhook_id)


def _forget(work: UnitOfWork, account_id: int, connection_id: int) -> None:
    try:
        work.helpdesk_gates.forget(account_id, connection_id)
    except StoreUnavailable as error:  # it expires
        log.warning("helpdesk_calls_not_forgotten", connection=connection_id, error=str(error))
