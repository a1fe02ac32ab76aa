"""Forms for an account, its agents and their API tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from dashboard.engine.model import Presence, Role
from dashboard.engine.policy import LABEL_LENGTH
from dashboard.services.core.form import UNSET, Form, Unset
from dashboard.services.core.form_fields import Id, Instant, Switch, Text, Word, of_length
from dashboard.services.core.form_names import MOST_SKILLS, Name, Skills, skill_name

LONGEST_EMAIL = 254
SHORTEST_PASSWORD = 6
LONGEST_PASSWORD = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEdit:
    """The changed fields of an account."""

    name: str | Unset = UNSET
    assignment_v2: bool | Unset = UNSET
    skill_labels: Mapping[str, str] | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account and its first administrator."""

    name: str
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEdit:
    """The changed fields of an agent, or all fields of a new agent."""

    name: str | Unset = UNSET
    email: str | Unset = UNSET
    role: Role | Unset = UNSET
    password: str | Unset = UNSET
    availability: Presence | Unset = UNSET
    auto_offline: bool | Unset = UNSET
    active: bool | Unset = UNSET
    skills: tuple[str, ...] | Unset = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """The current password and its replacement."""

    current: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenPassword:
    """The password of a new log-in."""

    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A requested API token: its name, its owner and its expiry."""

    name: str = ""
    user_id: int | None = None
    expires_at: datetime | None = None


class Email(Text):
    """An email address in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        rules = [validate.Length(max=LONGEST_EMAIL), validate.Email()]
        super().__init__(validate=rules, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).lower()


class Password(fields.String):
    """A password: printable text, with its spaces."""

    def __init__(self, least: int = SHORTEST_PASSWORD, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(least, LONGEST_PASSWORD), load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not text.isprintable():
            raise ValidationError("Not a valid text.")
        return text


class AccountForm(Form):
    """A change of the account's name, its switch, or the skills that labels require."""

    root = "account"
    makes = AccountEdit
    name = Name(validate=of_length())
    assignment_v2 = Switch()
    skill_labels = fields.Dict(
        Name(validate=of_length(LABEL_LENGTH)), skill_name(), validate=validate.Length(max=MOST_SKILLS)
    )


class NewAccountForm(Form):
    """A new account."""

    makes = NewAccount
    name = Name(required=True, validate=of_length())
    email = Email(required=True)
    # Only the command line uses this form, and its user can read the database: any length is accepted.
    password = Password(least=1, required=True)


class AgentForm(Form):
    """A new agent; with `partial`, a change of an agent."""

    root = "agent"
    makes = AgentEdit
    name = Name(required=True, validate=of_length())
    email = Email(required=True)
    role = Word(Role, load_default=Role.AGENT)
    password = Password()
    availability = Word(Presence)
    auto_offline = Switch()
    active = Switch()
    skills = Skills()


class PasswordForm(Form):
    """The current password, of any length, and its replacement."""

    makes = NewPassword
    current = Password(least=0, required=True)
    password = Password(required=True)


class ChosenPasswordForm(Form):
    """The password of a new log-in."""

    makes = ChosenPassword
    password = Password(required=True)


class TokenForm(Form):
    """A new API token."""

    root = "token"
    makes = NewToken
    name = Name(load_default="", validate=validate.Length(max=255))
    user_id = Id(allow_none=True, load_default=None)
    expires_at = Instant(allow_none=True, load_default=None)
