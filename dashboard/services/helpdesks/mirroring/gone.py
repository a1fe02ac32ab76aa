"""Conversations that the helpdesk does not have any more are closed here, with their reason (C12)."""

from dataclasses import replace
from datetime import datetime

from dashboard.engine.model import Status
from dashboard.services.conversations import save
from dashboard.services.conversations.transitions import Transition
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.store.helpdesks import events, links
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.helpdesks.links import LinkRow
from dashboard.store.ledger.ledger import AssignmentSource
from dashboard.store.models.connections import ConnectionEventKind
from dashboard.store.postgres import locks

GONE = AssignmentSource.GONE_IN_HELPDESK


def close(work: UnitOfWork, view: MirrorView, link: LinkRow, *, now: datetime) -> None:
    """Close the conversation here: resolved, nobody's, and without a link."""
    found = links.find_all(work.session, link.connection_id, [link.external_id]).get(link.external_id)
    if found is None:
        return
    locks.share_inboxes(work.session, [found.row.inbox_id])
    before = links.lock(work.session, link.connection_id, link.external_id)
    if before is None:
        return
    row = replace(before.row, status=Status.RESOLVED, assignee_id=None, held_until=None, held_for=None)
    save.save(work, before.row, Transition(row, GONE), ActorContext(actor_id=None, now=now, mirrored=True))
    links.forget(work.session, link.connection_id, link.external_id)
    told = NewEvent(
        account_id=link.account_id,
        connection_id=link.connection_id,
        at=now,
        kind=ConnectionEventKind.REPAIR,
        cause=GONE.value,
        external_id=link.external_id,
        conversation_id=link.conversation_id,
    )
    events.record(work.session, [told])
