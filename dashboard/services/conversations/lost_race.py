"""A claim that the helpdesk does not have: what it took is given back, and theirs can be taken over (C14)."""

from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from dashboard.services.conversations import save
from dashboard.services.conversations.transitions import Transition
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.helpdesks.writing import writes
from dashboard.store.helpdesks.writing.writes import LostClaim
from dashboard.store.ledger.ledger import AssignmentSource
from dashboard.store.postgres import locks
from dashboard.store.redis.rate_limits import Reservation
from dashboard.store.redis.rotation import RotationKey

log = structlog.get_logger()


def give_back(
    work: UnitOfWork, write_id: int, *, why: AssignmentSource = AssignmentSource.LOST_RACE, now: datetime
) -> ConversationRow | None:
    """Release the claim of this write for this reason, and after the commit return its reservation and its turn.

    Return the conversation, locked, for the mirror to write theirs in the same transaction; None for another write.
    What somebody changed here meanwhile stays.
    """
    lost = writes.lost_claim(work.session, write_id)
    if lost is None:
        return None
    locks.share_inboxes(work.session, [lost.inbox_id])
    before = conversations.lock(work.session, lost.account_id, lost.conversation_id)
    work.notes.then(partial(_return, work, lost))
    if (before.assignee_id, before.assigned_at) != (lost.agent_id, lost.at):
        return before
    released = Transition(replace(before, assignee_id=None), why, lost.waiting_since)
    return save.save(work, before, released, ActorContext(actor_id=None, now=now, mirrored=True))


def _return(work: UnitOfWork, lost: LostClaim) -> None:
    """Return the reservation and the turn; without Redis one too many is counted until the window ends."""
    wheel = RotationKey(account_id=lost.account_id, inbox_id=lost.inbox_id, team_id=lost.team_id)
    entry = Reservation(agent_id=lost.agent_id, conversation_id=lost.conversation_id, at=lost.at)
    try:
        work.limits.give_back(lost.account_id, lost.inbox_id, [entry])
        work.rotations.give_back(wheel, lost.agent_id)
    except StoreUnavailable as error:
        log.warning(
            "claim_not_given_back", account=lost.account_id, conversation=lost.conversation_id, error=str(error)
        )
