"""Chatwoot's webhooks: their payloads, signatures and targets."""

import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from tests.helpdesks.chatwoot import shapes
from tests.helpdesks.chatwoot.model import Conversation, Message, World

EVENTS = frozenset(
    {
        "conversation_created",
        "conversation_updated",
        "conversation_status_changed",
        "message_created",
        "message_updated",
        "contact_created",
        "contact_updated",
        "webwidget_triggered",
        "conversation_typing_on",
        "conversation_typing_off",
        "inbox_created",
        "inbox_updated",
    }
)
# What makes an update worth an event; the event then lists every changed column.
TOLD = frozenset(
    {
        "team_id",
        "assignee_id",
        "assignee_agent_bot_id",
        "status",
        "snoozed_until",
        "custom_attributes",
        "label_list",
        "waiting_since",
        "first_reply_created_at",
        "priority",
    }
)


def conversation(one: Conversation, world: World) -> dict[str, Any]:
    """Return the hash of a conversation, whose types differ from REST's."""
    shown = shapes.conversation(one, world, {})
    kept = ("id", "inbox_id", "labels", "status", "custom_attributes", "snoozed_until", "unread_count", "priority")
    times = ("agent_last_seen_at", "contact_last_seen_at", "last_activity_at", "timestamp", "created_at", "updated_at")
    owners = {user.id: _owner(user.id, user.name) for user in world.users.values()}
    return {
        "additional_attributes": {},
        "can_reply": True,
        "channel": shown["meta"]["channel"],
        "contact_inbox": {"id": one.contact_id, "contact_id": one.contact_id, "inbox_id": one.inbox_id},
        "messages": shown["messages"],
        "meta": {
            "sender": {**shown["meta"]["sender"], "type": "contact"},
            "assignee": None,
            "assignee_type": None,
            "team": None,
            **shapes.owner(one, world, owners, typed=True),
            **({"team": _team(one, world)} if one.team_id in world.teams else {}),
            "hmac_verified": False,
        },
        **{name: shown[name] for name in (*kept, *times)},
        "first_reply_created_at": shapes.iso(one.first_reply_created_at),
        "waiting_since": shapes.epoch(one.waiting_since),
        "account": {"id": one.account_id, "name": world.accounts[one.account_id].name},
    }


def message(one: Message, of: Conversation, world: World) -> dict[str, Any]:
    """Return the payload of a message event."""
    return {
        "account": {"id": of.account_id, "name": world.accounts[of.account_id].name},
        "additional_attributes": {},
        "content_attributes": one.content_attributes,
        "content_type": "text",
        "content": one.content,
        "conversation": conversation(of, world),
        "created_at": shapes.iso(one.created_at),
        "id": one.id,
        "inbox": {"id": of.inbox_id, "name": world.inboxes[of.inbox_id].name},
        "message_type": shapes.TYPES[one.kind],
        "private": one.private,
        "sender": shapes.sender(one, world),
        "source_id": None,
    }


def contact(of: Conversation, world: World) -> dict[str, Any]:
    """Return the payload of a contact event."""
    account = {"id": of.account_id, "name": world.accounts[of.account_id].name}
    return {"account": account, **shapes.contact(of, world)}


def changes(changed: Mapping[str, tuple[Any, Any]]) -> list[dict[str, Any]]:
    """Return `changed_attributes`: an array of objects with one key each."""
    return [
        {name: {"previous_value": _plain(old), "current_value": _plain(new)}} for name, (old, new) in changed.items()
    ]


def signed(payload: Mapping[str, Any], secret: str, *, at: datetime, delivery: str) -> tuple[bytes, dict[str, str]]:
    """Return the body, and its headers with the signature."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    stamp = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    return body, {
        "Content-Type": "application/json",
        "X-Chatwoot-Delivery": delivery,
        "X-Chatwoot-Timestamp": stamp,
        "X-Chatwoot-Signature": f"sha256={signature}",
    }


def unsigned(payload: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Return the body as older versions send it."""
    return json.dumps(payload, separators=(",", ":")).encode(), {"Content-Type": "application/json"}


def is_private(url: str) -> bool:
    """Return whether newer versions refuse to deliver there."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return not ip_address(host).is_global
    return "." not in host


def _owner(number: int, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "available_name": name.split(maxsplit=1)[0],
        "avatar_url": "",
        "type": "user",
        "availability_status": None,
        "thumbnail": "",
    }


def _team(one: Conversation, world: World) -> dict[str, Any]:
    team = world.teams[one.team_id or 0]
    return {"id": team.id, "name": team.name, "icon": "", "icon_color": ""}


def _plain(value: Any) -> Any:
    return shapes.iso(value) if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value
