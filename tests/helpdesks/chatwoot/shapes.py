"""Chatwoot's JSON: what the REST answers look like."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.helpdesks.chatwoot.model import Account, Bot, Conversation, Inbox, Message, ReportingEvent, Team, User, World

TYPES = ("incoming", "outgoing", "activity", "template")


def epoch(at: datetime | None) -> int:
    """Return a time of REST; nothing is 0."""
    return int(at.timestamp()) if at else 0


def iso(at: datetime | None) -> str | None:
    """Return a time as ISO 8601 with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def agent(user: User, presence: str, *, enterprise: bool) -> dict[str, Any]:
    """Return an agent."""
    shown = {
        "id": user.id,
        "account_id": user.account_id,
        "availability_status": presence,
        "auto_offline": user.auto_offline,
        "confirmed": user.confirmed,
        "email": user.email,
        "provider": "email",
        "available_name": user.name.split()[0],
        "name": user.name,
        "role": user.role,
        "thumbnail": "",
    }
    return {**shown, "custom_role_id": None} if enterprise else shown


def bot(one: Bot) -> dict[str, Any]:
    """Return a bot as the owner of a conversation."""
    return {
        "id": one.id,
        "name": one.name,
        "description": "",
        "thumbnail": "",
        "outgoing_url": "",
        "bot_type": "webhook",
    }


def team(one: Team) -> dict[str, Any]:
    """Return a team."""
    return {
        "id": one.id,
        "name": one.name,
        "description": None,
        "allow_auto_assign": one.allow_auto_assign,
        "icon": "",
        "icon_color": "",
        "account_id": one.account_id,
        "is_member": False,
    }


def team_row(one: Team) -> dict[str, Any]:
    """Return a team as the answer to its assignment: the raw row."""
    shown = {name: value for name, value in team(one).items() if name != "is_member"}
    return {**shown, "created_at": iso(one.made_at), "updated_at": iso(one.made_at)}


def inbox(one: Inbox) -> dict[str, Any]:
    """Return an inbox."""
    return {
        "id": one.id,
        "avatar_url": "",
        "channel_id": one.id + 500,
        "name": one.name,
        "channel_type": one.channel_type,
        "greeting_enabled": False,
        "greeting_message": None,
        "working_hours_enabled": False,
        "working_hours": [],
        "enable_auto_assignment": one.enable_auto_assignment,
        "auto_assignment_config": {},
        "out_of_office_message": None,
        "timezone": "UTC",
        "callback_webhook_url": None,
        "allow_messages_after_resolved": True,
        "lock_to_single_conversation": False,
        "provider": None,
        "reauthorization_required": False,
    }


def account(one: Account) -> dict[str, Any]:
    """Return an account."""
    return {
        "id": one.id,
        "name": one.name,
        "locale": "en",
        "domain": "",
        "support_email": "",
        "status": one.status,
        "features": {"assignment_v2": True},
        "settings": {},
        "cache_keys": cache_keys(one),
    }


def cache_keys(one: Account) -> dict[str, str]:
    """Return the marks of the set-up; missing ones are ten zeros."""
    return {key: str(value).zfill(10) for key, value in one.cache_keys.items()}


def message(one: Message, conversation: Conversation, world: World) -> dict[str, Any]:
    """Return a message as a list of conversations has it."""
    shown = {
        "id": one.id,
        "content": one.content,
        "account_id": conversation.account_id,
        "inbox_id": conversation.inbox_id,
        "conversation_id": conversation.id,
        "message_type": one.kind,
        "created_at": epoch(one.created_at),
        "updated_at": iso(one.created_at),
        "private": one.private,
        "status": "sent",
        "source_id": None,
        "content_type": "text",
        "content_attributes": one.content_attributes,
        "sender_type": one.sender_type,
        "sender_id": one.sender_id,
        "external_source_ids": {},
        "additional_attributes": {},
        "processed_message_content": one.content,
        "sentiment": {},
    }
    return {**shown, "sender": sender(one, world)} if one.sender_type else shown


def sender(one: Message, world: World) -> dict[str, Any] | None:
    """Return who wrote a message."""
    match one.sender_type:
        case "Contact":
            return {"id": one.sender_id, "name": world.contacts[one.sender_id or 0].name, "type": "contact"}
        case "AgentBot":
            return {"id": one.sender_id, "name": world.bots[one.sender_id or 0].name, "type": "agent_bot"}
        case "User" if user := world.users.get(one.sender_id or 0):
            return {"id": user.id, "name": user.name, "email": user.email, "type": "user"}
    return None


def contact(conversation: Conversation, world: World) -> dict[str, Any]:
    """Return the contact of a conversation."""
    one = world.contacts[conversation.contact_id]
    return {
        "additional_attributes": {},
        "availability_status": "offline",
        "email": one.email,
        "id": one.id,
        "name": one.name,
        "phone_number": None,
        "blocked": False,
        "identifier": one.identifier,
        "thumbnail": "",
        "custom_attributes": {},
        "last_activity_at": epoch(conversation.last_activity_at),
        "created_at": epoch(conversation.created_at),
    }


def owner(one: Conversation, world: World, agents: Mapping[int, dict[str, Any]], *, typed: bool) -> dict[str, Any]:
    """Return the keys of the owner; absent without one, also when the owner left the account."""
    if one.assignee_id is not None and one.assignee_id in agents:
        return {"assignee": agents[one.assignee_id], **({"assignee_type": "User"} if typed else {})}
    if one.assignee_agent_bot_id in world.bots:
        return {
            "assignee": bot(world.bots[one.assignee_agent_bot_id]),
            **({"assignee_type": "AgentBot"} if typed else {}),
        }
    return {}


def conversation(one: Conversation, world: World, agents: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """Return a conversation as REST shows it."""
    last = message(one.messages[-1], one, world) if one.messages else None
    spoken = next((each for each in reversed(one.messages) if each.kind != 2), None)
    meta = {
        "sender": contact(one, world),
        "channel": world.inboxes[one.inbox_id].channel_type,
        **owner(one, world, agents, typed=True),
        **({"team": team(world.teams[one.team_id])} if one.team_id in world.teams else {}),
        "hmac_verified": False,
    }
    return {
        "meta": meta,
        "id": one.id,
        "messages": [last] if last else [],
        "account_id": one.account_id,
        "uuid": one.uuid,
        "additional_attributes": {},
        "agent_last_seen_at": 0,
        "assignee_last_seen_at": 0,
        "can_reply": True,
        "contact_last_seen_at": 0,
        "custom_attributes": one.custom_attributes,
        "inbox_id": one.inbox_id,
        "labels": list(one.label_list),
        "muted": False,
        "snoozed_until": iso(one.snoozed_until),
        "status": one.status,
        "created_at": epoch(one.created_at),
        "updated_at": one.updated_at.timestamp(),
        "timestamp": epoch(one.last_activity_at),
        "first_reply_created_at": epoch(one.first_reply_created_at),
        "unread_count": 1,
        "last_non_activity_message": message(spoken, one, world) if spoken else None,
        "last_activity_at": epoch(one.last_activity_at),
        "priority": one.priority,
        "waiting_since": epoch(one.waiting_since),
        "sla_policy_id": None,
    }


def reporting_event(one: ReportingEvent) -> dict[str, Any]:
    """Return a reporting event, with the hidden id of its conversation."""
    value = (one.ended_at - one.started_at).total_seconds()
    return {
        "id": one.id,
        "name": one.name,
        "value": value,
        "value_in_business_hours": value,
        "event_start_time": iso(one.started_at),
        "event_end_time": iso(one.ended_at),
        "account_id": one.conversation.account_id,
        "inbox_id": one.conversation.inbox_id,
        "user_id": one.user_id,
        "conversation_id": one.conversation.hidden_id,
        "created_at": iso(one.ended_at),
        "updated_at": iso(one.ended_at),
    }
