"""Writes of one changed conversation: its row, ledger row and events, then runs."""

from dashboard.engine.decisions import Source
from dashboard.services.conversations import transitions
from dashboard.services.conversations.transitions import Transition
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import assignee_status
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import AssignmentRow, AssignmentSource, Event, EventRow

# What nobody decided; whoever saved the conversation only brought it to light.
BY_RULE = frozenset({
    AssignmentSource.LEFT_INBOX,
    AssignmentSource.AGENT_REMOVED,
    AssignmentSource.CUSTOMER_WROTE_TO_ABSENT_AGENT,
    AssignmentSource.SNOOZE_ENDED,
})  # fmt: skip


def save(work: UnitOfWork, before: ConversationRow, step: Transition, cause: ActorContext) -> ConversationRow:
    """Write the differences, commit, and start the necessary runs; write nothing without differences."""
    after = transitions.apply_status_rules(before, step, cause.now)
    if after == before:
        work.session.commit()
        return before
    conversations.save(work.session, after)
    _record(work, before, after, why=step.why, cause=cause)
    work.session.commit()
    work.signals.wake(after.account_id, _woken(work, before, after))
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


def _ledger_row(
    before: ConversationRow, after: ConversationRow, *, why: AssignmentSource | None, cause: ActorContext
) -> AssignmentRow:
    released = after.assignee_id is None
    return AssignmentRow(
        account_id=after.account_id,
        conversation_id=after.id,
        inbox_id=after.inbox_id,
        agent_id=after.assignee_id,
        previous_agent_id=before.assignee_id,
        source=Source.RELEASE if released else Source.BY_HAND,
        reason=(why or AssignmentSource.BY_HAND) if released else None,
        actor_id=None if why in BY_RULE else cause.actor_id,
        waiting_since=before.waiting_since,
        at=cause.now,
    )


def _woken(work: UnitOfWork, before: ConversationRow, after: ConversationRow) -> set[int]:
    """Return the inboxes in which a run could assign more than before (E30).

    The query follows the commit: a conversation that waits later starts a run itself, which reads the free slot.
    """
    inboxes = {after.inbox_id} if transitions.may_be_assigned_now(before, after) else set()
    if after.inbox_id != before.inbox_id and before.holder_id is not None:
        inboxes.add(before.inbox_id)  # its agent holds one less there, also where they keep it
    if (agent_id := transitions.slot_freed_for(before, after)) is not None:
        contact_id = after.contact.id if after.contact else None
        inboxes |= assignee_status.inboxes_with_room(work.session, after.account_id, agent_id, contact_id=contact_id)
    return inboxes
