"""Arrivals and handling times of inboxes, for the comparison with the textbook (T21)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, select

from dashboard.store.core.page_values import Choice, Scope
from dashboard.store.models import Conversation, Inbox, InboxMember
from dashboard.store.postgres.database import Session

# Of the account: this many tell enough, and are read in a tenth of a second.
NEWEST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HandledConversation:
    """The instants of a conversation, and its agent."""

    created_at: datetime
    agent_id: int | None
    assigned_at: datetime | None
    resolved_at: datetime | None


def newest(session: Session, account_id: int, since: datetime) -> Mapping[int, Sequence[HandledConversation]]:
    """Return the account's newest conversations by inbox, newest first."""
    wanted = (
        select(
            Conversation.inbox_id,
            Conversation.created_at,
            Conversation.assignee_id,
            Conversation.assigned_at,
            Conversation.resolved_at,
        )
        .where(Conversation.account_id == account_id, Conversation.created_at >= since)
        .order_by(Conversation.created_at.desc(), Conversation.id.desc())
        .limit(NEWEST)
    )
    rows = sorted(session.execute(wanted).all(), key=lambda row: row.inbox_id)
    return {
        inbox_id: [
            HandledConversation(created_at=at, agent_id=agent, assigned_at=given, resolved_at=done)
            for _, at, agent, given, done in found
        ]
        for inbox_id, found in groupby(rows, lambda row: row.inbox_id)
    }


def inboxes(session: Session, scope: Scope) -> tuple[Choice, ...]:
    """Return the inboxes of the account, or those of one member, by name."""
    wanted = select(Inbox.id, Inbox.name).where(Inbox.account_id == scope.account_id)
    if scope.member_id is not None:
        wanted = wanted.join(InboxMember, InboxMember.inbox_id == Inbox.id).where(
            InboxMember.user_id == scope.member_id
        )
    rows = session.execute(wanted.order_by(func.lower(Inbox.name), Inbox.id))
    return tuple(Choice(id=row.id, name=row.name) for row in rows)
