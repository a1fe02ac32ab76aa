"""Forms for conversations: creations, changes and messages."""

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
from dashboard.services.core.form_names import Name, NameFromOutside, Skills
from dashboard.store.conversations.contacts import ContactDraft

MOST_AT_ONCE = 1_000
LONGEST_SUBJECT = 1_000


class MessageType(StrEnum):
    """The author of a message: incoming from the customer, outgoing from an agent."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDraft:
    """A conversation to create; without `created_at`, its creation is now."""

    inbox_id: int
    external_id: str | None = None
    contact: ContactDraft | None = None
    subject: str | None = None
    status: Status = Status.OPEN
    priority: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    labels: tuple[str, ...] = ()
    required_skills: tuple[str, ...] = ()
    created_at: datetime | None = None
    last_activity_at: datetime | None = None
    respond_by: datetime | None = None

    @property
    def waits(self) -> bool:
        """Return True if the conversation will be open without an assignee."""
        return self.status is Status.OPEN and self.assignee_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Conversations to create in one transaction."""

    conversations: tuple[ConversationDraft, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationChange:
    """The changed fields of a conversation; None removes its team or its assignee."""

    inbox_id: int | Unset = UNSET
    subject: str | Unset | None = UNSET
    status: Status | Unset = UNSET
    snoozed_until: datetime | Unset | None = UNSET
    priority: int | Unset | None = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    required_skills: tuple[str, ...] | Unset = UNSET
    respond_by: datetime | Unset | None = UNSET
    team_id: int | Unset | None = UNSET
    assignee_id: int | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a conversation, without its content; without `at`, its instant is now.

    An `automatic` message (out of office, a receipt, a bot) does not change the side that must answer next.
    """

    message_type: MessageType
    at: datetime | None = None
    automatic: bool = False


class Several(fields.List[Any]):
    """A list field that loads as a tuple."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return tuple(super()._deserialize(value, attr, data, **kwargs))


class Labels(Several):
    """The labels of a conversation."""

    def __init__(self, **kwargs: Any) -> None:
        title = Name(validate=validate.Length(1, LABEL_LENGTH))
        super().__init__(title, validate=validate.Length(max=MOST_LABELS), **kwargs)


class NewContactForm(Form):
    """The contact of a new conversation."""

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
    required_skills = Skills()
    created_at = Instant()
    last_activity_at = Instant()
    respond_by = Instant(allow_none=True)


class NewConversationsForm(Form):
    """Up to a thousand new conversations."""

    makes = Drafts
    conversations = Several(
        fields.Nested(NewConversationForm), required=True, validate=validate.Length(1, MOST_AT_ONCE)
    )


class StatusForm(Form):
    """The new status of a conversation; a snooze without an instant ends with the customer's next message."""

    root = "conversation"
    makes = ConversationChange
    status = Word(Status, required=True)
    snoozed_until = Instant(allow_none=True)

    @validates_schema
    def ends_a_snooze(self, data: Mapping[str, Any], **_: object) -> None:
        """Refuse `snoozed_until` with any status except `snoozed`."""
        if data.get("snoozed_until") and data.get("status") is not Status.SNOOZED:
            raise ValidationError("Only a snooze has an end: give the status snoozed with it.", "snoozed_until")


class ConversationForm(StatusForm):
    """A change of a conversation."""

    inbox_id = Id()
    subject = Text(allow_none=True, validate=validate.Length(max=LONGEST_SUBJECT))
    status = Word(Status)
    priority = WholeNumber(1, 4, allow_none=True)
    labels = Labels()
    required_skills = Skills()
    respond_by = Instant(allow_none=True)
    team_id = Id(allow_none=True)
    assignee_id = Id(allow_none=True)


class LabelsForm(Form):
    """The new labels of a conversation, in place of its current labels."""

    root = "conversation"
    makes = ConversationChange
    labels = Labels(required=True)


class AssignmentForm(Form):
    """The new assignee of a conversation, or None, and its new team, or None."""

    root = "assignment"
    makes = ConversationChange
    team_id = Id(allow_none=True)
    assignee_id = Id(allow_none=True)

    @validates_schema
    def names_somebody(self, data: Mapping[str, Any], **_: object) -> None:
        """Refuse an empty body."""
        if not data:
            raise ValidationError("Give assignee_id or team_id.", "assignee_id")


class MessageForm(Form):
    """A message; the form accepts its content and discards it."""

    root = "message"
    makes = Message
    message_type = Word(MessageType, required=True)
    at = Instant()
    automatic = Switch()
    content = fields.Raw(load_only=True, allow_none=True)

    @pre_load
    def forget(self, data: Any, **_: object) -> Any:
        """Remove the content before validation."""
        return {field: said for field, said in data.items() if field != "content"} if isinstance(data, dict) else data
