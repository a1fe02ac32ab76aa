"""The fields of a capacity policy's form, typed or saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from dashboard.services.core.refusals import Invalid
from dashboard.services.policies import capacity_policy_form
from dashboard.services.policies.capacity_policies import CapacityView
from dashboard.services.policies.capacity_policy_form import LIMIT
from dashboard.services.policies.policy_forms import (
    CapacityPolicyEdit,
    CapacityPolicyForm,
    ExclusionsEdit,
    ExclusionsForm,
    InboxLimitEdit,
    InboxLimitForm,
)
from dashboard.web.core import form_input


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPolicyFields:
    """The form's fields; `limits` are typed texts by inbox, "" for no limit."""

    policy_id: int = 0
    name: str = ""
    description: str = ""
    total: str = ""
    labels: tuple[str, ...] = ()
    hours: str = ""
    only_unanswered: bool = False
    limits: Mapping[int, str] = field(default_factory=dict)

    def edit(self) -> CapacityPolicyEdit | Invalid:
        """Return the values to save, or all errors."""
        loaded: CapacityPolicyEdit | Invalid = form_input.load(CapacityPolicyForm(), self._said())
        excluded: ExclusionsEdit | Invalid = form_input.load(ExclusionsForm(), self._exclusions())
        found = [said.errors for said in (loaded, excluded) if isinstance(said, Invalid)]
        errors = {name: said for part in (*found, self._wrong_limits()) for name, said in part.items()}
        return Invalid(errors=errors) if errors else loaded

    def numbers(self) -> Mapping[int, int | None]:
        """Return the valid limits by inbox; None is no limit."""
        return {one: int(typed) if typed else None for one, typed in self.limits.items()}

    def _said(self) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "description": self.description or None,
            "conversation_limit": form_input.number(self.total or None),
            "count_only_unanswered": self.only_unanswered,
            "exclusion_rules": self._exclusions(),
        }

    def _exclusions(self) -> Mapping[str, Any]:
        return {"excluded_labels": list(self.labels), "exclude_older_than_hours": form_input.number(self.hours or None)}

    def _wrong_limits(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for inbox_id, typed in self.limits.items():
            said = {"inbox_id": inbox_id, "conversation_limit": form_input.number(typed)}
            loaded: InboxLimitEdit | Invalid | None = form_input.load(InboxLimitForm(), said) if typed else None
            if isinstance(loaded, Invalid):
                found[f"{LIMIT}{inbox_id}"] = tuple(m for several in loaded.errors.values() for m in several)
        return found


def of_view(view: CapacityView) -> CapacityPolicyFields:
    """Return the fields of a saved policy."""
    return of_facts(view.id, capacity_policy_form.facts(view, [row.inbox_id for row in view.inbox_capacity_limits]))


def of_facts(policy_id: int, facts: Mapping[str, Any]) -> CapacityPolicyFields:
    """Return the fields of a policy's values, limits included."""
    return CapacityPolicyFields(
        policy_id=policy_id,
        name=facts["name"],
        description=facts["description"] or "",
        total=_typed(facts["conversation_limit"]),
        labels=facts["excluded_labels"],
        hours=_typed(facts["exclude_older_than_hours"]),
        only_unanswered=facts["count_only_unanswered"],
        limits={int(name.removeprefix(LIMIT)): _typed(facts[name]) for name in facts if name.startswith(LIMIT)},
    )


def typed(policy_id: int = 0) -> CapacityPolicyFields:
    """Return the submitted fields."""
    limits = {
        one: request.form[name].strip()
        for name in request.form
        if name.startswith(LIMIT) and isinstance(one := form_input.number(name.removeprefix(LIMIT)), int)
    }
    return CapacityPolicyFields(
        policy_id=policy_id,
        name=form_input.text("name") or "",
        description=form_input.text("description") or "",
        total=form_input.text("conversation_limit") or "",
        labels=tuple(form_input.labels()),
        hours=form_input.text("exclude_older_than_hours") or "",
        only_unanswered=form_input.switched_on("count_only_unanswered"),
        limits=limits,
    )


def _typed(value: int | None) -> str:
    return "" if value is None else str(value)
