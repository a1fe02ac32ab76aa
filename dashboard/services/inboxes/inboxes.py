"""Inboxes: made, shown with what waits, switched, removed while they are empty."""

from datetime import datetime

from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import Cause
from dashboard.services.core.audited_crud import Noun
from dashboard.services.core.baselines import ANYTHING, Seen
from dashboard.services.core.form import given
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.core.unit_of_work import Desk
from dashboard.services.inboxes.inbox_forms import InboxEdit
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import affected_inboxes
from dashboard.store.inboxes import inboxes as store
from dashboard.store.inboxes.inboxes import InboxRow

__all__ = ["InboxRow", "change", "create", "remove", "show", "show_all"]

INBOX = Noun(subject="inbox", shelf=store.shelf, unique="name")
HOLDS = "This inbox has conversations; it can be switched off, but not deleted."


def show_all(desk: Desk, account_id: int, page: Page) -> Listed[InboxRow]:
    """Return the inboxes."""
    return store.shelf.page(desk.session, account_id, page)


def show(desk: Desk, account_id: int, inbox_id: int) -> InboxRow | None:
    """Return the inbox."""
    return store.shelf.find(desk.session, account_id, inbox_id)


def create(desk: Desk, account_id: int, edit: InboxEdit, *, actor_id: int | None, now: datetime) -> InboxRow | Invalid:
    """Make an inbox."""
    row = audited_crud.add(desk, account_id, INBOX, given(edit), cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return row


def change(
    desk: Desk,
    account_id: int,
    inbox_id: int,
    edit: InboxEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Seen = ANYTHING,
) -> InboxRow | Invalid | None:
    """Change an inbox; `enable_auto_assignment` is one of its four switches (E1)."""
    before = store.shelf.lock(desk.session, account_id, inbox_id)
    if before is None:
        return None
    values = audited_crud.judged(desk, seen, given(edit), before)
    if isinstance(values, Stale):
        return values
    changed = audited_crud.change(
        desk, account_id, INBOX, before, values=values, cause=Cause(actor_id=actor_id, now=now)
    )
    if isinstance(changed, Invalid):
        return changed
    desk.session.commit()
    switched = changed.differs_in("enable_auto_assignment")
    desk.signals.wake(account_id, affected_inboxes.of_inboxes(desk.session, account_id, [inbox_id]) if switched else ())
    return changed.after


def remove(
    desk: Desk, account_id: int, inbox_id: int, *, actor_id: int | None, now: datetime, seen: Seen = ANYTHING
) -> InboxRow | Conflict | Stale | None:
    """Remove an inbox that never had a conversation."""
    before = store.shelf.lock(desk.session, account_id, inbox_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(desk, seen, {}, before), Stale):
        return stale
    if store.has_conversations(desk.session, inbox_id):
        desk.session.rollback()
        return Conflict(sentence=HOLDS)
    audited_crud.remove(desk, account_id, INBOX, before, cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return before
