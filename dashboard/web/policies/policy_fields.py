"""The fields of an assignment policy's form: typed, saved, and as rules."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import request

from dashboard.engine import policy_fields as kinds
from dashboard.engine.policy import (
    DEFAULTS,
    POLICY_FIELDS,
    AssignmentPolicy,
)
from dashboard.engine.policy_fields import PRIORITY_KEYS, PolicyField
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid
from dashboard.services.policies import previews
from dashboard.services.policies.assignment_policies import PolicyRow
from dashboard.services.policies.policy_fields import EDITED
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, AssignmentPolicyForm
from dashboard.web.core import form_input
from dashboard.web.core.cards import UNITS, Span, span_of
from dashboard.web.policies.presets import Preset

UNNAMED = "this policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """How a kind of field is read from the browser, shown as it was saved, and given to the form."""

    typed: Callable[[str], Any]
    saved: Callable[[Any], Any]
    given: Callable[[Any], Any]


def _typed_span(name: str) -> Span:
    unit = request.form.get("unit", "")
    return Span(count=form_input.text(name) or "", unit=unit if unit in UNITS else "seconds")


def _given_span(span: Span) -> int | str | None:
    count = form_input.number(span.count)
    return count * UNITS[span.unit] if isinstance(count, int) else count


CONTROLS: Mapping[type[PolicyField], Control] = {
    kinds.WordField: Control(typed=lambda name: form_input.text(name) or "", saved=str, given=str),
    kinds.LimitField: Control(
        typed=lambda name: form_input.text(name) or "",
        saved=lambda limit: str(limit or ""),
        given=lambda typed: form_input.number(typed or None),
    ),
    kinds.SpanField: Control(
        typed=lambda name: form_input.text(name) or "",
        saved=lambda number: "" if number is None else str(number),
        given=lambda typed: form_input.number(typed or None),
    ),
    kinds.TargetsField: Control(
        typed=lambda name: {key: form_input.text(f"{name}.{key}") or "" for key in PRIORITY_KEYS},
        saved=lambda stored: {key: str((stored or {}).get(key) or "") for key in PRIORITY_KEYS},
        given=lambda typed: {key: form_input.number(minutes or None) for key, minutes in typed.items()},
    ),
    kinds.CountField: Control(
        typed=lambda name: form_input.text(name) or str(DEFAULTS[name]),
        saved=str,
        given=lambda typed: form_input.number(typed or None),
    ),
    kinds.TeamField: Control(
        typed=lambda name: form_input.text(name) or "",
        saved=lambda team_id: str(team_id or ""),
        given=lambda typed: form_input.number(typed or None),
    ),
    kinds.WindowField: Control(typed=_typed_span, saved=span_of, given=_given_span),
    kinds.SwitchField: Control(typed=form_input.switched_on, saved=bool, given=bool),
    kinds.PresenceField: Control(
        typed=lambda name: frozenset(request.form.getlist(name)), saved=frozenset, given=sorted
    ),
}


def _saved(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields that decide as the form shows them."""
    return {name: CONTROLS[type(kind)].saved(values[name]) for name, kind in POLICY_FIELDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFields:
    """What stands in the form: `rules` has the fields that decide by name, `inboxes` those that are ticked."""

    policy_id: int = 0
    name: str = ""
    description: str = ""
    rules: Mapping[str, Any] = field(default_factory=lambda: _saved(DEFAULTS))
    inboxes: frozenset[int] = frozenset()

    def uses(self, *names: str) -> bool:
        """Return whether one of these fields is set, so that its section is open."""
        values = (self.rules[name] for name in names)
        return any(any(one.values()) if isinstance(one, Mapping) else one for one in values)

    def edit(self, *, name: str = "") -> AssignmentPolicyEdit | Invalid:
        """Return the values to save, or the errors; `name` replaces an empty name."""
        given = {one: CONTROLS[type(kind)].given(self.rules[one]) for one, kind in POLICY_FIELDS.items()}
        named = {"name": self.name or name, "description": self.description or None}
        loaded: AssignmentPolicyEdit | Invalid = form_input.load(AssignmentPolicyForm(), {**named, **given})
        return loaded

    def untouched(self) -> Mapping[str, Any]:
        """Return the values that the unchanged form sends; empty if it would be refused."""
        edit = self.edit()
        return {} if isinstance(edit, Invalid) else sent_fields(edit)


def of_row(row: PolicyRow, inbox_ids: Iterable[int]) -> PolicyFields:
    """Return the fields of a saved policy."""
    return PolicyFields(
        policy_id=row.id,
        name=row.name,
        description=row.description or "",
        rules=_saved({name: getattr(row, name) for name in POLICY_FIELDS}),
        inboxes=frozenset(inbox_ids),
    )


def of_preset(preset: Preset, inbox_ids: Iterable[int]) -> PolicyFields:
    """Return the fields of a new policy with a preset's values."""
    return PolicyFields(name=preset.title, rules=_saved({**DEFAULTS, **preset.rules}), inboxes=frozenset(inbox_ids))


def of_wanted(row: PolicyRow, wanted: Mapping[str, Any]) -> PolicyFields:
    """Return the saved fields, replaced by the values that a person wanted."""
    changed = {name: value for name, value in wanted.items() if name != "inboxes"}
    return of_row(replace(row, **changed), wanted["inboxes"])


def facts(row: PolicyRow, saved: PolicyFields) -> Mapping[str, Any]:
    """Return the policy's values and inboxes, by the field names of its edit."""
    return {**{name: getattr(row, name) for name in EDITED}, "inboxes": sorted(saved.inboxes)}


def typed(policy_id: int = 0) -> PolicyFields:
    """Return the submitted fields."""
    return PolicyFields(
        policy_id=policy_id,
        name=form_input.text("name") or "",
        description=form_input.text("description") or "",
        rules={name: CONTROLS[type(kind)].typed(name) for name, kind in POLICY_FIELDS.items()},
        inboxes=frozenset(form_input.ids("inbox")),
    )


def rules(policy_id: int, edit: AssignmentPolicyEdit) -> AssignmentPolicy:
    """Return the form's values as rules of the engine."""
    return previews.changed(AssignmentPolicy(id=policy_id, name=""), edit)
