"""The inboxes with waiting conversations that a change affects at once (E30).

Call these after the commit: a conversation that waits later starts its own run, which sees the change.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, func, select, true

from dashboard.engine.model import Status
from dashboard.store.models import Conversation, Inbox, PolicyLink
from dashboard.store.postgres.database import Session


def of_account(session: Session, account_id: int) -> Sequence[int]:
    """Return the account's inboxes with waiting conversations."""
    return _waiting(session, account_id, true())


def of_inboxes(session: Session, account_id: int, inbox_ids: Collection[int]) -> Sequence[int]:
    """Return those of these inboxes that have waiting conversations."""
    return _waiting(session, account_id, Inbox.id == func.any(list(inbox_ids)))


def of_policy(session: Session, account_id: int, policy_id: int) -> Sequence[int]:
    """Return the assignment policy's inboxes with waiting conversations."""
    linked = exists().where(PolicyLink.inbox_id == Inbox.id, PolicyLink.assignment_policy_id == policy_id)
    return _waiting(session, account_id, linked)


def of_team(session: Session, account_id: int, team_id: int) -> Sequence[int]:
    """Return the inboxes with waiting conversations of the team."""
    return _waiting(session, account_id, true(), Conversation.team_id == team_id)


def _waiting(
    session: Session, account_id: int, of_inbox: ColumnElement[bool], of_conversation: ColumnElement[bool] = true()
) -> Sequence[int]:
    something = exists().where(
        Conversation.inbox_id == Inbox.id,
        Conversation.status == Status.OPEN,
        Conversation.assignee_id.is_(None),
        of_conversation,
    )
    return session.scalars(select(Inbox.id).where(Inbox.account_id == account_id, of_inbox, something)).all()
