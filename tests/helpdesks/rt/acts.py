"""What people do in the Request Tracker of the tests, through its own REST."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from dashboard.helpdesks.rt.adapter import RequestTracker
from dashboard.helpdesks.values import ConversationKey
from tests.helpdesks.rt.instance import PASSWORD, ROOT, Instance
from tests.helpdesks.worlds import World
from tests.waiting import PATIENCE

WORD = "correct horse"
CUSTOMER = "kim@customer.test"


def as_user(world: World, name: str) -> RequestTracker:
    """Return the adapter with another user of the cast."""
    return RequestTracker(world.http, {"user": name, "password": WORD})


class People:
    """The cast of one Request Tracker."""

    def __init__(self, instance: Instance) -> None:
        self._client = httpx.Client(base_url=f"{instance.url}/REST/2.0", timeout=PATIENCE)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def new_queue(self, name: str = "") -> str:
        """Create a queue of the test's own and return its id."""
        return str(self._ask("POST", "/queue", json={"Name": name or f"Queue {uuid4()}"})["id"])

    def shown_queue(self) -> str:
        """Return the one queue whose tickets everybody of the cast may see."""
        return str(self._ask("GET", "/queue/Sales")["id"])

    def new_conversation(self, inbox_id: str, subject: str = "It broke", **fields: object) -> ConversationKey:
        """Let a customer write for the first time."""
        ticket = {"Queue": inbox_id, "Subject": subject, "Requestor": CUSTOMER, "Content": "Please help."}
        key = str(self._ask("POST", "/ticket", json=ticket | fields)["id"])
        return ConversationKey(id=key, display_id=key)

    def customer_writes(self, key: ConversationKey) -> None:
        """Let the customer write once more."""
        self._message(key, "correspond", by=CUSTOMER)

    def reply(self, key: ConversationKey, *, by: str) -> None:
        """Let an agent answer the customer."""
        self._message(key, "correspond", by=by)

    def comment(self, key: ConversationKey, *, by: str = ROOT) -> None:
        """Let an agent comment, which the customer does not see."""
        self._message(key, "comment", by=by)

    def give(self, key: ConversationKey, agent_id: str | None) -> None:
        """Let an administrator set the owner."""
        self.change(key, Owner=agent_id or "Nobody")

    def take(self, key: ConversationKey, *, by: str) -> None:
        """Let an agent take it."""
        self._ask("PUT", f"/ticket/{key.id}/take", json={}, by=by)

    def resolve(self, key: ConversationKey) -> None:
        """Let an administrator resolve it."""
        self.change(key, Status="resolved")

    def change(self, key: ConversationKey, **fields: object) -> None:
        """Let an administrator change a ticket."""
        self._ask("PUT", f"/ticket/{key.id}", json=fields)

    def delete(self, key: ConversationKey) -> None:
        """Let an administrator delete a ticket, which Request Tracker does by a status."""
        self._ask("DELETE", f"/ticket/{key.id}")

    def disable(self, user: str) -> None:
        """Let an administrator disable a user."""
        self._ask("PUT", f"/user/{user}", json={"Disabled": 1})

    def user_id(self, name: str) -> str:
        """Return a user's number."""
        return str(self._ask("GET", f"/user/{name}")["id"])

    def notes(self, key: ConversationKey) -> list[str]:
        """Return the texts of the comments on a ticket, oldest first."""
        history = self._ask("GET", f"/ticket/{key.id}/history", params={"fields": "Type", "per_page": 100})
        return [self._text(row["id"]) for row in history["items"] if row["Type"] == "Comment"]

    def _text(self, transaction_id: str) -> str:
        attachments = self._ask("GET", f"/transaction/{transaction_id}/attachments")["items"]
        content = self._ask("GET", f"/attachment/{attachments[0]['id']}")["Content"]
        return base64.b64decode(content).decode()

    def _message(self, key: ConversationKey, what: str, *, by: str) -> None:
        self._ask(
            "POST", f"/ticket/{key.id}/{what}", content="A message.", headers={"Content-Type": "text/plain"}, by=by
        )

    def _ask(self, method: str, path: str, *, by: str = ROOT, **more: Any) -> Mapping[str, Any]:
        got = self._client.request(method, path, auth=(by, PASSWORD if by == ROOT else WORD), **more)
        assert got.is_success, f"{method} {path}: {got.status_code} {got.text}"
        answer = got.json() if got.content else {}
        return answer if isinstance(answer, dict) else {"sentences": answer}
