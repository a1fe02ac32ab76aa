"""What may be said of policies; the limits are the engine's (spec section 12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from dashboard.engine import policy as limits
from dashboard.services.core.form import UNSET, Form, Unset
from dashboard.services.core.form_fields import Id, Switch, Text, Unique, WholeNumber, of_length
from dashboard.services.core.form_names import Name
from dashboard.services.policies import policy_fields


class AssignmentPolicyEdit(policy_fields.EditBase):  # type: ignore[misc]
    """What changes of an assignment policy, or all of a new one; its fields are those that somebody sets."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionsEdit:
    """What is kept from being given out (E5, E6)."""

    excluded_labels: tuple[str, ...] = ()
    exclude_older_than_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPolicyEdit:
    """What changes of a capacity policy, or all of a new one; exclusion rules change as a whole."""

    name: str | Unset = UNSET
    description: str | Unset | None = UNSET
    conversation_limit: int | Unset | None = UNSET
    count_only_unanswered: bool | Unset = UNSET
    exclusion_rules: ExclusionsEdit | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLimitEdit:
    """What changes of a limit, or all of a new one."""

    inbox_id: int | Unset = UNSET
    conversation_limit: int | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChoice:
    """The policy that an inbox shall have, and the inbox's own values by field; without them those that it has."""

    assignment_policy_id: int
    overrides: Mapping[str, Any] | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChoice:
    """The agent who shall be under a capacity policy."""

    user_id: int


class AssignmentPolicyForm(Form):
    """A new assignment policy; a change with `partial`."""

    root = "assignment_policy"
    makes = AssignmentPolicyEdit
    name = Name(required=True, validate=of_length(limits.NAME_LENGTH))
    description = Text(allow_none=True, load_default=None)

    class Meta:
        include = policy_fields.inputs()


class ExclusionsForm(Form):
    """What is kept from being given out."""

    makes = ExclusionsEdit
    excluded_labels = Unique(
        Name(validate=of_length(limits.LABEL_LENGTH)), load_default=(), validate=validate.Length(max=limits.MOST_LABELS)
    )
    exclude_older_than_hours = WholeNumber(1, limits.MOST_HOURS, allow_none=True, load_default=None)


class CapacityPolicyForm(Form):
    """A new capacity policy; a change with `partial`."""

    root = "agent_capacity_policy"
    makes = CapacityPolicyEdit
    name = Name(required=True, validate=of_length(limits.NAME_LENGTH))
    description = Text(allow_none=True, load_default=None)
    conversation_limit = WholeNumber(0, limits.MOST_OPEN, allow_none=True, load_default=None)
    count_only_unanswered = Switch(load_default=False)
    exclusion_rules = fields.Nested(ExclusionsForm, allow_none=True, load_default=None)


class InboxLimitForm(Form):
    """A new limit; a change with `partial`."""

    root = "inbox_limit"
    makes = InboxLimitEdit
    inbox_id = Id(required=True)
    conversation_limit = WholeNumber(0, limits.MOST_OPEN, required=True)


class OverridesForm(Form):
    """An inbox's own values for fields of its policy; a field that is present, even null, is the inbox's own."""

    makes = dict

    class Meta:
        include = policy_fields.overriding_inputs()


class PolicyChoiceForm(Form):
    """The policy that an inbox shall have, and the inbox's own values."""

    makes = PolicyChoice
    assignment_policy_id = Id(required=True)
    overrides = fields.Nested(OverridesForm(partial=True))


class AgentChoiceForm(Form):
    """The agent who shall be under a capacity policy."""

    makes = AgentChoice
    user_id = Id(required=True)
