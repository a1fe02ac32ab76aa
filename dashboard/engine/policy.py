"""The rules that a supervisor sets, and what the code refuses of them (spec §12)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from dashboard.engine.policy_fields import (
    CountField,
    LimitField,
    PolicyField,
    PresenceField,
    ResponseTargets,
    SpanField,
    SwitchField,
    TargetsField,
    TeamField,
    WindowField,
    WordField,
)

# The register of the fields that an inbox may have values of its own for, whatever its policy says (E69).
OVERRIDABLE = (
    "assignment_order",
    "conversation_priority",
    "response_targets",
    "fair_distribution_limit",
    "fair_distribution_window",
)
# The metadata key of a field's kind.
KIND = "kind"

NAME_LENGTH = 255
MOST_PER_WINDOW = 100_000
LONGEST_WINDOW_SECONDS = 86_400_000
DEFAULT_WINDOW_SECONDS = 3_600
MOST_OPEN = 100_000
MOST_HOURS = 87_600
MOST_LABELS = 100
LABEL_LENGTH = 100
MOST_WEIGHT = 100
MOST_MINUTES = 525_600
LONGEST_PREFERENCE_MINUTES = 1_440
LONGEST_MEMORY_HOURS = 8_760
LONGEST_PACE_SECONDS = 3_600
MOST_RETURNS = 10


class AssignmentOrder(StrEnum):
    """The selector: which of the eligible agents (E19, E23)."""

    ROUND_ROBIN = "round_robin"
    BALANCED = "balanced"
    RANDOM = "random"


class ConversationPriority(StrEnum):
    """Which conversation goes first (E7, E55)."""

    EARLIEST_CREATED = "earliest_created"
    LONGEST_WAITING = "longest_waiting"
    SOONEST_DUE = "soonest_due"


def minutes(label: str, *, least: int = 1, most: int = MOST_MINUTES) -> SpanField:
    """Return the kind of a field in minutes."""
    return SpanField(label=label, least=least, most=most, unit="minutes")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRules:
    """The register of the fields that decide: forms, calls, rows, labels and undoing follow from it.

    A `fair_distribution_limit` of None or 0 is no limit; `eligible_presence` holds presence words.
    """

    id: int
    name: str
    assignment_order: AssignmentOrder = field(
        default=AssignmentOrder.ROUND_ROBIN,
        metadata={
            KIND: WordField(label="selector", words=AssignmentOrder, unlisted=frozenset({AssignmentOrder.RANDOM}))
        },
    )
    conversation_priority: ConversationPriority = field(
        default=ConversationPriority.EARLIEST_CREATED,
        metadata={KIND: WordField(label="order", words=ConversationPriority)},
    )
    fair_distribution_limit: int | None = field(
        default=None, metadata={KIND: LimitField(label="fair distribution", least=0, most=MOST_PER_WINDOW)}
    )
    fair_distribution_window: int | None = field(
        default=DEFAULT_WINDOW_SECONDS,
        metadata={KIND: WindowField(label="window", least=1, most=LONGEST_WINDOW_SECONDS)},
    )
    enabled: bool = field(default=True, metadata={KIND: SwitchField(label="enabled")})
    eligible_presence: Collection[str] = field(
        default=frozenset({"online"}), metadata={KIND: PresenceField(label="eligible presence")}
    )
    one_agent_per_contact: bool = field(default=False, metadata={KIND: SwitchField(label="one agent per contact")})
    relax_skills_after: int | None = field(default=None, metadata={KIND: minutes("skills not asked after")})
    overflow_team_id: int | None = field(default=None, metadata={KIND: TeamField(label="overflow team")})
    overflow_after: int | None = field(default=None, metadata={KIND: minutes("overflow after")})
    prefer_last_agent: int | None = field(
        default=None,
        metadata={KIND: SpanField(label="prefer the last agent", least=1, most=LONGEST_MEMORY_HOURS, unit="hours")},
    )
    wait_for_preferred: int | None = field(
        default=0, metadata={KIND: minutes("wait for the preferred agent", least=0, most=LONGEST_PREFERENCE_MINUTES)}
    )
    pace_seconds: int | None = field(
        default=None, metadata={KIND: SpanField(label="pace", least=1, most=LONGEST_PACE_SECONDS, unit="seconds")}
    )
    response_targets: ResponseTargets | None = field(
        default=None, metadata={KIND: TargetsField(label="response targets", least=1, most=MOST_MINUTES)}
    )
    return_after: int | None = field(default=None, metadata={KIND: minutes("return without a reply after")})
    return_when_absent: int | None = field(default=None, metadata={KIND: minutes("return from an absent agent after")})
    return_by_hand_too: bool = field(
        default=False, metadata={KIND: SwitchField(label="return what people assigned too")}
    )
    max_returns: int = field(default=3, metadata={KIND: CountField(label="most returns", least=1, most=MOST_RETURNS)})


DECIDING = [one for one in fields(PolicyRules) if KIND in one.metadata]
POLICY_FIELDS: Mapping[str, PolicyField] = {one.name: one.metadata[KIND] for one in DECIDING}
DEFAULTS: Mapping[str, Any] = {one.name: one.default for one in DECIDING}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentPolicy(PolicyRules):
    """An inbox's rules: order, selector, fair distribution.

    `overridden` names the values that are the inbox's own and not the policy's (E69).
    """

    version: int = 1
    overridden: tuple[str, ...] = ()

    @property
    def window(self) -> timedelta:
        """How long an automatic assignment counts (E14)."""
        return timedelta(seconds=self.fair_distribution_window or DEFAULT_WINDOW_SECONDS)

    @property
    def pace(self) -> timedelta | None:
        """Return the shortest time between two automatic assignments to one agent (E61)."""
        return timedelta(seconds=self.pace_seconds) if self.pace_seconds else None

    @property
    def relaxes_after(self) -> timedelta | None:
        """Return the wait after which skills are not required any more (E58)."""
        return timedelta(minutes=self.relax_skills_after) if self.relax_skills_after else None

    @property
    def overflows_after(self) -> timedelta | None:
        """Return the wait after which the overflow team's members are asked too, None without overflow (E59)."""
        return timedelta(minutes=self.overflow_after) if self.overflow_after and self.overflow_team_id else None

    @property
    def keeps_for(self) -> timedelta:
        """Return the wait during which a conversation is kept for its preferred agent (E60)."""
        return timedelta(minutes=self.wait_for_preferred or 0)

    @property
    def returns(self) -> bool:
        """Return whether conversations come back from agents who do not answer (E64)."""
        return self.return_after is not None or self.return_when_absent is not None

    @property
    def unnamed(self) -> "AssignmentPolicy":
        """Return what decides, whatever the policy is called; no limit is 0 and no window the usual one."""
        return replace(
            self,
            name="",
            version=1,
            fair_distribution_limit=self.fair_distribution_limit or 0,
            fair_distribution_window=self.fair_distribution_window or DEFAULT_WINDOW_SECONDS,
        )


# The policy of an inbox without one, wherever the question is what a policy would do.
DEFAULT_POLICY = AssignmentPolicy(id=0, name="Default")


def read_rules(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the fields that decide which are stored or sent, as the engine has them."""
    return {name: kind.read(stored[name]) for name, kind in POLICY_FIELDS.items() if name in stored}


def read_policy(stored: Mapping[str, Any]) -> AssignmentPolicy:
    """Return the policy that is stored."""
    return AssignmentPolicy(id=stored["id"], name=stored["name"], version=stored["version"], **read_rules(stored))


def with_overrides(policy: AssignmentPolicy, stored: Mapping[str, Any]) -> AssignmentPolicy:
    """Return the policy of an inbox with its own values for some fields (E69)."""
    own = {name: stored[name] for name in OVERRIDABLE if name in stored}
    return replace(policy, **read_rules(own), overridden=tuple(own)) if own else policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRules:
    """What one capacity policy keeps from being given out (E5, E6); hours of None exclude nothing."""

    policy_id: int
    policy_name: str
    excluded_labels: tuple[str, ...] = ()
    exclude_older_than_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPolicyUse:
    """A capacity policy by its name, and the number of agents under it."""

    name: str
    agents: int
