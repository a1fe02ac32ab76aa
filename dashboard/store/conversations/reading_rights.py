"""Agents' reading rights for conversations, used by every page and API call."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, or_, select

from dashboard.store.models import Conversation, InboxMember


def readable_by(agent_id: SQLColumnExpression[Any] | int | None) -> ColumnElement[bool]:
    """Return the condition for conversations of the agent's inboxes and conversations assigned to the agent."""
    inbox_ids = select(InboxMember.inbox_id).where(InboxMember.user_id == agent_id)
    return or_(Conversation.inbox_id.in_(inbox_ids), Conversation.assignee_id == agent_id)
