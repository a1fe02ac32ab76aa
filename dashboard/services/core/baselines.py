"""The state of a thing as a person saw it before they changed it, so that saving takes nothing back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dashboard.services.core.refusals import Stale

Facts = Mapping[str, Any]
CHANGED = "Somebody else changed this meanwhile."


class Baseline(Protocol):
    """Compares what was seen with what stands now, which the transaction has locked."""

    def judged(self, values: Facts, now: Facts) -> dict[str, Any] | Stale:
        """Return the values that are to be written, or the fields that somebody else has changed."""


@dataclass(frozen=True, slots=True)
class NoBaseline:
    """Nothing was looked at: what is sent is written."""

    def judged(self, values: Facts, now: Facts) -> dict[str, Any] | Stale:
        return dict(values)


NO_BASELINE = NoBaseline()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFields:
    """The fields that a form was drawn from.

    `untouched` has the values that the form sends for fields that nobody touches, where they differ from the facts.
    """

    facts: Facts
    untouched: Facts = field(default_factory=dict)

    def judged(self, values: Facts, now: Facts) -> dict[str, Any] | Stale:
        """Return the values with what this person changed, and everything else as it stands now.

        Of lists, what was added and taken away is; a single value that both changed differently is refused.
        """
        wanted = {name: self._merged(name, value, now) for name, value in values.items() if self._touched(name, value)}
        stale = [name for name, value in wanted.items() if self._collides(name, value, now)]
        if stale:
            stands = {name: now[name] for name in stale}
            return Stale(errors=dict.fromkeys(stale, (CHANGED,)), wanted=wanted, now=stands)
        return {name: wanted.get(name, now.get(name)) if name in self.facts else values[name] for name in values}

    def _touched(self, name: str, value: Any) -> bool:
        return name in self.facts and not _same(value, self._shown(name))

    def _shown(self, name: str) -> Any:
        return self.untouched.get(name, self.facts[name])

    def _merged(self, name: str, value: Any, now: Facts) -> Any:
        if not _is_several(value):
            return value
        shown = self._shown(name) if _is_several(self._shown(name)) else ()
        taken = [one for one in shown if one not in value]
        added = [one for one in value if one not in shown]
        return tuple(dict.fromkeys([*(one for one in now[name] if one not in taken), *added]))

    def _collides(self, name: str, wanted: Any, now: Facts) -> bool:
        return not (_is_several(wanted) or _same(now[name], self.facts[name]) or _same(now[name], wanted))


def _is_several(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | Mapping)


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values are one to a form, which knows no order of a list, no line breaks and no empty text."""
    if _is_several(one) and _is_several(other):
        return set(one) == set(other)
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    return ("".join(value.splitlines()).strip() or None) if isinstance(value, str) else value
