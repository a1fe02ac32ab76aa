"""The form of an inbox's own values for fields of its policy (E69)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, request

from dashboard.engine.policy import OVERRIDABLE, POLICY_FIELDS
from dashboard.engine.policy_fields import TargetsField, WindowField, WordField
from dashboard.services.core.refusals import Invalid
from dashboard.services.policies import own_values as service
from dashboard.services.policies.policy_forms import OverridesForm
from dashboard.store.policies.assignment_policies import InboxPolicyRow
from dashboard.web.audit import field_text
from dashboard.web.core import form_input
from dashboard.web.core.cards import ORDERS, SELECTORS, TARGET_TITLES, UNITS, Card, Span, span_of
from dashboard.web.policies.policy_fields import CONTROLS

CARDS: Mapping[str, Sequence[Card]] = {"assignment_order": SELECTORS, "conversation_priority": ORDERS}
# The controls beside the policy's own of the same fields.
PREFIX = "own_"
NOTHING = Span(count="", unit="hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnValue:
    """A field that the inbox may have a value of its own for.

    `typed` is the value as its control shows it, empty where the policy decides; `policys` is the policy's as text.
    `choices` are those of a word.
    """

    name: str
    control: str
    label: str
    typed: Any
    policys: str
    choices: Sequence[Card]


def init_app(app: Flask) -> None:
    """Add the fields of the form to the templates."""
    app.jinja_env.globals.update(
        own_values=fields,
        own_facts=service.of,
        window_units=tuple(UNITS),
        named_values=named,
        target_titles=TARGET_TITLES,
    )


def named(names: Sequence[str]) -> str:
    """Return the labels of these fields."""
    return ", ".join(POLICY_FIELDS[name].label for name in names)


def fields(policy: InboxPolicyRow, *, is_wrong: bool = False) -> list[OwnValue]:
    """Return the fields of the form: as sent if they are refused, else as saved."""
    stands = service.of(policy)
    return [_field(policy, name, _typed(name) if is_wrong else _shown(name, stands[name])) for name in OVERRIDABLE]


def typed() -> Mapping[str, Any] | Invalid:
    """Return the sent values by field, None for those that are left to the policy, or the errors by field."""
    given = {name: value for name in OVERRIDABLE if (value := _given(name)) is not None}
    loaded: dict[str, Any] | Invalid = form_input.load(OverridesForm(partial=True), given)
    return loaded if isinstance(loaded, Invalid) else {name: loaded.get(name) for name in OVERRIDABLE}


def _typed(name: str) -> Any:
    if isinstance(POLICY_FIELDS[name], TargetsField):
        return CONTROLS[TargetsField].typed(PREFIX + name)
    text = form_input.text(PREFIX + name) or ""
    if not isinstance(POLICY_FIELDS[name], WindowField):
        return text
    unit = request.form.get(f"{PREFIX}unit", "")
    return Span(count=text, unit=unit if unit in UNITS else NOTHING.unit)


def _given(name: str) -> Any:
    typed = _typed(name)
    return CONTROLS[type(POLICY_FIELDS[name])].given(typed) if _is_set(typed) else None


def _is_set(typed: str | Span | Mapping[str, str]) -> bool:
    if isinstance(typed, Mapping):
        return any(typed.values())
    return bool(typed.count if isinstance(typed, Span) else typed)


def _shown(name: str, own: Any) -> Any:
    if isinstance(POLICY_FIELDS[name], TargetsField):
        return CONTROLS[TargetsField].saved(own)
    if isinstance(POLICY_FIELDS[name], WindowField):
        return NOTHING if own is None else span_of(own)
    return "" if own is None else str(own)


def _field(policy: InboxPolicyRow, name: str, shown: Any) -> OwnValue:
    kind, said = POLICY_FIELDS[name], getattr(policy, name)
    return OwnValue(
        name=name,
        control=PREFIX + name,
        label=kind.label,
        typed=shown,
        policys=field_text.SAID[name](said) if name in field_text.SAID else str(said),
        choices=CARDS.get(name, ()) if isinstance(kind, WordField) else (),
    )
