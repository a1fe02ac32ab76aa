"""Imports that assign nothing: the automatic assignment of their inboxes is switched off first."""

from collections.abc import Collection, Mapping

from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.audited_crud import Changed
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes.inboxes import INBOX
from dashboard.store.inboxes import inboxes
from dashboard.store.postgres import locks


def switch_off(work: UnitOfWork, account_id: int, inbox_ids: Collection[int], cause: ActorContext) -> Mapping[int, str]:
    """Switch automatic assignment off in these inboxes, in this transaction; return the names of the changed ones.

    The lock waits for a batch that has read the switch as on; the next batch reads it again.
    """
    locks.share_inboxes(work.session, inbox_ids)
    off = {}
    for inbox_id in sorted(inbox_ids):
        before = inboxes.shelf.lock(work.session, account_id, inbox_id)
        if before is None or not before.enable_auto_assignment:
            continue
        values = {"enable_auto_assignment": False}
        changed = audited_crud.change(work, account_id, INBOX, before, values=values, cause=cause)
        assert isinstance(changed, Changed)
        off[inbox_id] = before.name
    return off
