"""The rules that a supervisor sets, and what the code refuses of them (spec §12)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

NAME_LENGTH = 255
MOST_PER_WINDOW = 100_000
LONGEST_WINDOW_SECONDS = 86_400_000
DEFAULT_WINDOW_SECONDS = 3_600
MOST_OPEN = 100_000
MOST_HOURS = 87_600
MOST_LABELS = 100
LABEL_LENGTH = 100


class AssignmentOrder(StrEnum):
    """The selector: which of the eligible agents (E19, E23)."""

    ROUND_ROBIN = "round_robin"
    BALANCED = "balanced"


class ConversationPriority(StrEnum):
    """Which conversation goes first (E7)."""

    EARLIEST_CREATED = "earliest_created"
    LONGEST_WAITING = "longest_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentPolicy:
    """An inbox's rules: order, selector, fair distribution.

    A `fair_distribution_limit` of None or 0 is no limit; `eligible_presence` holds presence words.
    """

    id: int
    name: str
    version: int = 1
    enabled: bool = True
    assignment_order: AssignmentOrder = AssignmentOrder.ROUND_ROBIN
    conversation_priority: ConversationPriority = ConversationPriority.EARLIEST_CREATED
    fair_distribution_limit: int | None = None
    fair_distribution_window: int | None = DEFAULT_WINDOW_SECONDS
    eligible_presence: frozenset[str] = frozenset({"online"})
    one_agent_per_contact: bool = False

    @property
    def window(self) -> timedelta:
        """How long an automatic assignment counts (E14)."""
        return timedelta(seconds=self.fair_distribution_window or DEFAULT_WINDOW_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRules:
    """What one capacity policy keeps from being given out (E5, E6); hours of None exclude nothing."""

    policy_id: int
    policy_name: str
    excluded_labels: tuple[str, ...] = ()
    exclude_older_than_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPolicy:
    """A capacity policy by its name, and the number of agents under it."""

    name: str
    agents: int
