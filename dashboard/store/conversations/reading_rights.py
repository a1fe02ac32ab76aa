"""Which conversations an agent may read: every page and call for agents asks here."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, or_, select

from dashboard.store.models import Conversation, InboxMember


def readable_by(agent_id: SQLColumnExpression[Any] | int | None) -> ColumnElement[bool]:
    """Return the condition for the conversations of the agent's inboxes and those that the agent holds."""
    inbox_ids = select(InboxMember.inbox_id).where(InboxMember.user_id == agent_id)
    return or_(Conversation.inbox_id.in_(inbox_ids), Conversation.assignee_id == agent_id)
