"""The demo's helpdesk as its own people use it: its control interface, and its API with an administrator's token."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import httpx

from dashboard.demo.shop_content import ACCOUNT_ID, CREDENTIALS

TIME_OUT = 5.0
ACCOUNT = f"/api/v1/accounts/{ACCOUNT_ID}"


class ShopUnavailable(Exception):
    """The demo's helpdesk does not answer: it starts, or it is started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopConversation:
    """An open conversation of the helpdesk."""

    id: int
    inbox_id: int
    assignee_id: int | None
    is_answered: bool


class Shop:
    """A client of the demo's helpdesk; its calls raise ShopUnavailable."""

    def __init__(self, address: str) -> None:
        self.address = address
        # Not through a proxy of the machine: it is on this one.
        self._http = httpx.Client(base_url=address, timeout=TIME_OUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def is_empty(self) -> bool:
        """Return whether it knows nobody yet."""
        return self._ask("GET", "/api/v1/profile").status_code == HTTPStatus.UNAUTHORIZED

    def load(self, things: Mapping[str, Any]) -> None:
        """Add people, inboxes, labels and conversations."""
        self._done("POST", "/__fake/load", things)

    def act(self, do: str, **what: object) -> None:
        """Let somebody there do something; of a conversation that was forgotten meanwhile, nobody does anything."""
        self._ask("POST", "/__fake/act", {"do": do, **what})

    def hooks(self) -> list[str]:
        """Return the addresses of its webhooks."""
        found = self._done("GET", f"{ACCOUNT}/webhooks")["payload"]["webhooks"]
        return [str(hook["url"]) for hook in found]

    def open_conversations(self) -> list[ShopConversation]:
        """Return the first page of its open conversations, which has all that the demo lets be open."""
        found = self._done("GET", f"{ACCOUNT}/conversations?status=open&assignee_type=all")["data"]["payload"]
        return [_conversation(one) for one in found]

    def _done(self, method: str, path: str, body: object = None) -> Any:
        answer = self._ask(method, path, body)
        if not answer.is_success:
            raise ShopUnavailable(f"{self.address} answers {answer.status_code} to {path}")
        return answer.json()

    def _ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        try:
            return self._http.request(method, path, json=body, headers={"api_access_token": CREDENTIALS["token"]})
        except httpx.HTTPError as error:
            raise ShopUnavailable(f"{self.address} does not answer: {error}") from error


def _conversation(one: Mapping[str, Any]) -> ShopConversation:
    assignee = one["meta"].get("assignee") or {}
    return ShopConversation(
        id=one["id"],
        inbox_id=one["inbox_id"],
        assignee_id=assignee.get("id"),
        is_answered=not one["waiting_since"],
    )
