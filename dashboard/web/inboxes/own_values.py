"""The form of an inbox's own values for fields of its policy (E69)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, request

from dashboard.engine.policy import OVERRIDABLE, POLICY_FIELDS
from dashboard.engine.policy_fields import PolicyField, WordField
from dashboard.services.core.refusals import Invalid
from dashboard.services.policies.policy_forms import OverridesForm
from dashboard.store.policies.assignment_policies import InboxPolicyRow
from dashboard.web.audit import field_text
from dashboard.web.core import form_input
from dashboard.web.core.cards import ORDERS, SELECTORS, TARGET_TITLES, UNITS, Card
from dashboard.web.policies.policy_fields import CONTROLS

CARDS: Mapping[str, Sequence[Card]] = {"assignment_order": SELECTORS, "conversation_priority": ORDERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnValue:
    """A field that the inbox may have a value of its own for.

    `typed` is the value as its control shows it, `policys` the policy's value as text. `choices` are those of a word.
    """

    name: str
    label: str
    is_own: bool
    typed: Any
    policys: str
    choices: Sequence[Card]


def init_app(app: Flask) -> None:
    """Add the fields of the form to the templates."""
    app.jinja_env.globals.update(
        own_values=fields, window_units=tuple(UNITS), named_values=named, target_titles=TARGET_TITLES
    )


def named(names: Sequence[str]) -> str:
    """Return the labels of these fields."""
    return ", ".join(POLICY_FIELDS[name].label for name in names)


def fields(policy: InboxPolicyRow, *, is_wrong: bool = False) -> list[OwnValue]:
    """Return the fields of the form: as sent if they are wrong, else as saved."""
    own = _ticked() if is_wrong else [name for name in OVERRIDABLE if name in policy.overrides]
    return [_field(policy, name, POLICY_FIELDS[name], own, is_wrong=is_wrong) for name in OVERRIDABLE]


def typed() -> dict[str, Any] | Invalid:
    """Return the sent values of the ticked fields, or the errors by field."""
    given = {name: _given(name, POLICY_FIELDS[name]) for name in _ticked()}
    loaded: dict[str, Any] | Invalid = form_input.load(OverridesForm(partial=True), given)
    return loaded


def _ticked() -> list[str]:
    sent = request.form.getlist("own")
    return [name for name in OVERRIDABLE if name in sent]


def _given(name: str, kind: PolicyField) -> Any:
    control = CONTROLS[type(kind)]
    return control.given(control.typed(name))


def _field(policy: InboxPolicyRow, name: str, kind: PolicyField, own: Sequence[str], *, is_wrong: bool) -> OwnValue:
    control, said = CONTROLS[type(kind)], getattr(policy, name)
    return OwnValue(
        name=name,
        label=kind.label,
        is_own=name in own,
        typed=control.typed(name) if is_wrong else control.saved(policy.effective[name]),
        policys=field_text.SAID[name](said) if name in field_text.SAID else str(said),
        choices=CARDS.get(name, ()) if isinstance(kind, WordField) else (),
    )
