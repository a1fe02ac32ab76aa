"""The kinds of fields that decide in an assignment policy: each has its label and its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

# The keys of response targets, as `ResponseTargets` has its fields.
PRIORITY_KEYS = ("1", "2", "3", "4", "none")


class ResponseTargets(NamedTuple):
    """The minutes until a waiting conversation should be assigned, by priority; None is no target (E54)."""

    critical: int | None = None
    high: int | None = None
    medium: int | None = None
    low: int | None = None
    without: int | None = None

    def of(self, priority: int | None) -> int | None:
        """Return the target of a priority, None for a conversation without one."""
        return self[4 if priority is None else priority - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyField:
    """A field, and what the audit log calls it."""

    label: str

    def read(self, stored: Any) -> Any:
        """Return the engine's value of what a row, a kept snapshot or an edit has."""
        return stored


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchField(PolicyField):
    """On or off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordField(PolicyField):
    """One word of a closed set; an unlisted word decides where it is stored, and no form or call offers it."""

    words: type[StrEnum]
    unlisted: frozenset[StrEnum] = frozenset()

    @property
    def offered(self) -> Sequence[StrEnum]:
        """Return the words that forms and calls offer."""
        return [word for word in self.words if word not in self.unlisted]

    def read(self, stored: Any) -> StrEnum:
        return self.words(stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitField(PolicyField):
    """A whole number; None and 0 are no limit."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanField(PolicyField):
    """A whole number of minutes, hours or seconds; None is off."""

    least: int
    most: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountField(PolicyField):
    """A whole number that is always set."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamField(PolicyField):
    """The id of a team of the account; None is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowField(PolicyField):
    """A number of seconds; None is the usual one."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceField(PolicyField):
    """Some of the presence words, in any order."""

    def read(self, stored: Any) -> frozenset[str]:
        return frozenset(word for word in stored if word is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsField(PolicyField):
    """Minutes by priority, stored by `PRIORITY_KEYS`; None is off."""

    least: int
    most: int

    def read(self, stored: Mapping[str, int | None] | Sequence[int | None] | None) -> ResponseTargets | None:
        if stored is None:
            return None
        return ResponseTargets(*(map(stored.get, PRIORITY_KEYS) if isinstance(stored, Mapping) else stored))
