"""The kinds of fields that decide in an assignment policy: each has its label and its limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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
