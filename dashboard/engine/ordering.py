"""Orders of waiting conversations (E7, E55)."""

from collections.abc import Callable
from datetime import UTC, datetime

from dashboard.engine.model import Conversation
from dashboard.engine.policy import ConversationPriority

Key = tuple[datetime, datetime, int]
# Later than any instant that is stored: conversations that are never due are the last.
NEVER = datetime.max.replace(tzinfo=UTC)


def earliest_created(conversation: Conversation) -> Key:
    """Order by created_at, id."""
    return conversation.created_at, conversation.created_at, conversation.id


def longest_waiting(conversation: Conversation) -> Key:
    """Order by last_activity_at, created_at, id."""
    return conversation.last_activity_at, conversation.created_at, conversation.id


def soonest_due(conversation: Conversation) -> Key:
    """Order by due_at, waiting_since, id; conversations that are never due are the last."""
    return conversation.due_at or NEVER, conversation.waiting_since or conversation.created_at, conversation.id


ORDER: dict[ConversationPriority, Callable[[Conversation], Key]] = {
    ConversationPriority.EARLIEST_CREATED: earliest_created,
    ConversationPriority.LONGEST_WAITING: longest_waiting,
    ConversationPriority.SOONEST_DUE: soonest_due,
}
