"""Creation, lookup and lists of conversations, and pages of their ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.conversations import create as create_conversations
from dashboard.services.conversations import helpdesk_rights, validation
from dashboard.services.conversations.conversation_forms import ConversationDraft
from dashboard.services.conversations.validation import Faults
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import conversations, lists
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.conversations.lists import ConversationFilter, LedgerRow
from dashboard.store.core.paging import Listed, Page


@dataclass(frozen=True, slots=True)
class Created:
    """The conversation of an external id, and whether this request created it."""

    conversation: ConversationRow
    is_new: bool


def create(
    work: UnitOfWork, account_id: int, draft: ConversationDraft, *, actor_id: int | None, now: datetime
) -> Created | Invalid | Conflict:
    """Create a conversation, or return the inbox's existing one with this external id."""
    if faults := validation.validate(work, account_id, [draft])[0]:
        return Invalid(errors=faults)
    if refusal := helpdesk_rights.of_drafts(work, account_id, [draft]):
        return refusal
    [added] = create_conversations.write(work, account_id, [draft], ActorContext(actor_id=actor_id, now=now))
    conversation = conversations.get(work.session, account_id, added.id)
    return Created(conversation, added.is_new)


def create_bulk(
    work: UnitOfWork, account_id: int, wanted: Sequence[ConversationDraft], *, actor_id: int | None, now: datetime
) -> list[int] | Invalid | Conflict:
    """Create all drafts or none, and return the ids in their order; existing external ids return existing ids."""
    if faults := _in_list(validation.validate(work, account_id, wanted)):
        return Invalid(errors=faults)
    if refusal := helpdesk_rights.of_drafts(work, account_id, wanted):
        return refusal
    added = create_conversations.write(work, account_id, wanted, ActorContext(actor_id=actor_id, now=now))
    return [one.id for one in added]


def find(
    work: UnitOfWork, account_id: int, conversation_id: int, *, seen_by: int | None = None
) -> ConversationRow | None:
    """Return the account's conversation or None; `seen_by` limits the search to an agent's own view."""
    return lists.find(work.session, account_id, conversation_id, seen_by=seen_by)


def listing(work: UnitOfWork, account_id: int, wanted: ConversationFilter, page: Page) -> Listed[ConversationRow]:
    """Return a page of the account's conversations: newest first; waiting ones in their order of assignment."""
    return lists.page_of(work.session, account_id, wanted, page)


def ledger(
    work: UnitOfWork, account_id: int, conversation_id: int, page: Page, *, seen_by: int | None = None
) -> Listed[LedgerRow] | None:
    """Return a page of a conversation's ledger, newest first; None if the account has no such conversation."""
    if find(work, account_id, conversation_id, seen_by=seen_by) is None:
        return None
    return lists.ledger_of(work.session, account_id, conversation_id, page)


def _in_list(found: Sequence[Faults]) -> Faults:
    return {
        f"conversations.{place}.{field}": why for place, faults in enumerate(found) for field, why in faults.items()
    }
