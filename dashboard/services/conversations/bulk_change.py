"""One change of several conversations in one transaction: all or none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.conversations import change, helpdesk_rights, save
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import conversations
from dashboard.store.postgres import locks


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """The numbers of changed, unchanged and unknown conversations.

    `released` counts the changed ones that their assignee could not keep (E31).
    """

    changed: int
    unchanged: int
    missing: int
    released: int


def change_all(
    work: UnitOfWork, account_id: int, ids: Collection[int], wanted: ConversationChange, *, actor_id: int, now: datetime
) -> BulkResult | Invalid | Conflict:
    """Change these conversations. Locks are taken in a run's order: all inboxes, the agent, conversations by id."""
    session, cause = work.session, ActorContext(actor_id=actor_id, now=now)
    inbox_ids = {*conversations.inboxes_of(session, account_id, ids), *change.moves_to(wanted)}
    locks.share_inboxes(session, inbox_ids)
    if faults := change.faults(work, account_id, wanted):
        return Invalid(errors=faults)
    held = conversations.lock_all(session, account_id, ids)
    change.hold_moved(work, held, inbox_ids)
    if faults := change.known_there(work, held, wanted):
        return Invalid(errors=faults)
    if refusal := helpdesk_rights.refusal(work, account_id, held, wanted):
        return refusal
    done = [(row, save.save(work, row, change.apply_change(work, row, wanted), cause)) for row in held]
    changed = [(before, after) for before, after in done if after != before]
    if changed:
        work.notes.touched(account_id, is_all=True)
    lost = [after for before, after in changed if before.assignee_id and not after.assignee_id]
    return BulkResult(
        changed=len(changed),
        unchanged=len(done) - len(changed),
        missing=len(set(ids)) - len(done),
        released=len(lost) if wanted.assignee_id is not None else 0,
    )
