"""The waiting conversations that capacity policies exclude from assignment (E5, E6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dashboard.engine.decisions import Reason, Skip
from dashboard.engine.model import Conversation
from dashboard.engine.policy import ExclusionRules


class Exclusions:
    """An inbox's exclusion rules, indexed by label and age: twenty rules cost as much per conversation as one."""

    def __init__(self, rules: Sequence[ExclusionRules], now: datetime) -> None:
        listed = [(label, rule) for rule in rules for label in rule.excluded_labels]
        # The skip names the first rule that lists the label.
        self._labels = {label: (place, rule) for place, (label, rule) in reversed(list(enumerate(listed)))}
        aged = [(rule.exclude_older_than_hours, rule) for rule in rules]
        self._ages = [(now - timedelta(hours=hours), rule) for hours, rule in aged if hours is not None]
        self._oldest = max((before for before, _ in self._ages), default=None)

    def refusal(self, conversation: Conversation) -> Skip | None:
        """Return the refusal of the first matching rule, labels before age; None if no rule matches."""
        if listed := [label for label in conversation.labels if label in self._labels]:
            label = min(listed, key=lambda one: self._labels[one][0])
            rule = self._labels[label][1]
            return Skip(conversation.id, Reason.EXCLUDED_LABEL, label, rule.policy_name, rule.policy_id)
        if self._oldest is None or conversation.created_at >= self._oldest:
            return None
        rule = next(rule for before, rule in self._ages if conversation.created_at < before)
        return Skip(conversation.id, Reason.EXCLUDED_AGE, None, rule.policy_name, rule.policy_id)
