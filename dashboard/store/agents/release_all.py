"""Releases all open conversations of an agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select, update

from dashboard.engine.model import ConnectionMode, Status
from dashboard.store.models import ConnectedInbox, Conversation, Inbox, InboxMember, TeamMember
from dashboard.store.postgres.database import Session
from dashboard.store.postgres.locks import share_inboxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A released conversation."""

    conversation_id: int
    inbox_id: int


def lock_out_batches(session: Session, account_id: int, agent_id: int) -> None:
    """Block assignments to the agent by runs until this transaction ends.

    Otherwise, a batch that read the agent as active before this transaction could assign to them after it.
    """
    in_inbox = exists().where(InboxMember.inbox_id == Inbox.id, InboxMember.user_id == agent_id)
    in_team = exists().where(TeamMember.account_id == account_id, TeamMember.user_id == agent_id)
    inbox_ids = session.scalars(select(Inbox.id).where(Inbox.account_id == account_id, or_(in_inbox, in_team))).all()
    share_inboxes(session, inbox_ids)


def release_open(session: Session, account_id: int, agent_id: int, now: datetime) -> Sequence[Released]:
    """Release the agent's open conversations and return them, but those that a helpdesk alone assigns (C19)."""
    is_theirs = exists().where(
        ConnectedInbox.inbox_id == Conversation.inbox_id, ConnectedInbox.mode != ConnectionMode.LIVE
    )
    open_ones = select(Conversation.id).where(
        ~is_theirs,
        Conversation.account_id == account_id,
        Conversation.assignee_id == agent_id,
        Conversation.status == Status.OPEN,
    )
    released = (
        update(Conversation)
        .where(Conversation.id.in_(open_ones.order_by(Conversation.id).with_for_update(key_share=True)))
        .values(assignee_id=None, assigned_at=None, assigned_by_engine=False, waiting_since=now)
        .returning(Conversation.id, Conversation.inbox_id)
    )
    return [Released(conversation_id=row.id, inbox_id=row.inbox_id) for row in session.execute(released)]
