"""The limits of a row's fields, taken from the API's forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import ValidationError, fields, validate

from dashboard.services.accounts.account_forms import AgentForm
from dashboard.services.conversations.conversation_forms import Labels, NewContactForm, NewConversationForm
from dashboard.services.csv_import.reading.columns import Field
from dashboard.services.inboxes.inbox_forms import InboxForm, TeamForm

CONVERSATION = NewConversationForm().fields
LABELS = cast(Labels, CONVERSATION["labels"])
TEXTS: Mapping[Field, fields.Field[Any]] = {
    Field.EXTERNAL_ID: CONVERSATION["external_id"],
    Field.INBOX: InboxForm().fields["name"],
    Field.CONTACT: NewContactForm().fields["identifier"],
    Field.SUBJECT: CONVERSATION["subject"],
    Field.LABELS: LABELS.inner,
    Field.HANDLED_BY: AgentForm().fields["name"],
    Field.TEAM: TeamForm().fields["name"],
}
INSTANT = CONVERSATION["created_at"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text within the limits of its field, None if the field refuses it; `is_cut` if its end is missing."""

    text: str | None
    is_cut: bool = False


def longest(field: fields.Field[Any]) -> int:
    """Return the maximum length of a field."""
    [rule] = [rule for rule in field.validators if isinstance(rule, validate.Length)]
    assert rule.max is not None
    return rule.max


MAX_LABELS = longest(LABELS)
MAX_LENGTHS = {field: longest(kind) for field, kind in TEXTS.items()}


def fit(field: Field, text: str) -> Fitted:
    """Return the text as the field takes it, cut to the maximum length."""
    cut = text[: MAX_LENGTHS[field]].rstrip()
    try:
        return Fitted(TEXTS[field].deserialize(cut), is_cut=cut != text)
    except ValidationError:
        return Fitted(None)
