"""Forms for inboxes, teams, labels and their members."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from dashboard.engine.model import AssignmentType
from dashboard.engine.policy import LABEL_LENGTH, MOST_OPEN, MOST_WEIGHT
from dashboard.services.core.form import UNSET, Form, Unset
from dashboard.services.core.form_fields import Id, Switch, Text, WholeNumber, Word, of_length
from dashboard.services.core.form_names import Name
from dashboard.services.inboxes.hours_forms import Hours

MOST_MEMBERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEdit:
    """The changed fields of an inbox, or all fields of a new inbox."""

    name: str | Unset = UNSET
    channel: str | Unset | None = UNSET
    enable_auto_assignment: bool | Unset = UNSET
    weight: int | Unset = UNSET
    business_hours: Mapping[str, Any] | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamEdit:
    """The changed fields of a team, or all fields of a new team."""

    name: str | Unset = UNSET
    assignment_type: AssignmentType | Unset = UNSET
    max_auto_assigned_conversations: int | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLabel:
    """A label that the account suggests."""

    title: str
    color: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberIds:
    """The ids of members."""

    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEdit:
    """The changes of one membership."""

    auto_assign: bool


class InboxForm(Form):
    """A new inbox; with `partial`, a change of an inbox."""

    root = "inbox"
    makes = InboxEdit
    name = Name(required=True, validate=of_length())
    channel = Name(allow_none=True, load_default=None, validate=of_length())
    enable_auto_assignment = Switch(load_default=True)
    weight = WholeNumber(1, MOST_WEIGHT, load_default=1)
    business_hours = Hours(allow_none=True, load_default=None, metadata={"type": "object"})


class TeamForm(Form):
    """A new team; with `partial`, a change of a team."""

    root = "team"
    makes = TeamEdit
    name = Name(required=True, validate=of_length())
    assignment_type = Word(AssignmentType, load_default=AssignmentType.ROUND_ROBIN)
    max_auto_assigned_conversations = WholeNumber(0, MOST_OPEN, load_default=0)


class LabelForm(Form):
    """A label that the account suggests."""

    root = "label"
    makes = NewLabel
    title = Name(required=True, validate=of_length(LABEL_LENGTH))
    color = Text(
        allow_none=True,
        load_default=None,
        validate=validate.Regexp(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z", error="Not a colour such as #1f93ff."),
    )


class MemberForm(Form):
    """A change of one membership."""

    makes = MemberEdit
    auto_assign = Switch(required=True)


class MembersForm(Form):
    """The members of an inbox or a team, at most 10,000."""

    makes = MemberIds
    user_ids = fields.List(Id(), required=True, validate=validate.Length(max=MOST_MEMBERS))
