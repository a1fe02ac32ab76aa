"""The fields of an assignment policy's form: typed, saved, and as rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from enum import StrEnum
from typing import Any

from flask import request

from dashboard.engine.model import Presence
from dashboard.engine.policy import DEFAULT_WINDOW_SECONDS, AssignmentOrder, AssignmentPolicy, ConversationPriority
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid
from dashboard.services.policies.assignment_policies import PolicyRow
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, AssignmentPolicyForm
from dashboard.web.core import form_input

# The largest first: a window is shown in the first unit that divides it.
UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
UNNAMED = "this policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One of several choices, with an honest sentence about it."""

    value: StrEnum
    title: str
    sentence: str


ORDERS = (
    Card(
        value=ConversationPriority.EARLIEST_CREATED,
        title="Created first",
        sentence="An old conversation that waits again goes ahead of every newer one.",
    ),
    Card(
        value=ConversationPriority.LONGEST_WAITING,
        title="Longest waiting",
        sentence="The one without activity for longest goes first; whoever writes again moves back.",
    ),
)
SELECTORS = (
    Card(
        value=AssignmentOrder.ROUND_ROBIN,
        title="Round robin",
        sentence="Whose turn is longest ago. Everybody gets as many, however much they still hold.",
    ),
    Card(
        value=AssignmentOrder.BALANCED,
        title="Balanced",
        sentence="Whoever holds the fewest open ones in the inbox. Who resolves quickly gets more.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFields:
    """The form's fields; `inboxes` are the chosen inboxes."""

    policy_id: int = 0
    name: str = ""
    description: str = ""
    conversation_priority: str = ConversationPriority.EARLIEST_CREATED
    assignment_order: str = AssignmentOrder.ROUND_ROBIN
    limit: str = ""
    window: str = "1"
    unit: str = "hours"
    presence: frozenset[str] = frozenset({Presence.ONLINE})
    one_agent_per_contact: bool = False
    enabled: bool = True
    inboxes: frozenset[int] = frozenset()

    def edit(self, *, name: str = "") -> AssignmentPolicyEdit | Invalid:
        """Return the values to save, or the errors; `name` replaces an empty name."""
        loaded: AssignmentPolicyEdit | Invalid = form_input.load(AssignmentPolicyForm(), self._said(name))
        return loaded

    def untouched(self) -> Mapping[str, Any]:
        """Return the values that the unchanged form sends; empty if it would be refused."""
        edit = self.edit()
        return {} if isinstance(edit, Invalid) else sent_fields(edit)

    def _said(self, name: str) -> Mapping[str, Any]:
        window = form_input.number(self.window)
        return {
            "name": self.name or name,
            "description": self.description or None,
            "conversation_priority": self.conversation_priority,
            "assignment_order": self.assignment_order,
            "fair_distribution_limit": form_input.number(self.limit or None),
            "fair_distribution_window": window * UNITS[self.unit] if isinstance(window, int) else window,
            "eligible_presence": sorted(self.presence),
            "one_agent_per_contact": self.one_agent_per_contact,
            "enabled": self.enabled,
        }


def of_row(row: PolicyRow, inbox_ids: Iterable[int]) -> PolicyFields:
    """Return the fields of a saved policy."""
    seconds = row.fair_distribution_window or DEFAULT_WINDOW_SECONDS
    unit = next(unit for unit, length in UNITS.items() if seconds % length == 0)
    return PolicyFields(
        policy_id=row.id,
        name=row.name,
        description=row.description or "",
        conversation_priority=row.conversation_priority,
        assignment_order=row.assignment_order,
        limit=str(row.fair_distribution_limit or ""),
        window=str(seconds // UNITS[unit]),
        unit=unit,
        presence=frozenset(row.eligible_presence),
        one_agent_per_contact=row.one_agent_per_contact,
        enabled=row.enabled,
        inboxes=frozenset(inbox_ids),
    )


def of_wanted(row: PolicyRow, wanted: Mapping[str, Any]) -> PolicyFields:
    """Return the saved fields, replaced by the values that a person wanted."""
    changed = {name: value for name, value in wanted.items() if name != "inboxes"}
    return of_row(replace(row, **changed), wanted["inboxes"])


def facts(row: PolicyRow, saved: PolicyFields) -> Mapping[str, Any]:
    """Return the policy's values and inboxes, by the field names of its edit."""
    names = [field.name for field in dataclass_fields(AssignmentPolicyEdit)]
    return {**{name: getattr(row, name) for name in names}, "inboxes": sorted(saved.inboxes)}


def typed(policy_id: int = 0) -> PolicyFields:
    """Return the submitted fields."""
    unit = request.form.get("unit", "")
    return PolicyFields(
        policy_id=policy_id,
        name=form_input.text("name") or "",
        description=form_input.text("description") or "",
        conversation_priority=form_input.text("conversation_priority") or "",
        assignment_order=form_input.text("assignment_order") or "",
        limit=form_input.text("fair_distribution_limit") or "",
        window=form_input.text("fair_distribution_window") or "",
        unit=unit if unit in UNITS else "seconds",
        presence=frozenset(request.form.getlist("eligible_presence")),
        one_agent_per_contact=form_input.switched_on("one_agent_per_contact"),
        enabled=form_input.switched_on("enabled"),
        inboxes=frozenset(form_input.ids("inbox")),
    )


def rules(policy_id: int, edit: AssignmentPolicyEdit) -> AssignmentPolicy:
    """Return the form's values as rules of the engine."""
    said = {name: value for name, value in sent_fields(edit).items() if name != "description"}
    said["eligible_presence"] = frozenset(said["eligible_presence"])
    return AssignmentPolicy(id=policy_id, **said)
