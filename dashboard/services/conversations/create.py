"""New conversations, written many at a time: rows, ledger rows and events, then the runs that follow."""

from collections.abc import Sequence

from dashboard.engine.decisions import Source
from dashboard.services.conversations import validation
from dashboard.services.conversations.conversation_forms import ConversationDraft
from dashboard.services.conversations.timed import due_renewal
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import contacts, conversations
from dashboard.store.conversations.conversations import InsertedConversation
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import AssignmentRow, Event, EventRow


def write(
    work: UnitOfWork, account_id: int, wanted: Sequence[ConversationDraft], cause: ActorContext
) -> list[InsertedConversation]:
    """Write the new conversations in a fixed number of statements, and return all ids in order."""
    contact_ids = contacts.ensure(work.session, account_id, [draft.contact for draft in wanted if draft.contact])
    rows = [validation.as_row(account_id, draft, contact_ids, cause.now) for draft in wanted]
    added = conversations.add(work.session, rows)
    due_renewal.count_hours(work, added)
    new = [(one.id, draft) for one, draft in zip(added, wanted, strict=True) if one.is_new]
    given = [_by_hand(account_id, one, draft, cause) for one, draft in new if draft.assignee_id is not None]
    created = [_created(account_id, one, draft, cause) for one, draft in new]
    ledger.write_assignments(work.session, given)
    ledger.write_events(work.session, created + ledger.assignment_events(given))
    work.notes.wakes(account_id, {draft.inbox_id for _, draft in new if draft.waits})
    return added


def _by_hand(account_id: int, conversation_id: int, draft: ConversationDraft, cause: ActorContext) -> AssignmentRow:
    return AssignmentRow(
        account_id=account_id,
        conversation_id=conversation_id,
        inbox_id=draft.inbox_id,
        agent_id=draft.assignee_id,
        source=Source.BY_HAND,
        actor_id=cause.actor_id,
        at=cause.now,
    )


def _created(account_id: int, conversation_id: int, draft: ConversationDraft, cause: ActorContext) -> EventRow:
    return EventRow(
        account_id=account_id,
        events=(Event.CONVERSATION_CREATED,),
        conversation_id=conversation_id,
        agent_id=draft.assignee_id,
        at=cause.now,
    )
