"""Agents, teams, inboxes, tags, statuses, rules and webhooks of Libredesk's API."""

from typing import Any

from tests.helpdesks.libredesk.calls import ApiError, Call
from tests.helpdesks.libredesk.model import Webhook
from tests.helpdesks.libredesk.shapes import MASK

EVENTS = {
    "conversation.created",
    "conversation.status_changed",
    "conversation.tags_changed",
    "conversation.assigned",
    "conversation.unassigned",
    "message.created",
    "message.updated",
}
EDITED = ("name", "emoji", "conversation_assignment_type", "timezone", "business_hours_id", "sla_policy_id",
          "max_auto_assigned_conversations")  # fmt: skip
EMPTY = {"business_hours_id": None, "sla_policy_id": None, "max_auto_assigned_conversations": 0}


def settings(call: Call) -> Any:
    """Answer the general settings, which have the version."""
    return {
        "app.lang": "en-US",
        "app.site_name": "Shop",
        "app.root_url": "http://127.0.0.1",
        "app.timezone": "UTC",
        "app.version": f"v{call.standin.version}",
        "app.restart_required": False,
        "app.update": None,
    }


def me(call: Call) -> Any:
    """Answer the agent of the key."""
    return call.shapes.agent(call.who)


def agents_compact(call: Call) -> Any:
    """Answer agents, disabled ones too, and since 2.6 assistants; never System, never deleted ones."""
    kinds = {"agent", "ai_assistant"} if call.standin.at_least("2.6.0") else {"agent"}
    return [call.shapes.compact(user) for user in _agents(call, kinds)]


def agents(call: Call) -> Any:
    """Answer people only."""
    return [call.shapes.compact(user) for user in _agents(call, {"agent"})]


def _agents(call: Call, kinds: set[str]) -> list[Any]:
    users = call.world.users.values()
    return [user for user in users if user.type in kinds and user.email != "System" and not user.deleted]


def agent(call: Call) -> Any:
    """Answer one agent with its teams, the only place that has them."""
    found = call.world.users.get(call.number())
    if found is None or found.type != "agent" or found.deleted:
        raise ApiError(404, "User not found")
    return call.shapes.agent(found)


def teams_compact(call: Call) -> Any:
    """Answer names of teams."""
    return [call.shapes.team_compact(team) for team in call.world.teams.values()]


def teams(call: Call) -> Any:
    """Answer teams, newest change first."""
    found = sorted(call.world.teams.values(), key=lambda team: team.updated_at, reverse=True)
    return [call.shapes.team(team) for team in found]


def team(call: Call) -> Any:
    """Answer one team."""
    number = call.number()
    if number not in call.world.teams:
        raise ApiError(400, "Team not found")
    return call.shapes.team(call.world.teams[number])


def update_team(call: Call) -> Any:
    """Set every field of a team: what is missing is emptied."""
    changed, body = call.world.teams.get(call.number()), call.body()
    if changed is None or body.get("conversation_assignment_type") not in {"Round robin", "Manual"}:
        raise ApiError(500)
    for name in EDITED:
        setattr(changed, name, body.get(name) or EMPTY.get(name, ""))
    changed.updated_at = call.standin.clock.now()
    call.standin.log.change("team", actor=str(call.who.id), at=changed.updated_at, team=changed.id)
    return call.shapes.team(changed)


def inboxes(call: Call) -> Any:
    """Answer inboxes, which have no members."""
    return [call.shapes.inbox(inbox) for inbox in call.world.inboxes.values()]


def tags(call: Call) -> Any:
    """Answer tags."""
    at = call.shapes.at(call.standin.began_at)
    return [
        {"id": number, "created_at": at, "updated_at": at, "name": name} for number, name in call.world.tags.items()
    ]


def statuses(call: Call) -> Any:
    """Answer statuses."""
    return call.shapes.statuses()


def priorities(call: Call) -> Any:
    """Answer priorities."""
    at = call.shapes.at(call.standin.began_at)
    return [{"id": number, "created_at": at, "name": name} for number, name in call.world.priorities.items()]


def rules(call: Call) -> Any:
    """Answer automation rules of a type."""
    return [rule for rule in call.world.rules if rule["type"] == call.request.first("type")]


def webhooks(call: Call) -> Any:
    """Answer webhooks."""
    return [call.shapes.webhook(webhook) for webhook in call.world.webhooks.values()]


def create_webhook(call: Call) -> Any:
    """Create a webhook. A missing value is told with status 200; an address is not looked at."""
    told = _told(call)
    if "Code" in told:
        return told
    made = Webhook(id=call.world.next_id(), made_at=call.standin.clock.now(), **told)
    call.world.webhooks[made.id] = made
    return call.shapes.webhook(made)


def update_webhook(call: Call) -> Any:
    """Set every field; a masked secret keeps the one there is."""
    told = _told(call)
    if "Code" in told:
        return told
    webhook = _webhook(call, missing=500)
    for name, value in told.items():
        if name != "secret" or MASK[0] not in value:
            setattr(webhook, name, value)
    return call.shapes.webhook(webhook)


def _told(call: Call) -> dict[str, Any]:
    body = call.body()
    for name in ("name", "url", "events"):
        if not body.get(name):
            return {"Code": 400, "ErrorType": "InputException", "Message": f"`{name}` empty", "Data": None}
    if not set(body["events"]) <= EVENTS:
        raise ApiError(500)
    texts = {"name": body["name"], "url": body["url"], "secret": body.get("secret", "")}
    return {**texts, "events": list(body["events"]), "is_active": bool(body.get("is_active"))}


def delete_webhook(call: Call) -> Any:
    """Delete a webhook; one that is not there is no error."""
    call.world.webhooks.pop(call.number(), None)
    return True


def toggle_webhook(call: Call) -> Any:
    """Switch a webhook on or off."""
    webhook = _webhook(call, missing=500)
    webhook.is_active = not webhook.is_active
    return call.shapes.webhook(webhook)


def send_test(call: Call) -> Any:
    """Send a test."""
    webhook = _webhook(call)
    call.standin.rules.deliver(webhook, "webhook.test", {"id": webhook.id, "name": webhook.name})
    return True


def _webhook(call: Call, missing: int = 404) -> Webhook:
    found = call.world.webhooks.get(call.number())
    if found is None:
        raise ApiError(missing)
    return found
