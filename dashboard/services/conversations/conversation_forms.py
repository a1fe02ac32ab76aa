"""What may be said of conversations: new ones, changes, messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate, validates_schema

from dashboard.engine.model import Status
from dashboard.engine.policy import LABEL_LENGTH, MOST_LABELS
from dashboard.services.core.form import UNSET, Form, Unset
from dashboard.services.core.form_fields import Id, Instant, Switch, Text, WholeNumber, Word, of_length
from dashboard.services.core.form_names import Name, NameFromOutside
from dashboard.store.conversations.contacts import ContactDraft

MOST_AT_ONCE = 1_000
LONGEST_SUBJECT = 1_000


class MessageType(StrEnum):
    """Who wrote: the customer, or an agent."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDraft:
    """A conversation that somebody wants to create; without `created_at` it begins now."""

    inbox_id: int
    external_id: str | None = None
    contact: ContactDraft | None = None
    subject: str | None = None
    status: Status = Status.OPEN
    priority: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    labels: tuple[str, ...] = ()
    created_at: datetime | None = None
    last_activity_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Say whether it will be open and nobody's."""
        return self.status is Status.OPEN and self.assignee_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Conversations that somebody wants to create together."""

    conversations: tuple[ConversationDraft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationChange:
    """What shall be different; a team or an assignee of None takes it away from them."""

    inbox_id: int | Unset = UNSET
    subject: str | Unset | None = UNSET
    status: Status | Unset = UNSET
    snoozed_until: datetime | Unset | None = UNSET
    priority: int | Unset | None = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    team_id: int | Unset | None = UNSET
    assignee_id: int | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Somebody wrote; without `at`, now. The content of the message is not kept.

    An `automatic` one (out of office, a receipt, a bot) asks nothing and answers nothing.
    """

    message_type: MessageType
    at: datetime | None = None
    automatic: bool = False


class Several(fields.List[Any]):
    """A list that becomes a tuple."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return tuple(super()._deserialize(value, attr, data, **kwargs))


class Labels(Several):
    """Labels of a conversation."""

    def __init__(self, **kwargs: Any) -> None:
        title = Name(validate=validate.Length(1, LABEL_LENGTH))
        super().__init__(title, validate=validate.Length(max=MOST_LABELS), **kwargs)


class NewContactForm(Form):
    """Who writes."""

    makes = ContactDraft
    identifier = NameFromOutside(required=True, validate=of_length())
    name = NameFromOutside(allow_none=True, validate=of_length())


class NewConversationForm(Form):
    """A new conversation."""

    root = "conversation"
    makes = ConversationDraft
    inbox_id = Id(required=True)
    external_id = Text(allow_none=True, validate=of_length())
    contact = fields.Nested(NewContactForm, allow_none=True)
    subject = Text(allow_none=True, validate=validate.Length(max=LONGEST_SUBJECT))
    status = Word(Status)
    priority = WholeNumber(1, 4, allow_none=True)
    team_id = Id(allow_none=True)
    assignee_id = Id(allow_none=True)
    labels = Labels()
    created_at = Instant()
    last_activity_at = Instant()


class NewConversationsForm(Form):
    """Up to a thousand new conversations."""

    makes = Drafts
    conversations = Several(
        fields.Nested(NewConversationForm), required=True, validate=validate.Length(1, MOST_AT_ONCE)
    )


class StatusForm(Form):
    """The status that a conversation shall have; a snooze without an instant ends when the customer writes."""

    root = "conversation"
    makes = ConversationChange
    status = Word(Status, required=True)
    snoozed_until = Instant(allow_none=True)

    @validates_schema
    def ends_a_snooze(self, data: Mapping[str, Any], **_: object) -> None:
        """Refuse an instant for anything but a snooze."""
        if data.get("snoozed_until") and data.get("status") is not Status.SNOOZED:
            raise ValidationError("Only a snooze has an end: give the status snoozed with it.", "snoozed_until")


class ConversationForm(StatusForm):
    """A change of a conversation."""

    inbox_id = Id()
    subject = Text(allow_none=True, validate=validate.Length(max=LONGEST_SUBJECT))
    status = Word(Status)
    priority = WholeNumber(1, 4, allow_none=True)
    labels = Labels()
    team_id = Id(allow_none=True)
    assignee_id = Id(allow_none=True)


class LabelsForm(Form):
    """All labels that a conversation shall have."""

    root = "conversation"
    makes = ConversationChange
    labels = Labels(required=True)


class AssignmentForm(Form):
    """Who shall have a conversation: an agent, nobody, or a team."""

    root = "assignment"
    makes = ConversationChange
    team_id = Id(allow_none=True)
    assignee_id = Id(allow_none=True)

    @validates_schema
    def names_somebody(self, data: Mapping[str, Any], **_: object) -> None:
        """Refuse a body that says nothing."""
        if not data:
            raise ValidationError("Give assignee_id or team_id.", "assignee_id")


class MessageForm(Form):
    """A message; its content may come along and is not kept."""

    root = "message"
    makes = Message
    message_type = Word(MessageType, required=True)
    at = Instant()
    automatic = Switch()
    content = fields.Raw(load_only=True, allow_none=True)

    @pre_load
    def forget(self, data: Any, **_: object) -> Any:
        """Leave the content where it came from."""
        return {field: said for field, said in data.items() if field != "content"} if isinstance(data, dict) else data
