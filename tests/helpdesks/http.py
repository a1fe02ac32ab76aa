"""HTTP to the helpdesks of the tests, as the port asks for it: real calls, without limiter, breaker and retries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import httpx

from dashboard.helpdesks.port import Answer, HelpdeskHttp, HelpdeskUnavailable
from tests.waiting import PATIENCE

Params: TypeAlias = Mapping[str, str | int] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A call of the adapter and its answer."""

    method: str
    path: str
    params: Mapping[str, list[str]]
    sent: Any
    status: int
    answered: Any


def _client() -> httpx.Client:
    # Nothing here is https; reading the certificates would take longer than most tests.
    return httpx.Client(trust_env=False, verify=False)


@dataclass(slots=True)
class PlainHttp:
    """A HelpdeskHttp that sends each call once; `exchanges` keeps the calls and their answers."""

    base_url: str
    time_out: float = PATIENCE
    exchanges: list[Exchange] = field(default_factory=list)
    _client: httpx.Client = field(default_factory=_client)

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Answer:
        """Send a GET."""
        # Without parameters, those within the path stay.
        return self._answer("GET", path, headers, **({"params": params} if params else {}))

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a write."""
        if isinstance(body, str):
            return self._answer(method, path, {"Content-Type": "text/plain", **(headers or {})}, content=body)
        return self._answer(method, path, headers, json=body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _answer(self, method: str, path: str, headers: Mapping[str, str] | None, **more: Any) -> Answer:
        try:
            got = self._client.request(method, f"{self.base_url}{path}", headers=headers, timeout=self.time_out, **more)
        except httpx.HTTPError as error:
            raise HelpdeskUnavailable("The helpdesk did not answer.") from error
        if got.status_code >= 500 or got.status_code == 429:
            raise HelpdeskUnavailable(f"The helpdesk answered {got.status_code}.")
        answered = _json(got)
        self.exchanges.append(_exchange(got, more.get("json"), answered))
        return Answer(
            status=got.status_code,
            json=answered,
            headers={name.lower(): value for name, value in got.headers.items()},
            at=parsedate_to_datetime(got.headers["Date"]) if "Date" in got.headers else None,
        )


class Changed:
    """A HelpdeskHttp whose calls or answers to reads are changed on their way, as by a proxy or a broken server."""

    def __init__(
        self,
        http: HelpdeskHttp,
        *,
        asked: Callable[[Params], Params] = lambda params: params,
        answered: Callable[[Answer], Answer] = lambda answer: answer,
    ) -> None:
        self._http, self._asked, self._answered = http, asked, answered
        self.base_url = http.base_url

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Answer:
        """Send a GET."""
        return self._answered(self._http.get(path, self._asked(params), headers))

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a write."""
        return self._http.send(method, path, body, headers)


def _exchange(got: httpx.Response, sent: Any, answered: object) -> Exchange:
    url = got.request.url
    return Exchange(
        method=got.request.method,
        path=url.path,
        params={name: url.params.get_list(name) for name in url.params},
        sent=sent,
        status=got.status_code,
        answered=answered,
    )


def _json(got: httpx.Response) -> object:
    if not got.content.strip():
        return None
    try:
        value: object = got.json()
    except ValueError as error:
        if got.is_success:
            raise HelpdeskUnavailable("The helpdesk's answer is not JSON.") from error
        return None
    return value
