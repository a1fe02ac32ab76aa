"""The routes of Libredesk's API: who may call them, and what they answer."""

import base64
import binascii
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.helpdesks.libredesk import setup, writes
from tests.helpdesks.libredesk.calls import ApiError, Call
from tests.helpdesks.libredesk.lists import BadQuery, page
from tests.helpdesks.libredesk.model import User
from tests.helpdesks.standin.messages import Reply, Request, as_json

if TYPE_CHECKING:
    from tests.helpdesks.libredesk.libredesk import LibredeskStandin

API = "/api/v1"
UUID = r"(?P<uuid>[^/]+)"
ID = r"(?P<id>[^/]+)"


@dataclass(frozen=True, slots=True)
class Route:
    """A route: method, path, permission (None: a key is enough) and what answers."""

    method: str
    path: str
    permission: str | None
    answer: Callable[[Call], Any]


def all_conversations(call: Call) -> Any:
    """Answer a page of all conversations."""
    try:
        return page(call.standin, call.request)
    except BadQuery:
        raise ApiError(500) from None


def one_conversation(call: Call) -> Any:
    """Answer one conversation."""
    return call.shapes.conversation(call.conversation())


def messages(call: Call) -> Any:
    """Answer a page of messages, newest first."""
    one, types = call.conversation(), call.request.query.get("type", [])
    private = call.request.first("private")
    found = [message for message in reversed(one.messages) if not types or message.type in types]
    if private:
        found = [message for message in found if message.private is (private == "true")]
    number, size = int(call.request.first("page", "1")), min(int(call.request.first("page_size", "30")), 100)
    shown = found[(number - 1) * size : number * size]
    total = len(found) if shown else 0
    pages = -(-total // size)
    results = [call.shapes.message(one, message) for message in shown]
    return {"results": results, "total": total, "per_page": size, "total_pages": pages, "page": number}


ROUTES = [
    Route("GET", "/settings/general", None, setup.settings),
    Route("GET", "/agents/me", None, setup.me),
    Route("GET", "/agents/compact", None, setup.agents_compact),
    Route("GET", "/agents", "users:manage", setup.agents),
    Route("GET", f"/agents/{ID}", "users:manage", setup.agent),
    Route("GET", "/teams/compact", None, setup.teams_compact),
    Route("GET", "/teams", "teams:manage", setup.teams),
    Route("GET", f"/teams/{ID}", "teams:manage", setup.team),
    Route("PUT", f"/teams/{ID}", "teams:manage", setup.update_team),
    Route("GET", "/inboxes", None, setup.inboxes),
    Route("GET", "/tags", None, setup.tags),
    Route("GET", "/statuses", None, setup.statuses),
    Route("GET", "/priorities", None, setup.priorities),
    Route("GET", "/automations/rules", "automations:manage", setup.rules),
    Route("GET", "/webhooks", "webhooks:manage", setup.webhooks),
    Route("POST", "/webhooks", "webhooks:manage", setup.create_webhook),
    Route("PUT", f"/webhooks/{ID}", "webhooks:manage", setup.update_webhook),
    Route("DELETE", f"/webhooks/{ID}", "webhooks:manage", setup.delete_webhook),
    Route("PUT", f"/webhooks/{ID}/toggle", "webhooks:manage", setup.toggle_webhook),
    Route("POST", f"/webhooks/{ID}/test", "webhooks:manage", setup.send_test),
    Route("GET", "/conversations/all", "conversations:read_all", all_conversations),
    Route("GET", f"/conversations/{UUID}", "conversations:read", one_conversation),
    Route("GET", f"/conversations/{UUID}/messages", "messages:read", messages),
    Route("POST", f"/conversations/{UUID}/messages", "messages:write", writes.send_message),
    Route("PUT", f"/conversations/{UUID}/assignee/user", "conversations:update_user_assignee", writes.assign),
    Route("PUT", f"/conversations/{UUID}/assignee/user/remove", "conversations:update_user_assignee", writes.unassign),
    Route("PUT", f"/conversations/{UUID}/assignee/team", "conversations:update_team_assignee", writes.set_team),
    Route("PUT", f"/conversations/{UUID}/assignee/team/remove", "conversations:update_team_assignee", writes.no_team),
    Route("PUT", f"/conversations/{UUID}/status", "conversations:update_status", writes.set_status),
    Route("POST", f"/conversations/{UUID}/tags", "conversations:update_tags", writes.set_tags),
    Route("PUT", f"/conversations/{UUID}/custom-attributes", None, writes.set_attributes),
]


def answer(standin: "LibredeskStandin", request: Request) -> Reply:
    """Answer a request within the envelope."""
    if request.path == "/health":
        return enveloped(True)
    try:
        route, ids = _route(request)
        who = _caller(standin, request)
        if route.permission is not None and route.permission not in who.permissions:
            raise ApiError(403, "Permission denied")
        return enveloped(route.answer(Call(standin=standin, request=request, who=who, ids=ids)))
    except ApiError as error:
        told = {"status": "error", "message": error.message, "data": None, "error_type": error.kind}
        return as_json(told, error.status)


def enveloped(data: object) -> Reply:
    """Return data within the envelope."""
    return as_json({"status": "success", "data": data})


def _route(request: Request) -> tuple[Route, Mapping[str, str]]:
    for route in ROUTES:
        found = re.fullmatch(API + route.path, request.path)
        if found and route.method == request.method:
            return route, found.groupdict()
    raise ApiError(404, "Route not found", kind="GeneralException")


def _caller(standin: "LibredeskStandin", request: Request) -> User:
    """Return the agent of the key. Without one, a write fails as a browser's would: 403."""
    given = None if standin.options.get("drops_authorization") else _key_of(request)
    if given is None:
        if request.method != "GET":
            raise ApiError(403, "CSRF token mismatch")
        raise ApiError(401, "Invalid or expired session", kind="GeneralException")
    time.sleep(float(standin.options.get("verify_ms", 0)) / 1000)
    for user in standin.world.users.values():
        if user.api_key and (user.api_key, user.api_secret) == given and user.enabled and not user.deleted:
            return user
    raise ApiError(401, "Invalid credential", kind="GeneralException")


def _key_of(request: Request) -> tuple[str, str] | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    key, _, secret = value.partition(":")
    return (key, secret) if kind.lower() in {"basic", "token"} and key and secret else None
