"""Presets: values that fill the form of a new policy, and are kept nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.engine.policy import AssignmentOrder, ConversationPriority


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A kind of inbox, with the fields that differ from the defaults, as a policy stores them."""

    title: str
    sentence: str
    rules: Mapping[str, Any] = field(default_factory=dict)


PRESETS: Mapping[str, Preset] = {
    "live-chat": Preset(
        title="Live chat",
        sentence="Within two minutes, to the least busy agent, at most one every 15 seconds.",
        rules={
            "conversation_priority": ConversationPriority.SOONEST_DUE,
            "response_targets": {"1": 1, "2": 1, "3": 2, "4": 2, "none": 2},
            "assignment_order": AssignmentOrder.BALANCED,
            "pace_seconds": 15,
            "relax_skills_after": 2,
        },
    ),
    "email-with-targets": Preset(
        title="E-mail with targets",
        sentence="By priority, in turn, but first to the contact's own agent.",
        rules={
            "conversation_priority": ConversationPriority.SOONEST_DUE,
            "response_targets": {"1": 15, "2": 60, "3": 240, "4": 480, "none": 240},
            "prefer_last_agent": 168,
            "wait_for_preferred": 15,
            "relax_skills_after": 60,
        },
    ),
    "escalations": Preset(
        title="Escalations",
        sentence="Within an hour at most, to the least busy agent. Skills are required for two hours.",
        rules={
            "conversation_priority": ConversationPriority.SOONEST_DUE,
            "response_targets": {"1": 5, "2": 10, "3": 30, "4": 60, "none": 15},
            "assignment_order": AssignmentOrder.BALANCED,
            "prefer_last_agent": 72,
            "relax_skills_after": 120,
        },
    ),
}
