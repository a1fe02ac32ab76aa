"""Chatwoot's JSON in the project's words: conversations, set-up and webhooks."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from dashboard.engine.model import Awaiting, Status
from dashboard.helpdesks.chatwoot.api import Row, row
from dashboard.helpdesks.values import (
    CUSTOMER,
    HelpdeskAgent,
    HelpdeskConversation,
    HelpdeskInbox,
    HelpdeskTeam,
    PastConversation,
    WebhookHint,
)

PRIORITIES = {"urgent": 1, "high": 2, "medium": 3, "low": 4}
OF_CONVERSATIONS = frozenset({"conversation_created", "conversation_updated", "conversation_status_changed"})
OF_MESSAGES = frozenset({"message_created", "message_updated"})
SIGNED_WITHIN = timedelta(minutes=5)
AGENT, BOT = "assignee_id", "assignee_agent_bot_id"


def conversation(found: Row) -> HelpdeskConversation:
    """Return a conversation of a list, or read alone."""
    meta, waiting_since = row(found["meta"]), _instant(found["waiting_since"])
    owner, is_agent = meta.get("assignee"), meta.get("assignee_type", "User") == "User"
    contact, subject = row(meta["sender"]), row(found.get("additional_attributes") or {}).get("mail_subject")
    return HelpdeskConversation(
        id=str(found["uuid"]),
        display_id=str(int(found["id"])),
        inbox_id=str(int(found["inbox_id"])),
        status=Status(found["status"]),
        created_at=_time(found["created_at"]),
        updated_at=_time(found["updated_at"]),
        last_activity_at=_time(found["last_activity_at"]),
        assignee_id=str(int(row(owner)["id"])) if owner and is_agent else None,
        taken=bool(owner),
        team_id=str(int(row(meta["team"])["id"])) if meta.get("team") else None,
        priority=PRIORITIES.get(found["priority"] or ""),
        labels=tuple(str(title) for title in found["labels"]),
        contact=str(int(contact["id"])),
        contact_name=contact.get("name") or None,
        subject=str(subject) if subject else None,
        waiting_since=waiting_since,
        first_reply_at=_instant(found["first_reply_created_at"]),
        snoozed_until=datetime.fromisoformat(found["snoozed_until"]) if found["snoozed_until"] else None,
        awaiting=Awaiting.AGENT if waiting_since else Awaiting.CUSTOMER,
    )


def past(seen: HelpdeskConversation, resolution: Row | None) -> PastConversation:
    """Return a conversation of the past; only its last resolution has its end and its owner then."""
    resolved_by = resolution.get("user_id") if resolution else None
    return PastConversation(
        id=seen.id,
        display_id=seen.display_id,
        inbox_id=seen.inbox_id,
        created_at=seen.created_at,
        team_id=seen.team_id,
        labels=seen.labels or (),
        priority=seen.priority,
        contact=seen.contact,
        assignee_id=str(int(resolved_by)) if resolved_by else seen.assignee_id,
        first_reply_at=seen.first_reply_at,
        resolved_at=datetime.fromisoformat(resolution["event_end_time"]) if resolution else None,
    )


def resolution(events: Sequence[Row]) -> Row | None:
    """Return the newest resolution of these reporting events."""
    ended = [event for event in events if event["name"] == "conversation_resolved"]
    return max(ended, key=lambda event: datetime.fromisoformat(event["event_end_time"]), default=None)


def inbox(found: Row, members: Sequence[Row]) -> HelpdeskInbox:
    """Return an inbox with its members."""
    return HelpdeskInbox(
        id=str(int(found["id"])),
        name=str(found["name"]),
        channel=str(found["channel_type"]).removeprefix("Channel::"),
        own_assignment=bool(found["enable_auto_assignment"]),
        member_ids=ids(members),
    )


def agent(found: Row) -> HelpdeskAgent:
    """Return a user of the account; an invitation that nobody accepted is no active agent."""
    return HelpdeskAgent(
        id=str(int(found["id"])),
        name=str(found["name"]),
        email=found.get("email") or None,
        active=bool(found["confirmed"]),
    )


def team(found: Row, members: Sequence[Row]) -> HelpdeskTeam:
    """Return a team with its members."""
    return HelpdeskTeam(
        id=str(int(found["id"])),
        name=str(found["name"]),
        own_assignment=bool(found["allow_auto_assign"]),
        member_ids=ids(members),
    )


def ids(found: Sequence[Row]) -> frozenset[str]:
    """Return the ids of these rows."""
    return frozenset(str(int(one["id"])) for one in found)


def hint(body: Mapping[str, object]) -> WebhookHint:
    """Return the hint of a webhook. Raises ValueError for a body that is no webhook of Chatwoot."""
    event = body.get("event")
    if not isinstance(event, str):
        raise ValueError("A webhook of Chatwoot names its event.")
    if event not in OF_CONVERSATIONS | OF_MESSAGES:
        return WebhookHint(event=event)
    told = body if event in OF_CONVERSATIONS else body.get("conversation")
    if not isinstance(told, Mapping) or not isinstance(told.get("id"), int):
        raise ValueError(f"A webhook {event} of Chatwoot names its conversation.")
    display_id, at = str(told["id"]), told.get("updated_at")
    is_changed, before, after = _owners(told.get("changed_attributes"))
    said_at = _said_at(body) if event == "message_created" else None
    return WebhookHint(
        event=event,
        display_id=display_id,
        at=said_at or (_time(at) if isinstance(at, int | float) else None),
        actor_id=CUSTOMER if said_at else None,
        owner_changed=is_changed,
        before=before,
        after=after,
    )


def _said_at(message: Mapping[str, object]) -> datetime | None:
    """Return the instant of a customer's message; None for another message, or one without its instant."""
    at = message.get("created_at")
    if message.get("message_type") != "incoming" or not isinstance(at, str):
        return None
    try:
        said_at = datetime.fromisoformat(at)
    except ValueError:
        return None
    return said_at if said_at.tzinfo else None


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: str | None, now: datetime, ahead: timedelta) -> bool:
    """Return whether the secret signed time and body, within five minutes by the helpdesk's clock."""
    if secret is None:
        return True
    stamp = headers.get("x-chatwoot-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    wanted = hmac.new(secret.encode(), f"{stamp}.".encode() + body, sha256).hexdigest()
    given = headers.get("x-chatwoot-signature", "")
    is_right = hmac.compare_digest(f"sha256={wanted}".encode(), given.encode())
    return is_right and abs((now + ahead).timestamp() - int(stamp)) <= SIGNED_WITHIN.total_seconds()


def _owners(changed: object) -> tuple[bool, str | None, str | None]:
    """Return whether the owner changed, the old owner and the new one; a bot is `bot:` and its id."""
    found = (
        {name: each for one in changed if isinstance(one, dict) for name, each in one.items()}
        if isinstance(changed, list)
        else {}
    )
    told = [(prefix, found[name]) for name, prefix in ((AGENT, ""), (BOT, "bot:")) if isinstance(found.get(name), dict)]
    before, after = (
        next((f"{prefix}{change[side]}" for prefix, change in told if change.get(side) is not None), None)
        for side in ("previous_value", "current_value")
    )
    return bool(told), before, after


def _instant(seconds: float | None) -> datetime | None:
    """Return a time; Chatwoot writes none as 0."""
    return _time(seconds) if seconds else None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
