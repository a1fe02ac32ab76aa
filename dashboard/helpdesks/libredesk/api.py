"""Libredesk's HTTP API: key, envelope and errors. Every answer is judged here; its data is read elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from dashboard.helpdesks.port import Answer, HelpdeskForbids, HelpdeskHttp, HelpdeskUnavailable

API = "/api/v1"
WEBHOOK_NAME = "Evenhand"
Params = Mapping[str, str | int] | Sequence[tuple[str, str]]
KEY_REFUSED = "Libredesk does not accept the API key: it was replaced or removed, or its agent is disabled."
NEW_KEY = (
    "In Libredesk, open Admin > Teammates > Agents, choose the agent of this connection, see that it is enabled, "
    "generate an API key, and enter key and secret here."
)
NO_SENSE = "Libredesk's answer is not of the form that its API has: check the address, and what stands in front of it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A permission: its name in the API, its label on the page Roles, and the features that need it."""

    name: str
    label: str
    purpose: str

    @property
    def missing(self) -> HelpdeskForbids:
        """Return the error of a key if its agent has no role with this permission."""
        return MayNot(f"The API key's agent may not {self.purpose}.", fix=self.fix)

    @property
    def fix(self) -> str:
        """Return how to grant it."""
        return f"In Libredesk, open Admin > Teammates > Roles and tick “{self.label}” in a role of this agent."


READ = Right(name="conversations:read", label="View conversation", purpose="open a conversation")
READ_ALL = Right(name="conversations:read_all", label="View all conversations", purpose="list all conversations")
ASSIGN = Right(
    name="conversations:update_user_assignee", label="Assign conversations to users", purpose="assign conversations"
)
MESSAGES = Right(name="messages:read", label="View conversation messages", purpose="read the history of assignments")
NOTES = Right(name="messages:write", label="Send messages in conversations", purpose="write private notes")
WEBHOOKS = Right(name="webhooks:manage", label="Manage webhooks", purpose="create the webhook")
TEAMS = Right(name="teams:manage", label="Manage teams", purpose="see and switch off the assignment of teams")
USERS = Right(name="users:manage", label="Manage users", purpose="read who is in which team")
AUTOMATIONS = Right(name="automations:manage", label="Manage automations", purpose="look for rules that assign")
KEY_ONLY = Right(name="", label="View conversation", purpose="read this")


class MayNot(HelpdeskForbids):
    """The key is good, but its agent has no role with the permission."""


class NotThere(HelpdeskUnavailable):
    """Libredesk's own answer that the object does not exist; a 404 of any other server is not this."""


class RefusedCall(HelpdeskUnavailable):
    """Libredesk understood and refuses: nothing was written."""


class LibredeskApi:
    """Calls with the key of one agent. `data` of the envelope is returned."""

    def __init__(self, http: HelpdeskHttp, credentials: Mapping[str, str]) -> None:
        self.http = http
        self._headers = {"Authorization": f"token {credentials['api_key']}:{credentials['api_secret']}"}

    def get(self, path: str, params: Params = (), *, needs: Right = KEY_ONLY) -> Any:
        """Read."""
        return data_of(self.answer(path, params), needs)

    def rows(self, path: str, params: Params = (), *, needs: Right = KEY_ONLY) -> Sequence[Mapping[str, Any]]:
        """Read a list; anything else is no empty one."""
        found = self.get(path, params, needs=needs)
        if not isinstance(found, list):
            raise HelpdeskUnavailable(NO_SENSE)
        return found

    def answer(self, path: str, params: Params = ()) -> Answer:
        """Read, and return the whole answer."""
        return self.http.get(f"{API}{path}", params, self._headers)

    def send(self, method: str, path: str, body: object = None, *, needs: Right) -> Any:
        """Write once."""
        return data_of(self.http.send(method, f"{API}{path}", body, self._headers), needs)


def data_of(answer: Answer, needs: Right = KEY_ONLY) -> Any:
    """Return the data within the envelope, or raise the error of the status."""
    envelope = answer.json if isinstance(answer.json, Mapping) else {}
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise HelpdeskForbids(KEY_REFUSED, fix=NEW_KEY)
    if answer.status == HTTPStatus.FORBIDDEN:
        raise needs.missing
    if answer.status == HTTPStatus.NOT_FOUND and envelope.get("error_type") == "NotFoundException":
        raise NotThere("Libredesk does not have it.")
    if "error_type" in envelope and answer.status != HTTPStatus.NOT_FOUND:
        raise RefusedCall(f"Libredesk refused with status {answer.status}.")
    if answer.status != HTTPStatus.OK or envelope.get("status") != "success" or "data" not in envelope:
        raise HelpdeskUnavailable(NO_SENSE)
    return envelope["data"]


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turn a missing or strange value in an answer into HelpdeskUnavailable."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise HelpdeskUnavailable(f"Libredesk's answer about {what} lacks what it must have.") from error


def is_uuid(text: str) -> bool:
    """Return whether Libredesk could have given this id; it answers 500 to any other."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
