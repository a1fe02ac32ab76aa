"""Release of unattended conversations: their assignees are absent, or no members of the inbox."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboard.services.board import unattended
from dashboard.services.conversations import bulk_change
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import unattended as store

# The most conversations that one press releases; a page waits for it.
MOST_AT_ONCE = 500


class Holders(StrEnum):
    """The assignees of unattended conversations: absent members, or non-members."""

    ABSENT = "absent"
    OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedWork:
    """The number of released conversations, and of unattended ones that remain for another request."""

    released: int
    left: int


def release(
    work: UnitOfWork, account_id: int, inbox_id: int, of: Holders, *, actor_id: int, now: datetime
) -> ReleasedWork | Conflict:
    """Release unattended conversations by hand, the oldest first. Raises StoreUnavailable."""
    session, wanted = work.session, MOST_AT_ONCE + 1
    if of is Holders.ABSENT:
        absent_ids = unattended.absent(work, account_id, inbox_id, now)
        ids = store.ids_of_absent(session, account_id, inbox_id, absent_ids=absent_ids, most=wanted)
    else:
        ids = store.ids_of_others(session, account_id, inbox_id, most=wanted)
    done = bulk_change.change_all(
        work, account_id, ids[:MOST_AT_ONCE], ConversationChange(assignee_id=None), actor_id=actor_id, now=now
    )
    if isinstance(done, Conflict):
        return done
    if isinstance(done, Invalid):
        raise TypeError("a release names nothing that could be refused")
    return ReleasedWork(released=done.changed, left=len(ids) - len(ids[:MOST_AT_ONCE]))
