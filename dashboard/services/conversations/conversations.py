"""Conversations are created, found, listed; what became of them is in their ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.conversations import create as create_conversations
from dashboard.services.conversations import validation
from dashboard.services.conversations.conversation_forms import Draft
from dashboard.services.conversations.validation import Faults
from dashboard.services.core.audit_log import Cause
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.unit_of_work import Desk
from dashboard.store.conversations import conversations, lists
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.conversations.lists import LedgerRow, Wanted
from dashboard.store.core.paging import Listed, Page


@dataclass(frozen=True, slots=True)
class Created:
    """The conversation, and whether it is new or was there under its external id."""

    conversation: ConversationRow
    is_new: bool


def create(desk: Desk, account_id: int, draft: Draft, *, actor_id: int | None, now: datetime) -> Created | Invalid:
    """Create a conversation, or return the one that the inbox has under this external id."""
    if faults := validation.faults(desk, account_id, [draft])[0]:
        return Invalid(errors=faults)
    [added] = create_conversations.write(desk, account_id, [draft], Cause(actor_id=actor_id, now=now))
    conversation = conversations.get(desk.session, account_id, added.id)
    create_conversations.commit(desk, account_id, [draft], [added])
    return Created(conversation, added.is_new)


def create_bulk(
    desk: Desk, account_id: int, wanted: Sequence[Draft], *, actor_id: int | None, now: datetime
) -> list[int] | Invalid:
    """Create them all or none, and return their ids in order, old ones included."""
    if faults := _in_list(validation.faults(desk, account_id, wanted)):
        return Invalid(errors=faults)
    added = create_conversations.write(desk, account_id, wanted, Cause(actor_id=actor_id, now=now))
    create_conversations.commit(desk, account_id, wanted, added)
    return [one.id for one in added]


def find(desk: Desk, account_id: int, conversation_id: int, *, seen_by: int | None = None) -> ConversationRow | None:
    """Return the conversation, if the account has it; `seen_by` narrows it to what an agent may see."""
    return lists.find(desk.session, account_id, conversation_id, seen_by=seen_by)


def listing(desk: Desk, account_id: int, wanted: Wanted, page: Page) -> Listed[ConversationRow]:
    """Return a page of the account's conversations: the newest first, what waits in the order of its queue."""
    return lists.page_of(desk.session, account_id, wanted, page)


def ledger(
    desk: Desk, account_id: int, conversation_id: int, page: Page, *, seen_by: int | None = None
) -> Listed[LedgerRow] | None:
    """Return a page of what became of a conversation, newest first; None if the account has none such."""
    if find(desk, account_id, conversation_id, seen_by=seen_by) is None:
        return None
    return lists.ledger_of(desk.session, account_id, conversation_id, page)


def _in_list(found: Sequence[Faults]) -> Faults:
    return {
        f"conversations.{place}.{field}": why for place, faults in enumerate(found) for field, why in faults.items()
    }
