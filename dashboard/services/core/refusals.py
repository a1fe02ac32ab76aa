"""How a service says no: values, which pages and API turn into words and a status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """What was given makes no sense: messages by field; nothing changed."""

    errors: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale(Invalid):
    """Somebody else has changed these fields meanwhile, to other values; nothing changed.

    `wanted` are the values that the change would have written, `now` those that stand, both by field.
    """

    wanted: Mapping[str, Any] = field(default_factory=dict)
    now: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """It cannot be done as things stand, and the sentence says why; nothing changed."""

    sentence: str


def invalid(field: str, message: str) -> Invalid:
    """Return the refusal of one field."""
    return Invalid(errors={field: (message,)})
