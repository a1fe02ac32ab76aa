"""The values that a form showed, so that a save does not revert another person's change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dashboard.services.core.refusals import Stale

Facts = Mapping[str, Any]
CHANGED = "Somebody else changed this meanwhile."


class Baseline(Protocol):
    """Compares the shown values with the current values, which the transaction has locked."""

    def judged(self, values: Facts, now: Facts) -> dict[str, Any] | Stale:
        """Return the values to write, or the fields that another person has changed."""


@dataclass(frozen=True, slots=True)
class NoBaseline:
    """No form was shown: every sent value is written."""

    def judged(self, values: Facts, now: Facts) -> dict[str, Any] | Stale:
        return dict(values)


NO_BASELINE = NoBaseline()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFields:
    """The values that a form showed.

    `untouched` maps fields to the values that an unedited form sends, if they differ from `facts`.
    """

    facts: Facts
    untouched: Facts = field(default_factory=dict)

    def judged(self, values: Facts, now: Facts) -> dict[str, Any] | Stale:
        """Return this person's changes over the current values.

        Lists merge by their additions and removals; a single value with two different changes is refused.
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
    """Return True if a form sends both values alike: it ignores list order, line breaks and empty texts."""
    if _is_several(one) and _is_several(other):
        return set(one) == set(other)
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    return ("".join(value.splitlines()).strip() or None) if isinstance(value, str) else value
