"""Changes in the helpdesk since its last file: closed conversations, and assignees of waiting ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.conversations import change_records, transitions
from dashboard.services.conversations.transitions import Transition
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.csv_import.reading.rows import ImportRow
from dashboard.services.csv_import.writing.placing import Placed
from dashboard.store.accounts import id_checks
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow, InsertedConversation
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import AssignmentRow, AssignmentSource, Event, EventRow
from dashboard.store.postgres import locks


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """The number of changed conversations, whether agents hold less, and the rows older than the conversation."""

    count: int
    frees: bool
    outdated: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """A conversation before and after its update."""

    before: ConversationRow
    after: ConversationRow


def update(
    work: UnitOfWork, account_id: int, there: Sequence[tuple[InsertedConversation, Placed]], now: datetime
) -> Updated:
    """Update these conversations.

    Resolved ones stay, as do those with a message after the end in the file. Only a conversation that was never
    assigned here gets the file's agent. The order of locks is a run's: inboxes, agents, conversations by id.
    """
    by_id = {added.id: placed for added, placed in there}
    ids = conversations.unresolved(work.session, account_id, by_id)
    locks.share_inboxes(work.session, {by_id[one].conversation.inbox_id for one in ids})
    agent_ids = {agent for one in ids if (agent := by_id[one].conversation.assignee_id)}
    active = id_checks.existing_ids(work.session, account_id, agent_ids=agent_ids).agent_ids
    held = conversations.lock_all(work.session, account_id, ids)
    never_given = set(ids) - set(ledger.ever_given(work.session, account_id, ids))
    changed = [
        Revision(before, after)
        for before in held
        if (after := _after(before, by_id[before.id], now, may_get=active if before.id in never_given else ()))
        != before
    ]
    conversations.save_all(work.session, [one.after for one in changed])
    cause = ActorContext(actor_id=None, now=now)
    change_records.record(work, ((one.before, one.after) for one in changed), cause)
    _record(work, changed, now)
    freed = any(transitions.slot_freed_for(one.before, one.after) for one in changed)
    outdated = tuple(by_id[row.id] for row in held if _is_outdated(by_id[row.id].row, row, now))
    return Updated(count=len(changed), frees=freed, outdated=outdated)


def _after(before: ConversationRow, placed: Placed, now: datetime, *, may_get: Collection[int]) -> ConversationRow:
    """Return the conversation by the file, or unchanged."""
    row, agent_id = placed.row, placed.conversation.assignee_id
    if row.resolved_at:
        return before if _is_outdated(row, before, now) else _closed(before, placed, now)
    if row.status is Status.OPEN and before.is_waiting and agent_id in may_get:
        after = transitions.apply_status_rules(before, Transition(replace(before, assignee_id=agent_id)), now)
        return replace(after, assigned_at=row.assigned_at or now)
    return before


def _closed(before: ConversationRow, placed: Placed, now: datetime) -> ConversationRow:
    """Return the conversation resolved by the agent of the file."""
    end = _end(placed.row, now)
    agent_id = placed.conversation.assignee_id or before.assignee_id
    wanted = replace(before, status=Status.RESOLVED, assignee_id=agent_id, last_activity_at=end)
    after = replace(transitions.apply_status_rules(before, Transition(wanted), now), resolved_at=end)
    if agent_id == before.assignee_id:
        return after
    return replace(after, assigned_at=placed.row.assigned_at or end)


def _is_outdated(row: ImportRow, before: ConversationRow, now: datetime) -> bool:
    """Return whether the conversation has a message after the end in the file."""
    return row.resolved_at is not None and before.last_activity_at > _end(row, now)


def _end(row: ImportRow, now: datetime) -> datetime:
    """Return the end in the file; without one the helpdesk closed it between the last file and now."""
    return row.resolved_at if row.resolved_at and row.end_is_known else now


def _record(work: UnitOfWork, changed: Sequence[Revision], now: datetime) -> None:
    moved = [one for one in changed if one.after.assignee_id != one.before.assignee_id]
    ledger.write_assignments(work.session, [_ledger_row(one, now) for one in moved])
    ledger.write_events(work.session, [_event_row(one, now) for one in changed])


def _ledger_row(one: Revision, now: datetime) -> AssignmentRow:
    return AssignmentRow(
        account_id=one.after.account_id,
        conversation_id=one.after.id,
        inbox_id=one.after.inbox_id,
        agent_id=one.after.assignee_id,
        previous_agent_id=one.before.assignee_id,
        source=Source.BY_HAND,
        reason=AssignmentSource.IMPORTED,
        at=now,
    )


def _event_row(one: Revision, now: datetime) -> EventRow:
    moved, ended = one.after.assignee_id != one.before.assignee_id, one.after.status is not one.before.status
    events = ((Event.ASSIGNEE_CHANGED,) if moved else ()) + ((Event.CONVERSATION_STATUS_CHANGED,) if ended else ())
    return EventRow(
        account_id=one.after.account_id,
        events=(*events, Event.CONVERSATION_UPDATED),
        conversation_id=one.after.id,
        agent_id=one.after.assignee_id,
        previous_agent_id=one.before.assignee_id if moved else None,
        at=now,
    )
