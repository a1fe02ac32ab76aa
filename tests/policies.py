"""Assignment policies that differ from the defaults in every field, whatever fields there are."""

from functools import singledispatch
from typing import Any

from dashboard.engine.policy import DEFAULTS, POLICY_FIELDS
from dashboard.engine.policy_fields import (
    CountField,
    LimitField,
    PolicyField,
    PresenceField,
    SpanField,
    SwitchField,
    TargetsField,
    TeamField,
    WindowField,
    WordField,
)
from tests.desks import Acme


@singledispatch
def unlike(kind: PolicyField, default: Any) -> Any:
    """Return a value of this kind, as it is stored, that is not the default."""
    raise NotImplementedError(kind)


@unlike.register
def _(kind: SwitchField, default: bool) -> bool:
    return not default


@unlike.register
def _(kind: WordField, default: str) -> str:
    return next(word.value for word in kind.offered if word != default)


@unlike.register(CountField)
@unlike.register(LimitField)
@unlike.register(SpanField)
@unlike.register(WindowField)
def _(kind: CountField | LimitField | SpanField | WindowField, default: int | None) -> int:
    return next(number for number in (kind.most, kind.most - 1) if number != default)


@unlike.register
def _(kind: PresenceField, default: frozenset[str]) -> list[str]:
    return ["busy", *sorted(default)]


@unlike.register
def _(kind: TeamField, default: None) -> int:
    return 1


@unlike.register
def _(kind: TargetsField, default: None) -> dict[str, int | None]:
    return {"1": kind.least, "2": None, "3": None, "4": kind.most, "none": 240}


UNLIKE: dict[str, Any] = {name: unlike(kind, DEFAULTS[name]) for name, kind in POLICY_FIELDS.items()}


def unlike_in(acme: Acme) -> dict[str, Any]:
    """Return the values with a team that the account has."""
    return {**UNLIKE, "overflow_team_id": acme.team("Overflow")}
