"""The fields of an assignment policy in edits, forms and answers: all follow from the register."""

from collections.abc import Mapping
from dataclasses import make_dataclass
from typing import Any

from marshmallow import fields, validate
from marshmallow.fields import Field

from dashboard.engine import policy_fields as kinds
from dashboard.engine.model import Presence
from dashboard.engine.policy import DEFAULTS, OVERRIDABLE, POLICY_FIELDS
from dashboard.engine.policy_fields import PolicyField
from dashboard.services.core.form import UNSET
from dashboard.services.core.form_fields import Id, Switch, Unique, WholeNumber, Word
from dashboard.services.policies.target_forms import TargetMinutes

# The fields that somebody sets, and a dataclass with each of them left out.
EDITED = ("name", "description", *POLICY_FIELDS)
EditBase: Any = make_dataclass(
    "EditBase", [(name, Any, UNSET) for name in EDITED], frozen=True, slots=True, kw_only=True
)


def inputs() -> Mapping[str, Field[Any]]:
    """Return the fields of a form; each has its default."""
    return {name: _input(kind, DEFAULTS[name]) for name, kind in POLICY_FIELDS.items()}


def outputs() -> Mapping[str, Field[Any]]:
    """Return the fields of an answer."""
    return {name: _output(kind) for name, kind in POLICY_FIELDS.items()}


def overriding_inputs() -> Mapping[str, Field[Any]]:
    """Return the fields that an inbox may have values of its own for (E69)."""
    return {name: _input(POLICY_FIELDS[name], DEFAULTS[name]) for name in OVERRIDABLE}


def overriding_outputs() -> Mapping[str, Field[Any]]:
    """Return the fields of an inbox's own values in an answer."""
    return {name: _output(POLICY_FIELDS[name]) for name in OVERRIDABLE}


def _input(kind: PolicyField, default: Any) -> Field[Any]:
    match kind:
        case kinds.WordField(words=words, offered=offered):
            return Word(words, offered, load_default=default)
        case kinds.LimitField(least=least, most=most) | kinds.WindowField(least=least, most=most):
            return WholeNumber(least, most, allow_none=True, load_default=default)
        case kinds.SpanField(least=least, most=most):
            return WholeNumber(least, most, allow_none=True, load_default=default)
        case kinds.TargetsField(least=least, most=most):
            return TargetMinutes(least, most, allow_none=True, load_default=default)
        case kinds.CountField(least=least, most=most):
            return WholeNumber(least, most, load_default=default)
        case kinds.TeamField():
            return Id(allow_none=True, load_default=default)
        case kinds.PresenceField():
            usual = tuple(word for word in Presence if word in default)
            return Unique(Word(Presence), load_default=usual, validate=validate.Length(min=1))
    return Switch(load_default=default)


def _output(kind: PolicyField) -> Field[Any]:
    match kind:
        case kinds.WordField():
            return fields.String()
        case kinds.LimitField() | kinds.WindowField() | kinds.SpanField() | kinds.TeamField():
            return fields.Integer(allow_none=True)
        case kinds.TargetsField():
            return fields.Dict(fields.String(), fields.Integer(allow_none=True), allow_none=True)
        case kinds.CountField():
            return fields.Integer()
        case kinds.PresenceField():
            return fields.List(fields.String())
    return fields.Boolean()
