"""Conversations that the mirror sees for the first time, written in a fixed number of statements."""

from collections.abc import Mapping, Sequence

from dashboard.engine.decisions import Source
from dashboard.engine.model import Awaiting, Hold, Status
from dashboard.helpdesks.values import HelpdeskConversation
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring import translation
from dashboard.services.helpdesks.mirroring.translation import Asked, MirrorView
from dashboard.store.conversations import contacts, conversations
from dashboard.store.conversations.conversations import NewConversation
from dashboard.store.helpdesks import links
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import AssignmentRow, AssignmentSource, Event, EventRow


def add(work: UnitOfWork, view: MirrorView, readings: Sequence[HelpdeskConversation], asked: Asked) -> list[str]:
    """Insert the conversations with their links; return the helpdesk's ids of the new ones."""
    if not readings:
        return []
    account_id, session = view.connection.account_id, work.session
    drafts = [draft for reading in readings if (draft := translation.contact_of(reading, view))]
    contact_ids = contacts.ensure(session, account_id, drafts)
    rows = [_row(reading, view, asked, contact_ids) for reading in readings]
    added = conversations.add(session, rows)
    links.add(
        session,
        [
            translation.link_of(reading, view, asked, conversation_id=one.id, before=None)
            for one, reading in zip(added, readings, strict=True)
        ],
    )
    new = [(one.id, row) for one, row in zip(added, rows, strict=True) if one.is_new]
    _record(work, new, asked)
    if view.connection.is_imported:
        work.notes.wakes(account_id, {row.inbox_id for _, row in new if row.waiting_since})
    return [reading.id for one, reading in zip(added, readings, strict=True) if one.is_new]


def _row(
    reading: HelpdeskConversation, view: MirrorView, asked: Asked, contact_ids: Mapping[str, int]
) -> NewConversation:
    status = translation.status_of(reading, view)
    assignee_id = None if status is Status.PENDING else view.directory.agent_id(reading.assignee_id)
    waits = status is Status.OPEN and assignee_id is None
    seen_at = min(view.here(reading.created_at), asked.at)
    settles_at = translation.settles_at(reading, view, seen_waiting_at=seen_at)
    held = waits and settles_at > asked.at
    return NewConversation(
        account_id=view.connection.account_id,
        external_id=reading.id,
        inbox_id=view.directory.inbox_id(reading.inbox_id) or 0,
        team_id=view.directory.team_id(reading.team_id),
        contact_id=contact_ids.get(reading.contact or ""),
        subject=translation.subject_of(reading, view),
        status=status,
        priority=reading.priority,
        assignee_id=assignee_id,
        labels=tuple(dict.fromkeys(reading.labels or ())),
        created_at=view.here(reading.created_at),
        last_activity_at=view.here(reading.last_activity_at),
        waiting_since=translation.waiting_since(reading, view, asked.at) if waits else None,
        assigned_at=asked.at if assignee_id is not None else None,
        resolved_at=asked.at if status is Status.RESOLVED else None,
        awaiting=None if status is Status.RESOLVED else reading.awaiting or Awaiting.AGENT,
        held_until=settles_at if held else None,
        held_for=Hold.SETTLING if held else None,
    )


def _record(work: UnitOfWork, new: Sequence[tuple[int, NewConversation]], asked: Asked) -> None:
    """Write ledger rows for those that somebody has, and events for all."""
    given = [
        AssignmentRow(
            account_id=row.account_id,
            conversation_id=conversation_id,
            inbox_id=row.inbox_id,
            agent_id=row.assignee_id,
            source=Source.BY_HAND,
            reason=AssignmentSource.IN_HELPDESK,
            actor_id=None,
            at=asked.at,
        )
        for conversation_id, row in new
        if row.assignee_id is not None
    ]
    created = [
        EventRow(
            account_id=row.account_id,
            events=(Event.CONVERSATION_CREATED,),
            conversation_id=conversation_id,
            agent_id=row.assignee_id,
            at=asked.at,
        )
        for conversation_id, row in new
    ]
    ledger.write_assignments(work.session, given)
    ledger.write_events(work.session, created + ledger.assignment_events(given))
