"""Inboxes: creation, views, switches, and removal of empty ones."""

from datetime import datetime

from dashboard.services.core import audited_crud, helpdesk_refusals
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes.inbox_forms import InboxEdit
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import inboxes as store
from dashboard.store.inboxes.inboxes import InboxRow

__all__ = ["InboxRow", "change", "create", "remove", "show", "show_all"]

INBOX = Resource(subject="inbox", shelf=store.shelf, unique="name")
HOLDS = "This inbox has conversations; it can be switched off, but not deleted."


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[InboxRow]:
    """Return the inboxes."""
    return store.shelf.page(work.session, account_id, page)


def show(work: UnitOfWork, account_id: int, inbox_id: int) -> InboxRow | None:
    """Return the inbox."""
    return store.shelf.find(work.session, account_id, inbox_id)


def create(
    work: UnitOfWork, account_id: int, edit: InboxEdit, *, actor_id: int | None, now: datetime
) -> InboxRow | Invalid:
    """Make an inbox."""
    row = audited_crud.add(work, account_id, INBOX, sent_fields(edit), cause=ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return row


def change(
    work: UnitOfWork,
    account_id: int,
    inbox_id: int,
    edit: InboxEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> InboxRow | Invalid | Conflict | None:
    """Change an inbox; a new switch (E1) or other hours (E62) start a run."""
    before = store.shelf.lock(work.session, account_id, inbox_id)
    if before is None:
        return None
    values = audited_crud.judged(seen, sent_fields(edit), before)
    if isinstance(values, Stale):
        return values
    is_named = "name" in values and values["name"] != before.name
    if is_named and (refusal := helpdesk_refusals.of_inbox(work, account_id, inbox_id, "the name")):
        return refusal
    changed = audited_crud.change(
        work, account_id, INBOX, before, values=values, cause=ActorContext(actor_id=actor_id, now=now)
    )
    if isinstance(changed, Invalid):
        return changed
    switched = changed.differs_in("enable_auto_assignment", "business_hours")
    weighed = changed.differs_in("weight")  # room in any inbox (E68)
    work.notes.touched(account_id, is_all=weighed, inbox_ids=[inbox_id] if switched else ())
    return changed.after


def remove(
    work: UnitOfWork,
    account_id: int,
    inbox_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> InboxRow | Conflict | Stale | None:
    """Remove an inbox that never had a conversation."""
    before = store.shelf.lock(work.session, account_id, inbox_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(seen, {}, before), Stale):
        return stale
    if refusal := helpdesk_refusals.of_inbox(work, account_id, inbox_id, "the existence"):
        return refusal
    if store.has_conversations(work.session, inbox_id):
        return Conflict(sentence=HOLDS)
    audited_crud.remove(work, account_id, INBOX, before, cause=ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return before
