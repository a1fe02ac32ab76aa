"""Forms for connections, the modes of their inboxes, and the matching of people to agents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validate

from dashboard.helpdesks.values import HelpdeskKind, NoteSetting
from dashboard.http_client.url_guard import LONGEST_URL
from dashboard.services.core.form import UNSET, Form, Unset
from dashboard.services.core.form_fields import Id, Switch, Text, WholeNumber, Word, of_length
from dashboard.services.core.form_names import Name
from dashboard.store.core.texts import can_be_kept
from dashboard.store.models.connections import ConnectionMode

LONGEST_CREDENTIAL = 2_000
LONGEST_GROUP = 255
MOST_QUIET_SECONDS, MOST_CALLS = 30, 1_000


class NewAgent(StrEnum):
    """The word for an agent that does not exist here yet."""

    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEdit:
    """A new connection; credentials are by field of their kind."""

    kind: HelpdeskKind
    name: str
    url: str
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """The changed fields of a connection; credentials replace all former ones."""

    name: str | Unset = UNSET
    credentials: Mapping[str, str] | Unset = field(default=UNSET, repr=False)
    paused: bool | Unset = UNSET
    note: NoteSetting | Unset = UNSET
    keep_names: bool | Unset = UNSET
    quiet_seconds: int | Unset = UNSET
    calls_per_second: int | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalKey:
    """An inbox or a person of a helpdesk, by its id there."""

    connection_id: int
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxModeEdit:
    """The changed fields of an inbox of a helpdesk; `own_assignment` can only be switched off."""

    mode: ConnectionMode | Unset = UNSET
    own_assignment: bool | Unset = UNSET
    group: str | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEdit:
    """The match of a person there: an agent here, a new one, or nobody; an ignored person is never assigned."""

    agent_id: int | NewAgent | Unset | None = UNSET
    ignored: bool | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The choice to keep or delete the mirrored rows."""

    keep: bool


class CredentialsField(fields.Dict):
    """Texts by name; numbers are taken as texts, and empty ones as not sent. Errors never quote a value."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise self.make_error("invalid")
        faults = {str(name): [said] for name, one in value.items() if (said := _fault(one))}
        if faults:
            raise ValidationError(faults)
        found = {str(name): str(one).strip() for name, one in value.items() if one is not None}
        return {name: text for name, text in found.items() if text}


class AgentOrNew(Id):
    """The id of an agent, or the word for a new one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if value == NewAgent.NEW:
            return NewAgent.NEW
        return super()._deserialize(value, attr, data, **kwargs)

    def _validate(self, value: Any) -> None:
        if value is not NewAgent.NEW:
            super()._validate(value)


class ConnectionForm(Form):
    """A new connection to a helpdesk."""

    root = "connection"
    makes = ConnectionEdit
    kind = Word(HelpdeskKind, required=True)
    name = Name(required=True, validate=of_length())
    url = Text(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_URL),
        metadata={"example": "https://helpdesk.example"},
    )
    credentials = CredentialsField(
        required=True,
        keys=fields.String(),
        values=fields.String(),
        metadata={"example": {"account_id": "1", "token": "…"}},
    )


class ConnectionChangeForm(Form):
    """A change of a connection."""

    root = "connection"
    makes = ConnectionChange
    name = Name(validate=of_length())
    credentials = CredentialsField(keys=fields.String(), values=fields.String())
    paused = Switch()
    note = Word(NoteSetting)
    keep_names = Switch()
    quiet_seconds = WholeNumber(0, MOST_QUIET_SECONDS)
    calls_per_second = WholeNumber(1, MOST_CALLS)


class InboxModeForm(Form):
    """A change of an inbox of a helpdesk."""

    root = "inbox"
    makes = InboxModeEdit
    mode = Word(ConnectionMode)
    own_assignment = Switch(validate=validate.Equal(False, error="It can only be switched off from here."))
    group = Text(allow_none=True, validate=validate.Length(max=LONGEST_GROUP))


class MatchForm(Form):
    """A change of a person's match."""

    root = "agent"
    makes = MatchEdit
    agent_id = AgentOrNew(allow_none=True, metadata={"description": "An id, “new”, or null."})
    ignored = Switch()


def _fault(value: Any) -> str | None:
    """Return the fault of one credential."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return None
    if not isinstance(value, str) or not can_be_kept(value):
        return "Not a valid text."
    return None if len(value) <= LONGEST_CREDENTIAL else f"Longer than maximum length {LONGEST_CREDENTIAL}."
