"""HTTP to the helpdesks of the tests, as the port asks for it: real calls, without limiter, breaker and retries."""

from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import httpx

from dashboard.helpdesks.port import Answer, HelpdeskHttp, HelpdeskUnavailable
from tests.waiting import PATIENCE

Params: TypeAlias = Mapping[str, str | int] | Sequence[tuple[str, str]]


class PlainHttp:
    """A HelpdeskHttp that sends each call once."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._client = httpx.Client(base_url=base_url, timeout=PATIENCE)

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Answer:
        """Send a GET."""
        return self._answer("GET", path, headers, params=params)

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a write."""
        if isinstance(body, str):
            return self._answer(method, path, {"Content-Type": "text/plain", **(headers or {})}, content=body)
        return self._answer(method, path, headers, json=body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _answer(self, method: str, path: str, headers: Mapping[str, str] | None, **more: object) -> Answer:
        try:
            got = self._client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise HelpdeskUnavailable("The helpdesk did not answer.") from error
        if got.status_code >= 500 or got.status_code == 429:
            raise HelpdeskUnavailable(f"The helpdesk answered {got.status_code}.")
        return Answer(
            status=got.status_code,
            json=_json(got),
            headers={name.lower(): value for name, value in got.headers.items()},
            at=parsedate_to_datetime(got.headers["Date"]) if "Date" in got.headers else None,
        )


def _json(got: httpx.Response) -> object:
    if not got.content:
        return None
    try:
        return got.json()
    except ValueError as error:
        if got.is_success:
            raise HelpdeskUnavailable("The helpdesk's answer is not JSON.") from error
        return None


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
