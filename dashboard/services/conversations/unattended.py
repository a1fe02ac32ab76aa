"""Work that nobody is at: held by agents who are absent, or who do not answer the inbox."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from dashboard.engine.model import Presence
from dashboard.services.conversations import bulk_change
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations import unattended as store
from dashboard.store.conversations.unattended import HeldRow
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis.heartbeats import presence_of

log = structlog.get_logger()
# What one press releases; a page waits for it.
MOST_AT_ONCE = 500


class Holders(StrEnum):
    """The agents in whose hands work is unattended."""

    ABSENT = "absent"
    OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnattendedConversation:
    """How many open conversations how many agents hold, and in how many of them the customer waits for an answer."""

    open: int = 0
    agents: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """What absent members of an inbox hold, and what agents hold who do not answer it."""

    absent: UnattendedConversation = UnattendedConversation()
    others: UnattendedConversation = UnattendedConversation()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedWork:
    """How many were released, and how many are left for another press."""

    released: int
    left: int


def in_inboxes(
    work: UnitOfWork, account_id: int, inbox_ids: Collection[int], *, absent_ids: Collection[int]
) -> Mapping[int, Unattended]:
    """Return, by inbox, what is unattended while these agents are absent; inboxes without any are left out."""
    found: dict[int, dict[str, UnattendedConversation]] = {}
    for row in store.held(work.session, account_id, inbox_ids, absent_ids=absent_ids):
        found.setdefault(row.inbox_id, {})["absent" if row.answers else "others"] = _held(row)
    return {inbox_id: Unattended(**parts) for inbox_id, parts in found.items()}


def of_inbox(work: UnitOfWork, account_id: int, inbox_id: int, *, now: datetime) -> Unattended | None:
    """Return what is unattended in an inbox; None while presence cannot be read."""
    try:
        absent = _absent(work, account_id, inbox_id, now)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=account_id, inbox=inbox_id, error=str(error))
        return None
    return in_inboxes(work, account_id, [inbox_id], absent_ids=absent).get(inbox_id, Unattended())


def release(
    work: UnitOfWork, account_id: int, inbox_id: int, of: Holders, *, actor_id: int, now: datetime
) -> ReleasedWork:
    """Release what is unattended, each conversation by hand, the oldest first. Raises StoreUnavailable."""
    session, wanted = work.session, MOST_AT_ONCE + 1
    if of is Holders.ABSENT:
        absent = _absent(work, account_id, inbox_id, now)
        ids = store.ids_of_absent(session, account_id, inbox_id, absent_ids=absent, most=wanted)
    else:
        ids = store.ids_of_others(session, account_id, inbox_id, most=wanted)
    done = bulk_change.change_all(
        work, account_id, ids[:MOST_AT_ONCE], ConversationChange(assignee_id=None), actor_id=actor_id, now=now
    )
    if isinstance(done, Invalid):
        raise TypeError("a release names nothing that could be refused")
    return ReleasedWork(released=done.changed, left=len(ids) - len(ids[:MOST_AT_ONCE]))


def _absent(work: UnitOfWork, account_id: int, inbox_id: int, now: datetime) -> list[int]:
    """Return who holds something of the inbox and is not there. Raises StoreUnavailable."""
    holders = store.holders(work.session, account_id, [inbox_id])
    heard = work.heartbeats.present(account_id, [one.id for one in holders], now)
    return [
        one.id
        for one in holders
        if presence_of(availability=one.availability, auto_offline=one.auto_offline, heard=one.id in heard)
        is Presence.OFFLINE
    ]


def _held(row: HeldRow) -> UnattendedConversation:
    return UnattendedConversation(open=row.open, agents=row.agents, unanswered=row.unanswered)
