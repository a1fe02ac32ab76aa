"""A request as a stand-in reads it, and its reply."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. Header names are lower-case, with hyphens as they came; `segments` are the path's parts."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Request":
        """Read the request line's target."""
        url = urlsplit(target)
        query = parse_qs(url.query, keep_blank_values=True)
        return cls(method=method, path=url.path, query=query, headers=headers, body=body)

    @property
    def segments(self) -> list[str]:
        """Return the parts of the path."""
        return [part for part in self.path.split("/") if part]

    def json(self) -> Any:
        """Return the body's JSON; an empty body is an empty object."""
        return json.loads(self.body) if self.body else {}

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `headers` are sent besides the usual ones."""

    status: int = 200
    body: bytes = b""
    type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a reply with a JSON body."""
    return Reply(status=status, body=json.dumps(body, separators=(",", ":")).encode(), headers=headers or {})


def as_text(body: str, status: int, kind: str = "text/plain") -> Reply:
    """Return a reply that is not JSON."""
    return Reply(status=status, body=body.encode(), type=kind)
