"""HTTP to a helpdesk for the tests of adapters: the port's promises on httpx, without gate and checked addresses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from dashboard.helpdesks.port import Answer, HelpdeskUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request of the adapter, and what it was answered."""

    method: str
    path: str
    params: Mapping[str, list[str]]
    sent: Any
    status: int
    answered: Any


@dataclass(slots=True)
class PlainHttp:
    """One helpdesk; `exchanges` keeps what was sent and answered."""

    base_url: str
    time_out: float = 10.0
    exchanges: list[Exchange] = field(default_factory=list)
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, verify=False))

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a GET."""
        return self._call("GET", path, params=params, headers=headers)

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a write."""
        return self._call(method, path, json=body, headers=headers)

    def _call(self, method: str, path: str, **more: Any) -> Answer:
        try:
            answer = self._client.request(method, f"{self.base_url}{path}", timeout=self.time_out, **more)
        except httpx.HTTPError as error:
            raise HelpdeskUnavailable(f"No answer: {type(error).__name__}") from error
        if answer.status_code == 429 or answer.status_code >= 500:
            raise HelpdeskUnavailable(f"The helpdesk answered {answer.status_code}.")
        body = _json(answer)
        asked = {name: answer.request.url.params.get_list(name) for name in answer.request.url.params}
        self.exchanges.append(
            Exchange(
                method=method,
                path=answer.request.url.path,
                params=asked,
                sent=more.get("json"),
                status=answer.status_code,
                answered=body,
            )
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        at = parsedate_to_datetime(headers["date"]) if "date" in headers else None
        return Answer(status=answer.status_code, json=body, headers=headers, at=at)


def _json(answer: httpx.Response) -> Any:
    if not answer.content.strip():
        return None
    try:
        return json.loads(answer.content)
    except ValueError:
        if answer.is_success:
            raise HelpdeskUnavailable("The helpdesk's answer is not JSON.") from None
        return None
