"""The REST 2 of Request Tracker 5: how it is addressed, how it lists, and which answers are errors."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from dashboard.helpdesks.port import Answer, HelpdeskForbids, HelpdeskHttp, HelpdeskUnavailable

API = "/REST/2.0"
# The most that Request Tracker puts on a page.
PAGE = 100
LOG_IN = "Enter the name and password of a user, or a token that this user made in Settings > Auth Tokens."
GRANT = "In Request Tracker, open Admin > Global > User Rights, and grant {} to the user of this connection."
Row: TypeAlias = Mapping[str, Any]
Params: TypeAlias = Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of a list. `total` counts all pages, unless the user may not see everything; `at` is the time there."""

    rows: Sequence[Row]
    total: int | None
    is_full: bool
    at: datetime | None


class Rest:
    """Calls that raise for an unusable answer: HelpdeskForbids for 401 and 403, else HelpdeskUnavailable."""

    def __init__(self, http: HelpdeskHttp, credentials: Mapping[str, str]) -> None:
        self.credentials = credentials
        self._http, self._headers = http, {"Authorization": _authorization(credentials)}

    def get(self, path: str, params: Params | None = None, *, right: str = "") -> Answer:
        """Return the answer, which may be 404. `right` is the one that a 403 is about."""
        return _judged(self._http.get(API + path, params or {}, self._headers), right)

    def row(self, path: str, params: Params | None = None, *, right: str = "") -> Row:
        """Return one thing, which must exist."""
        answer = self.get(path, params, right=right)
        if answer.status != 200:
            raise HelpdeskUnavailable(f"Request Tracker has no {path} now, or it is older than version 5.")
        return row_of(answer)

    def listing(self, path: str, params: Params) -> Listing:
        """Return one page of a list."""
        answer = self.get(path, {"per_page": PAGE, **params})
        with understood(f"the list {path}"):
            found = row_of(answer)
            rows, total = found["items"], found["total"]
            if len(rows) != found["count"]:
                raise ValueError(path)
            return Listing(
                rows=rows,
                total=None if total is None else int(total),
                is_full=len(rows) == int(found["per_page"]),
                at=answer.at,
            )

    def everything(self, path: str, params: Params) -> Iterator[Row]:
        """Yield all rows of a short list, in the order of their ids, from as many pages as it has."""
        page, seen = 1, 0
        while True:
            listing = self.listing(path, {"orderby": "id", **params, "page": page})
            yield from listing.rows
            page, seen = page + 1, seen + len(listing.rows)
            if not listing.rows or seen == listing.total:
                return

    def write(self, method: str, path: str, body: object, *, right: str, match: str | None = None) -> Answer:
        """Send a write once; with `match`, only if the thing still has this ETag. The answer may be 404 or 412."""
        headers = self._headers | ({"If-Match": match} if match else {})
        return _judged(self._http.send(method, API + path, body, headers), right)


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turn any error from an incomplete answer into HelpdeskUnavailable: it is never read as an empty one."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise HelpdeskUnavailable(f"Request Tracker's answer with {what} is not complete.") from error


def row_of(answer: Answer) -> Row:
    """Return the object in an answer."""
    if not isinstance(answer.json, dict):
        raise HelpdeskUnavailable("Request Tracker's answer is not what its REST 2 promises.")
    return answer.json


def etag_of(answer: Answer) -> str:
    """Return the ETag as Request Tracker made it: a proxy that compresses marks it, and then it never matches."""
    etag = answer.headers.get("etag", "").removeprefix("W/").strip('"').removesuffix("-gzip")
    if not etag:
        raise HelpdeskUnavailable("Request Tracker's answer has no ETag, so that no write can be compared.")
    return f'"{etag}"'


def sentences_of(answer: Answer) -> str:
    """Return Request Tracker's sentences about a write; after a refusal they are its reason."""
    said = [str(sentence) for sentence in answer.json] if isinstance(answer.json, list) else []
    return " ".join(said) or "Request Tracker changed nothing and gave no reason."


def fix_of(right: str) -> str:
    """Return the remedy for a missing right."""
    return GRANT.format(right)


def _authorization(credentials: Mapping[str, str]) -> str:
    if token := credentials.get("token"):
        return f"token {token}"
    pair = f"{credentials['user']}:{credentials['password']}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _judged(answer: Answer, right: str) -> Answer:
    match answer.status:
        case 200 | 201 | 404 | 412:
            return answer
        case 401:
            raise HelpdeskForbids("Request Tracker does not accept the log-in of this connection.", fix=LOG_IN)
        case 403:
            raise HelpdeskForbids(
                f"The user of this connection lacks a right in Request Tracker{right and f': {right}'}.",
                fix=fix_of(right or "the missing right"),
            )
    message = answer.json.get("message", "") if isinstance(answer.json, dict) else ""
    raise HelpdeskUnavailable(f"Request Tracker answered {answer.status}. {message}".strip())
