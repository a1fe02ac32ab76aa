"""One changed conversation, written: the row, its ledger row, its events, and the runs that follow."""

from dashboard.engine.decisions import Source
from dashboard.services.conversations import change_records, transitions
from dashboard.services.conversations.timed import due_renewal
from dashboard.services.conversations.transitions import Transition
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks.writing import writes
from dashboard.store.helpdesks.writing.writes import ChangedAssignee
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import GIVEN_BACK, AssignmentRow, AssignmentSource, Event, EventRow
from dashboard.store.models.helpdesk_writes import WriteKind

# What nobody decided; whoever saved the conversation only brought it to light.
BY_RULE = frozenset({
    AssignmentSource.LEFT_INBOX,
    AssignmentSource.AGENT_REMOVED,
    AssignmentSource.CUSTOMER_WROTE_TO_ABSENT_AGENT,
    AssignmentSource.SNOOZE_ENDED,
    AssignmentSource.GONE_IN_HELPDESK,
    AssignmentSource.NO_REPLY,
    AssignmentSource.AGENT_ABSENT,
    *GIVEN_BACK,
})  # fmt: skip


def save(work: UnitOfWork, before: ConversationRow, step: Transition, cause: ActorContext) -> ConversationRow:
    """Write what differs, also in the helpdesk, and note the runs that it calls for; nothing when nothing differs."""
    after = transitions.apply_status_rules(before, step, cause.now)
    if not cause.mirrored:
        after = transitions.without_hold(before, after)
    if after == before:
        return before
    after = due_renewal.with_hours(work, conversations.save(work.session, after))
    change_records.record(work, [(before, after)], cause)
    _record(work, before, after, why=step.why, cause=cause)
    if after.assignee_id != before.assignee_id and not cause.mirrored:
        _write_to_helpdesk(work, before, after, why=step.why, cause=cause)
    _note_runs(work, before, after)
    return after


def _record(
    work: UnitOfWork,
    before: ConversationRow,
    after: ConversationRow,
    *,
    why: AssignmentSource | None,
    cause: ActorContext,
) -> None:
    events = [Event.CONVERSATION_UPDATED]
    if after.status is not before.status:
        events.insert(0, Event.CONVERSATION_STATUS_CHANGED)
    moved = after.assignee_id != before.assignee_id
    if moved:
        events.insert(0, Event.ASSIGNEE_CHANGED)
        ledger.write_assignments(work.session, [_ledger_row(before, after, why=why, cause=cause)])
    told = EventRow(
        account_id=after.account_id,
        events=tuple(events),
        conversation_id=after.id,
        agent_id=after.assignee_id,
        previous_agent_id=before.assignee_id if moved else None,
        at=cause.now,
    )
    ledger.write_events(work.session, [told])


def _write_to_helpdesk(
    work: UnitOfWork,
    before: ConversationRow,
    after: ConversationRow,
    *,
    why: AssignmentSource | None,
    cause: ActorContext,
) -> None:
    """Write the new assignee of a live inbox's conversation in its helpdesk as well (C13)."""
    change = ChangedAssignee(
        conversation_id=after.id,
        kind=WriteKind.RELEASE if why in BY_RULE else WriteKind.BY_HAND,
        agent_id=after.assignee_id,
        previous_agent_id=before.assignee_id,
        at=cause.now,
    )
    for connection_id in writes.changed(work.session, [change]):
        work.notes.writes(after.account_id, connection_id)


def _ledger_row(
    before: ConversationRow, after: ConversationRow, *, why: AssignmentSource | None, cause: ActorContext
) -> AssignmentRow:
    released, by = after.assignee_id is None, AssignmentSource.IN_HELPDESK if cause.mirrored else None
    return AssignmentRow(
        account_id=after.account_id,
        conversation_id=after.id,
        inbox_id=after.inbox_id,
        agent_id=after.assignee_id,
        previous_agent_id=before.assignee_id,
        source=Source.RELEASE if released else Source.BY_HAND,
        reason=(why or by or AssignmentSource.BY_HAND) if released else by,
        actor_id=None if why in BY_RULE else cause.actor_id,
        waiting_since=before.waiting_since,
        due_at=None if released else before.due_at,
        at=cause.now,
    )


def _note_runs(work: UnitOfWork, before: ConversationRow, after: ConversationRow) -> None:
    """Note the inboxes where a run could now do what it could not before (E30)."""
    inboxes = {after.inbox_id} if transitions.may_be_assigned_now(before, after) else set()
    if after.inbox_id != before.inbox_id and before.holder_id is not None:
        inboxes.add(before.inbox_id)  # its agent holds one less there, also where they keep it
    work.notes.wakes(after.account_id, inboxes)
    if (agent_id := transitions.slot_freed_for(before, after)) is not None:
        contact_id = after.contact.id if after.contact else None
        work.notes.touched(after.account_id, rooms=[(agent_id, contact_id)])
