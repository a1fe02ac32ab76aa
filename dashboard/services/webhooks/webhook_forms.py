"""The form for a webhook."""

from dataclasses import dataclass

from marshmallow import validate

from dashboard.http_client.url_guard import LONGEST_URL
from dashboard.services.core.form import UNSET, Form, Unset
from dashboard.services.core.form_fields import Switch, Text, Unique, Word
from dashboard.store.ledger.ledger import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEdit:
    """The changed fields of a webhook, or all fields of a new webhook."""

    url: str | Unset = UNSET
    subscriptions: tuple[Event, ...] | Unset = UNSET
    enabled: bool | Unset = UNSET


class WebhookForm(Form):
    """A new webhook, by default for all events; with `partial`, a change of a webhook."""

    root = "webhook"
    makes = WebhookEdit
    url = Text(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_URL),
        metadata={"example": "https://helpdesk.example/evenhand"},
    )
    subscriptions = Unique(Word(Event), load_default=tuple(Event))
    enabled = Switch(load_default=True)
