"""One call of Libredesk's API, and its errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.helpdesks.libredesk.model import Conversation, User, World
from tests.helpdesks.libredesk.shapes import Shapes
from tests.helpdesks.standin.messages import Request

if TYPE_CHECKING:
    from tests.helpdesks.libredesk.libredesk import LibredeskStandin

KINDS = {
    400: "InputException",
    403: "PermissionException",
    404: "NotFoundException",
    409: "ConflictException",
    500: "GeneralException",
}


class ApiError(Exception):
    """An error within the envelope."""

    def __init__(self, status: int, message: str = "Something went wrong", *, kind: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind or KINDS[status]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request with its caller and the ids of its path."""

    standin: "LibredeskStandin"
    request: Request
    who: User
    ids: Mapping[str, str]

    @property
    def world(self) -> World:
        return self.standin.world

    @property
    def shapes(self) -> Shapes:
        return self.standin.shapes

    def conversation(self) -> Conversation:
        """Return the conversation of the path: 404 if there is none, 500 for what is no uuid."""
        try:
            uuid = str(UUID(self.ids["uuid"]))
        except ValueError:
            raise ApiError(500) from None
        if uuid not in self.world.conversations:
            raise ApiError(404, "Conversation not found")
        return self.world.conversations[uuid]

    def number(self) -> int:
        """Return the id of the path."""
        text = self.ids["id"]
        if not text.isdigit() or text == "0":
            raise ApiError(400)
        return int(text)

    def body(self) -> dict[str, Any]:
        """Return the body, which must be an object."""
        try:
            body = self.request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, "Error parsing request")
        return body
