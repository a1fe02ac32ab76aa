"""Merges of contacts, and their separation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.contacts.contact_forms import Merge
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import contacts as store
from dashboard.store.conversations.contacts import ContactFacts, Followed
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import Event, EventRow

UNKNOWN = "There is no such contact in this account."
ONE_ALREADY = "They are one contact already."
MERGED_BEFORE = "This contact was merged into {} before."


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The remaining contact, and the number of moved conversations."""

    contact: ContactFacts
    conversations: int


def merge(work: UnitOfWork, account_id: int, wanted: Merge, *, actor_id: int | None, now: datetime) -> Merged | Invalid:
    """Merge one contact into another, which gets its current and its future conversations."""
    found = {field: store.find(work.session, account_id, said) for field, said in wanted.named.items()}
    if unknown := [field for field, contact in found.items() if contact is None]:
        return Invalid(errors=dict.fromkeys(unknown, (UNKNOWN,)))
    store.lock(work.session, account_id, [contact.id for contact in found.values() if contact])
    source, into = (store.find(work.session, account_id, said) for said in wanted.named.values())
    if source is None or into is None:  # contacts are never deleted
        raise LookupError("a contact that was found is gone")
    into = store.root(work.session, into)
    if source.id == into.id:
        return invalid("into", ONE_ALREADY)
    if source.merged_into_id is not None:
        return invalid("from", MERGED_BEFORE.format(store.root(work.session, source).identifier))
    followed = _follow(work, account_id, source, into, cause=ActorContext(actor_id=actor_id, now=now))
    return Merged(contact=into, conversations=len(followed))


def take_apart(
    work: UnitOfWork, account_id: int, contact_id: int, conversation_ids: Collection[int], *, cause: ActorContext
) -> None:
    """Separate a merged contact, and give it back the conversations that its merge moved."""
    [contact] = store.some(work.session, account_id, [contact_id])
    into = store.root(work.session, contact)
    store.set_merged(work.session, contact_id, None)
    back = store.give_conversations(work.session, account_id, of=into.id, to=contact_id, only=conversation_ids)
    _tell(work, account_id, back, cause)
    change = AuditedChange(
        subject="contact", subject_id=contact_id, before=_facts(contact, into, back), after=_facts(contact, None, back)
    )
    audit_log.write(work, account_id, change, cause)
    # One of them may have been kept back, since the other contact was being served (E10).
    work.notes.wakes(account_id, {one.inbox_id for one in back})


def _follow(
    work: UnitOfWork, account_id: int, source: ContactFacts, into: ContactFacts, *, cause: ActorContext
) -> Sequence[Followed]:
    store.set_merged(work.session, source.id, into.id)
    followed = store.give_conversations(work.session, account_id, of=source.id, to=into.id)
    _tell(work, account_id, followed, cause)
    change = AuditedChange(
        subject="contact",
        subject_id=source.id,
        before=_facts(source, None, followed),
        after=_facts(source, into, followed),
    )
    audit_log.write(work, account_id, change, cause)
    work.notes.changed(account_id)
    return followed


def _facts(contact: ContactFacts, into: ContactFacts | None, followed: Sequence[Followed]) -> dict[str, object]:
    """Return the values for the audit log, which suffice for a separation."""
    return {
        "identifier": contact.identifier,
        "merged_into_id": into.id if into else None,
        "merged_into": into.identifier if into else None,
        "conversation_ids": [one.id for one in followed],
    }


def _tell(work: UnitOfWork, account_id: int, followed: Sequence[Followed], cause: ActorContext) -> None:
    told = (Event.CONVERSATION_UPDATED,)
    ledger.write_events(
        work.session,
        [EventRow(account_id=account_id, events=told, conversation_id=one.id, at=cause.now) for one in followed],
    )
