"""Refusals of services, as values; pages and the API render them as text and a status code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """Invalid input: error messages by field; nothing changed."""

    errors: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale(Invalid):
    """Another person has changed these fields to other values meanwhile; nothing changed.

    `wanted` has the values that the change would have written, `now` the current values, both by field.
    """

    wanted: Mapping[str, Any] = field(default_factory=dict)
    now: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The current state does not allow the change; the sentence is the reason; nothing changed."""

    sentence: str


def invalid(field: str, message: str) -> Invalid:
    """Return an `Invalid` with one message for one field."""
    return Invalid(errors={field: (message,)})
