"""What Libredesk's API changes in conversations."""

import re
from datetime import timedelta
from typing import Any

from tests.helpdesks.libredesk.calls import ApiError, Call

UNITS = {"s": 1, "m": 60, "h": 3600}


def assign(call: Call) -> Any:
    """Give it to a user, whoever has it and whoever that is: the last writer wins, and no id but a row's is refused."""
    user_id, one = call.body().get("assignee_id", 0), call.conversation()
    if not isinstance(user_id, int):
        raise ApiError(400, "Error parsing request")
    if (one.assigned_user_id or 0) == user_id:
        now = call.standin.clock.now()
        call.standin.log.change("assigned_again", actor=str(call.who.id), at=now, conversation=one.uuid)
        return True
    call.standin.moment("between", call.request)
    user = call.world.users.get(user_id)
    if user is None:
        raise ApiError(500)
    call.standin.rules.assign(one, user_id, call.who)
    if user.deleted or user.type not in {"agent", "ai_assistant"}:
        raise ApiError(500)  # after it was written, and told
    return True


def unassign(call: Call) -> Any:
    """Take it from its user."""
    call.standin.rules.unassign(call.conversation(), call.who)
    return True


def set_team(call: Call) -> Any:
    """Give it to a team."""
    team = call.world.teams.get(call.body().get("assignee_id", 0))
    if team is None:
        raise ApiError(400, "Team not found")
    call.standin.rules.set_team(call.conversation(), team, call.who)
    return True


def no_team(call: Call) -> Any:
    """Take it from its team."""
    call.standin.rules.remove_team(call.conversation(), call.who)
    return True


def set_status(call: Call) -> Any:
    """Set the status by name; a snooze needs how long it is."""
    one, body = call.conversation(), call.body()
    name, length = body.get("status", ""), re.fullmatch(r"(\d+)([smh])", body.get("snoozed_until") or "")
    if name not in {known for known, _ in call.world.statuses.values()}:
        raise ApiError(500)
    if name == "Snoozed" and length is None:
        raise ApiError(400, "`snoozed_until` empty")
    seconds = int(length[1]) * UNITS[length[2]] if length and name == "Snoozed" else None
    until = None if seconds is None else call.standin.clock.now() + timedelta(seconds=seconds)
    call.standin.rules.set_status(one, name, call.who, until=until)
    return True


def set_tags(call: Call) -> Any:
    """Set, add or remove tags."""
    one, body = call.conversation(), call.body()
    named = list(body.get("tags") or [])
    if body.get("action") == "add_tags":
        named = [*one.tags, *named]
    elif body.get("action") == "remove_tags":
        named = [tag for tag in one.tags if tag not in named]
    call.standin.rules.set_tags(one, named, call.who)
    return True


def set_attributes(call: Call) -> Any:
    """Replace all attributes, in silence."""
    call.conversation().custom_attributes = call.body()
    return True


def send_message(call: Call) -> Any:
    """Answer, or write a private note; what the templates know is filled in."""
    one, body = call.conversation(), call.body()
    if not call.world.inboxes[one.inbox_id].enabled:
        raise ApiError(400, "Inbox is disabled")
    if body.get("sender_type") != "agent":
        raise ApiError(400)
    contact = call.world.users[one.contact_id]
    content = re.sub(r"\{\{ *\.Contact\.FirstName *\}\}", contact.first_name, body.get("message", ""))
    message = call.standin.rules.says(one, call.who, content, private=bool(body.get("private")))
    return call.shapes.message(one, message)
