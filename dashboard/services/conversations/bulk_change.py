"""One change of several conversations in one transaction: all or none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.conversations import change, save
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.transaction import all_or_nothing
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
) -> BulkResult | Invalid:
    """Change these conversations; start again if another transaction moved one to another inbox meanwhile."""
    cause = ActorContext(actor_id=actor_id, now=now)
    while (done := _attempt(work, account_id, ids, wanted, cause=cause)) is None:
        pass
    return done


def _attempt(
    work: UnitOfWork, account_id: int, ids: Collection[int], wanted: ConversationChange, *, cause: ActorContext
) -> BulkResult | Invalid | None:
    """Change the conversations; return None if one is in an inbox without a lock.

    The order of locks is the order of a run: all inboxes, the agent, conversations by id.
    """
    with all_or_nothing(work) as whole:
        session = whole.work.session
        inbox_ids = {*conversations.inboxes_of(session, account_id, ids), *change.moves_to(wanted)}
        locks.share_inboxes(session, inbox_ids)
        if faults := change.faults(whole.work, account_id, wanted):
            return Invalid(errors=faults)
        held = conversations.lock_all(session, account_id, ids)
        if not inbox_ids.issuperset(row.inbox_id for row in held):
            return None
        if faults := change.known_there(whole.work, held, wanted):
            return Invalid(errors=faults)
        done = [(row, save.save(whole.work, row, change.apply_change(whole.work, row, wanted), cause)) for row in held]
        whole.commit(account_id)
    changed = [(before, after) for before, after in done if after != before]
    lost = [after for before, after in changed if before.assignee_id and not after.assignee_id]
    return BulkResult(
        changed=len(changed),
        unchanged=len(done) - len(changed),
        missing=len(set(ids)) - len(done),
        released=len(lost) if wanted.assignee_id is not None else 0,
    )
