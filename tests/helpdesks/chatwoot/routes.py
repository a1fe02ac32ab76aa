"""Chatwoot's API: which call answers which path, and for whom."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.helpdesks.chatwoot import access, conversations, setup
from tests.helpdesks.chatwoot.access import Refused, refused
from tests.helpdesks.chatwoot.calls import Call
from tests.helpdesks.standin.messages import Reply, Request, as_json, as_text

if TYPE_CHECKING:
    from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin

ACCOUNT = r"/api/v1/accounts/(?P<account>\d+)"
ONE = r"/conversations/(?P<conversation>\d+)"


@dataclass(frozen=True, slots=True)
class Route:
    """One call. `administrators` keeps out everybody else."""

    method: str
    path: re.Pattern[str]
    call: Callable[[Call], Any]
    administrators: bool


def _route(method: str, path: str, call: Callable[[Call], Any], *, administrators: bool = False) -> Route:
    return Route(method, re.compile(ACCOUNT + path), call, administrators)


ROUTES = [
    _route("GET", "", setup.account),
    _route("GET", "/cache_keys", setup.cache_keys),
    _route("GET", "/inboxes", setup.inboxes),
    _route("GET", r"/inboxes/(?P<inbox>\d+)", setup.inbox),
    _route("PATCH", r"/inboxes/(?P<inbox>\d+)", setup.update_inbox, administrators=True),
    _route("GET", r"/inbox_members/(?P<inbox>\d+)", setup.inbox_members),
    _route("GET", "/assignable_agents", setup.assignable_agents),
    _route("GET", "/agents", setup.agents),
    _route("GET", "/teams", setup.teams),
    _route("GET", r"/teams/(?P<team>\d+)", setup.team),
    _route("PATCH", r"/teams/(?P<team>\d+)", setup.update_team, administrators=True),
    _route("GET", r"/teams/(?P<team>\d+)/team_members", setup.team_members),
    _route("GET", "/labels", setup.labels),
    _route("GET", "/automation_rules", setup.automation_rules, administrators=True),
    _route("GET", "/custom_attribute_definitions", setup.attribute_definitions),
    _route("GET", "/agent_bots", setup.bots, administrators=True),
    _route("POST", "/agent_bots", setup.create_bot, administrators=True),
    _route("GET", "/webhooks", setup.webhooks, administrators=True),
    _route("POST", "/webhooks", setup.create_webhook, administrators=True),
    _route("PATCH", r"/webhooks/(?P<webhook>\d+)", setup.update_webhook, administrators=True),
    _route("DELETE", r"/webhooks/(?P<webhook>\d+)", setup.remove_webhook, administrators=True),
    _route("GET", "/reporting_events", setup.reporting_events, administrators=True),
    _route("GET", "/conversations", conversations.index),
    _route("GET", "/conversations/meta", conversations.meta),
    _route("POST", "/conversations/filter", conversations.filtered),
    _route("GET", ONE, conversations.conversation),
    _route("PATCH", ONE, conversations.update_conversation),
    _route("GET", f"{ONE}/messages", conversations.messages),
    _route("POST", f"{ONE}/messages", conversations.create_message),
    _route("POST", f"{ONE}/assignments", conversations.assign),
    _route("POST", f"{ONE}/toggle_status", conversations.toggle_status),
    _route("POST", f"{ONE}/toggle_priority", conversations.toggle_priority),
    _route("GET", f"{ONE}/labels", conversations.conversation_labels),
    _route("POST", f"{ONE}/labels", conversations.set_labels),
    _route("POST", f"{ONE}/custom_attributes", conversations.set_attributes),
    _route("POST", f"{ONE}/destroy_custom_attributes", conversations.remove_attributes),
    _route("GET", f"{ONE}/reporting_events", conversations.reporting_events),
]


def answer(standin: "ChatwootStandin", request: Request) -> Reply:
    """Answer a request, or refuse it as Chatwoot does."""
    try:
        access.count(standin)
        return _answered(standin, request)
    except Refused as refusal:
        return refusal.reply


def _answered(standin: "ChatwootStandin", request: Request) -> Reply:
    if request.path == "/api":
        return as_json(setup.about(standin))
    who = access.caller(standin, request)
    if request.path == "/api/v1/profile":
        return as_json(setup.profile(standin, who))
    for route in ROUTES:
        if route.method == request.method and (found := route.path.fullmatch(request.path)):
            ids = {name: int(value) for name, value in found.groupdict().items()}
            name = route.call.__name__
            access.permit(standin, who, ids["account"], name, administrators=route.administrators)
            return _reply(route, Call(standin=standin, request=request, who=who, ids=ids))
    return as_text("<h1>The page you were looking for doesn't exist.</h1>", 404, "text/html")


def _reply(route: Route, call: Call) -> Reply:
    try:
        made = route.call(call)
    except LookupError:
        raise refused(404, "Resource could not be found") from None
    return made if isinstance(made, Reply) else as_json(made)
