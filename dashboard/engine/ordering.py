"""Orders of waiting conversations (E7)."""

from collections.abc import Callable
from datetime import datetime

from dashboard.engine.model import Conversation
from dashboard.engine.policy import ConversationPriority

Key = tuple[datetime, datetime, int]


def earliest_created(conversation: Conversation) -> Key:
    """Order by created_at, id."""
    return conversation.created_at, conversation.created_at, conversation.id


def longest_waiting(conversation: Conversation) -> Key:
    """Order by last_activity_at, created_at, id."""
    return conversation.last_activity_at, conversation.created_at, conversation.id


ORDER: dict[ConversationPriority, Callable[[Conversation], Key]] = {
    ConversationPriority.EARLIEST_CREATED: earliest_created,
    ConversationPriority.LONGEST_WAITING: longest_waiting,
}
