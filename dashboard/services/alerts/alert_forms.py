"""The forms for alert rules and alert channels."""

from dataclasses import dataclass

from marshmallow import validate

from dashboard.http_client.url_guard import LONGEST_URL
from dashboard.services.alerts.kinds import MOST_MINUTES, MOST_WAITING, AlertKind
from dashboard.services.core.form import UNSET, Form, Unset
from dashboard.services.core.form_fields import Id, Switch, Text, Unique, WholeNumber, Word, of_length
from dashboard.services.core.form_names import Name

MOST_CHANNELS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel:
    """A new channel with its address in apprise's form; the address is not in its repr."""

    name: str
    url: str

    def __repr__(self) -> str:
        return f"NewChannel(name={self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRuleEdit:
    """The changed fields of an alert rule, or all fields of a new one."""

    kind: AlertKind | Unset = UNSET
    threshold: int | Unset | None = UNSET
    minutes: int | Unset | None = UNSET
    inbox_id: int | Unset | None = UNSET
    channel_ids: tuple[int, ...] | Unset = UNSET
    enabled: bool | Unset = UNSET


class ChannelForm(Form):
    """A new alert channel."""

    root = "alert_channel"
    makes = NewChannel
    name = Name(required=True, validate=of_length())
    url = Text(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_URL),
        load_only=True,
        metadata={"description": "The address in the form of apprise, such as that of a mailbox."},
    )


class AlertRuleForm(Form):
    """A new alert rule; with `partial`, a change of a rule."""

    root = "alert_rule"
    makes = AlertRuleEdit
    kind = Word(AlertKind, required=True)
    threshold = WholeNumber(1, MOST_WAITING, allow_none=True, load_default=None)
    minutes = WholeNumber(1, MOST_MINUTES, allow_none=True, load_default=None)
    inbox_id = Id(allow_none=True, load_default=None)
    channel_ids = Unique(Id(), load_default=(), validate=validate.Length(max=MOST_CHANNELS))
    enabled = Switch(load_default=True)
