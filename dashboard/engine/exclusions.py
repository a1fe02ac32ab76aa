"""Which waiting conversations are kept from being given out (E5, E6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dashboard.engine.decisions import Reason, Skip
from dashboard.engine.model import Conversation
from dashboard.engine.policy import ExclusionRules


def excluded(conversation: Conversation, rules: Sequence[ExclusionRules], now: datetime) -> Skip | None:
    """Return the first rule's refusal; labels before age, as both apply together."""
    for rule in rules:
        label = next((label for label in rule.excluded_labels if label in conversation.labels), None)
        if label is not None:
            return Skip(conversation.id, Reason.EXCLUDED_LABEL, label, rule.policy_name, rule.policy_id)
    for rule in rules:
        hours = rule.exclude_older_than_hours
        if hours is not None and conversation.created_at < now - timedelta(hours=hours):
            return Skip(conversation.id, Reason.EXCLUDED_AGE, None, rule.policy_name, rule.policy_id)
    return None
