"""Calls of Chatwoot's API: the token of each, and the meaning of its refusals."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from dashboard.helpdesks.port import Answer, HelpdeskForbids, HelpdeskHttp, HelpdeskUnavailable

Params = Mapping[str, str | int] | Sequence[tuple[str, str]]
Row = dict[str, Any]

PROFILE = "In Chatwoot, open Profile Settings > Access Token, copy the token of an administrator, and enter it here."
NO_TOKEN = (
    "The token did not reach Chatwoot.",
    "Let the proxy in front of Chatwoot pass on the header Api-Access-Token, and try again.",
)
NO_ACCOUNT = "This Chatwoot has no account {}."
RIGHT_ACCOUNT = "Enter the number that follows /accounts/ in the address of Chatwoot's pages."
BY_BOT = "In Settings > Bots, copy the access token of the bot again, or remove the bot's token from this connection."
# What Chatwoot writes into a 401, and what it means: sentence and fix.
REFUSALS = {
    "Invalid Access Token": ("Chatwoot does not know this token.", PROFILE),
    "Access to this endpoint is not authorized for bots": (
        "This is the token of a bot or of a platform app, which may not do this.",
        PROFILE,
    ),
    "You are not authorized to access this account": (
        "The user of this token does not belong to this account.",
        f"In Settings > Agents, add the user as an administrator. {RIGHT_ACCOUNT}",
    ),
    "Account is suspended": (
        "This account of Chatwoot is suspended.",
        "In the Super Admin console, open Accounts, and set the status of the account to active.",
    ),
    "You are not authorized to do this action": (
        "The role of this token's user is too low.",
        "In Settings > Agents, edit the user, and set its role to Administrator.",
    ),
}
UNKNOWN_REFUSAL = (
    "The token is refused, by Chatwoot or by what stands in front of it.",
    f"Let the calls through to Chatwoot without another log-in. {PROFILE}",
)
REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class ChatwootApi:
    """The calls of one account. The bot's token, where there is one, makes the writes that people see."""

    def __init__(self, http: HelpdeskHttp, credentials: Mapping[str, str]) -> None:
        self._http, self.account_id = http, credentials["account_id"].strip()
        self._token, self._bot_token = credentials["token"].strip(), credentials.get("bot_token", "").strip()
        self.pages = f"/accounts/{quote(self.account_id, safe='')}"
        self._account = f"/api/v1{self.pages}"

    @property
    def base_url(self) -> str:
        """Return the helpdesk's address."""
        return self._http.base_url.rstrip("/")

    @property
    def bot_token(self) -> str:
        """Return the bot's token, or nothing."""
        return self._bot_token

    def read_plain(self, path: str) -> Answer:
        """Read a path outside the account: version or profile."""
        answer = self._http.get(path, headers=_header(self._token))
        return self._judged(answer, path)

    def ask(self, path: str, params: Params = ()) -> Answer:
        """Read of the account; 404 is an answer. Chatwoot's own 404 is JSON, that of something before it is not."""
        answer = self._http.get(f"{self._account}{path}", params, headers=_header(self._token))
        is_missing = answer.status == HTTPStatus.NOT_FOUND and is_own(answer)
        return answer if is_missing else self._judged(answer, path)

    def read(self, path: str, params: Params = ()) -> object:
        """Read a path that must exist. The lists of an account, with one slash, are missing only with the account."""
        answer = self.ask(path, params)
        if answer.status == HTTPStatus.NOT_FOUND and path.count("/") == 1:
            raise HelpdeskForbids(NO_ACCOUNT.format(self.account_id), fix=RIGHT_ACCOUNT)
        return self._judged(answer, path).json

    def write(self, method: str, path: str, body: object = None, *, by_bot: bool = False) -> Answer:
        """Write; every status but a refusal of the token is the caller's to judge."""
        is_bots = by_bot and bool(self._bot_token)
        token = self._bot_token if is_bots else self._token
        answer = self._http.send(method, f"{self._account}{path}", body, headers=_header(token))
        if answer.status in REFUSED:
            raise _forbidden(answer, is_bots=is_bots)
        return answer

    def change(self, method: str, path: str, body: object = None) -> object:
        """Make a change that must succeed."""
        return self._judged(self.write(method, path, body), path).json

    def _judged(self, answer: Answer, path: str) -> Answer:
        if answer.status in REFUSED:
            raise _forbidden(answer, is_bots=False)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise HelpdeskUnavailable(f"Chatwoot refused {path} ({answer.status}).")
        return answer


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turn an answer without a required value into HelpdeskUnavailable."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError):
        raise HelpdeskUnavailable(f"Chatwoot's answer about {what} lacks what it must have.") from None


def rows(value: object, *envelope: str) -> list[Row]:
    """Return the rows in this envelope; a missing envelope is no empty list."""
    for name in envelope:
        value = row(value)[name]
    if not isinstance(value, list):
        raise TypeError
    return [row(each) for each in value]


def row(value: object) -> Row:
    """Return an object."""
    if not isinstance(value, dict):
        raise TypeError
    return value


def is_own(answer: Answer) -> bool:
    """Return whether Chatwoot itself answered with an error, and not a proxy with a page."""
    return isinstance(answer.json, dict) and "error" in answer.json


def _header(token: str) -> Mapping[str, str]:
    # With hyphens: nginx drops names with underscores.
    return {"Api-Access-Token": token}


def _forbidden(answer: Answer, *, is_bots: bool) -> HelpdeskForbids:
    body = answer.json if isinstance(answer.json, dict) else {}
    sentence, fix = NO_TOKEN if "errors" in body else REFUSALS.get(str(body.get("error")), UNKNOWN_REFUSAL)
    return (
        HelpdeskForbids(f"The bot's token: {sentence}", fix=BY_BOT) if is_bots else HelpdeskForbids(sentence, fix=fix)
    )
