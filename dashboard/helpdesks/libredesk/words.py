"""Libredesk's JSON in the words of the port: conversations, places in their lists, webhooks, the past."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dashboard.engine.model import Awaiting, Status
from dashboard.helpdesks.values import CUSTOMER, HelpdeskConversation, WebhookHint

Row = Mapping[str, Any]
# Statuses have names of the house's own; only their category tells what they mean.
STATUSES = {"open": Status.OPEN, "waiting": Status.SNOOZED, "resolved": Status.RESOLVED}
# Before 2.2 there were no categories; its migration sorted the names like this, and all others under open.
CATEGORIES = {"Snoozed": "waiting", "Resolved": "resolved", "Closed": "resolved"}
PRIORITIES = {"urgent": 1, "high": 2, "medium": 3, "low": 4}
AWAITING = {"contact": Awaiting.AGENT, "agent": Awaiting.CUSTOMER}
FIRST, LAST = "1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z"
# More than Libredesk gives; it gives 500 at most, and 100 before 2.1.
PAGE = 500


def instant(text: str) -> datetime:
    """Return an instant of the API in UTC."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at.astimezone(UTC)


def instant_or_none(text: str | None) -> datetime | None:
    """Return an instant, or None for null."""
    return None if text is None else instant(text)


def id_or_none(number: int | None) -> str | None:
    """Return an id as text; Libredesk's ids begin at 1, and 0 is none."""
    return str(number) if number else None


def category_of(status: Row) -> str:
    """Return the category of a status."""
    return str(status.get("category") or CATEGORIES.get(status["name"], "open"))


def conversation_of(raw: Row, *, inbox_id: str, status: Status) -> HelpdeskConversation:
    """Return a conversation; `raw` is an item of a list, or one that was read by itself and so has its tags."""
    contact, tags = raw["contact"], raw.get("tags")
    return HelpdeskConversation(
        id=raw["uuid"],
        display_id=str(raw["reference_number"]),
        inbox_id=inbox_id,
        status=status,
        created_at=instant(raw["created_at"]),
        updated_at=instant(raw["updated_at"]),
        # The last public message: every assignment writes a message of its own, which is no activity.
        last_activity_at=instant(raw["last_interaction_at"] or raw["last_message_at"] or raw["created_at"]),
        assignee_id=id_or_none(raw["assigned_user_id"]),
        taken=bool(raw["assigned_user_id"]),
        team_id=id_or_none(raw["assigned_team_id"]),
        priority=priority_of(raw),
        labels=None if tags is None else tuple(tags),
        contact=contact.get("email"),
        contact_name=" ".join(filter(None, (contact["first_name"], contact["last_name"]))) or None,
        subject=raw["subject"],
        waiting_since=_waiting_since(raw),
        first_reply_at=instant_or_none(raw["first_reply_at"]),
        snoozed_until=instant_or_none(raw.get("snoozed_until")),
        awaiting=AWAITING.get(raw["last_interaction_sender"] or ""),
    )


def priority_of(raw: Row) -> int | None:
    """Return the priority, 1 the most urgent."""
    return PRIORITIES.get((raw["priority"] or "").lower())


def _waiting_since(raw: Row) -> datetime | None:
    """Return the first unanswered message's time as far as it is known, None if an agent wrote last.

    `waiting_since` moves with each customer message, so before the first reply the beginning tells more.
    """
    since = instant_or_none(raw["waiting_since"])
    if raw["first_reply_at"] is None and (since is not None or raw["last_interaction_sender"] != "agent"):
        return instant(raw["created_at"])
    return since


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the lists of several inboxes, one after the other, each oldest first.

    The next page begins at the last conversation of this one, which comes again: a page number would skip others when
    some leave the list. `page` counts only where more conversations than a page holds were created in one instant.
    Nothing there orders those, so that one reading may miss some, which the next ones find.
    """

    inbox: str
    since: str = FIRST
    page: int = 1
    last: str | None = None
    statuses: Sequence[str] = ()
    total: int | None = None

    @classmethod
    def read(cls, text: str) -> "Place":
        """Return the place that `text` writes down."""
        return cls(**json.loads(text))

    def written(self) -> str:
        """Return it as text."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    def beyond(self, data: Row, inbox_ids: Collection[str], begin: str) -> "Place | None":
        """Return the place after this page, None at the end of the last inbox."""
        results = data["results"]
        if results and (self.page > 1 or data["total"] > len(results)):
            since, last = results[-1]["created_at"], results[-1]["uuid"]
            page = self.page + 1 if since == self.since else 1
            return replace(self, since=since, page=page, last=last)
        later = [inbox for inbox in in_order(inbox_ids) if _order(inbox) > _order(self.inbox)]
        return replace(self, inbox=later[0], since=begin, page=1, last=None) if later else None

    def new_in(self, data: Row) -> list[Row]:
        """Return the rows of this page that the last page lacks."""
        if not isinstance(data["results"], list) or not isinstance(data["total"], int):
            raise TypeError
        return [item for item in data["results"] if item["uuid"] != self.last]

    def params(self, size: int, *, unassigned: bool = False, inboxes: Sequence[str] = ()) -> dict[str, str | int]:
        """Return the parameters of the query for this page, of this inbox unless several are named."""
        conditions = [
            condition("inbox_id", "in", json.dumps(list(inboxes or [self.inbox]))),
            condition("created_at", "between", f"{self.since},{LAST}"),
        ]
        if self.statuses:
            conditions.append(condition("status_id", "in", json.dumps(list(self.statuses))))
        if unassigned:
            conditions.append(condition("assigned_user_id", "not set"))
        order: dict[str, str | int] = {"order": "asc", "order_by": "conversations.created_at"}
        return {**order, "page": self.page, "page_size": size, "filters": json.dumps(conditions)}


def in_order(inbox_ids: Collection[str]) -> list[str]:
    """Return the ids as numbers are sorted."""
    return sorted(inbox_ids, key=_order)


def _order(inbox: str) -> tuple[int, str]:
    return len(inbox), inbox


def condition(field: str, operator: str, value: str = "") -> dict[str, str]:
    """Return one condition of a filter."""
    return {"model": "conversations", "field": field, "operator": operator, "value": value}


def hint_of(body: Row) -> WebhookHint:
    """Return the hint of a webhook. An answer by a person or a rule arrives only as a message of its conversation."""
    event, payload = body.get("event"), body.get("payload")
    if not isinstance(event, str) or not isinstance(payload, Mapping):
        raise ValueError("The body is no webhook of Libredesk.")
    hint = WebhookHint(event=event, at=instant_or_none(body.get("timestamp")))
    if event == "conversation.created":
        return replace(hint, id=_text(payload.get("uuid")), display_id=_text(payload.get("reference_number")))
    if event.startswith("message."):
        return replace(hint, id=_text(payload.get("conversation_uuid")), actor_id=_sender(event, payload))
    if not event.startswith("conversation."):
        return hint
    return replace(
        hint,
        id=_text(payload.get("conversation_uuid")),
        actor_id=id_or_none(payload.get("actor_id")),
        owner_changed=event in {"conversation.assigned", "conversation.unassigned"},
        after=id_or_none(payload.get("assigned_to")),
    )


def _sender(event: str, payload: Row) -> str | None:
    """Return the actor of a message: the agent, or the customer of a new one."""
    match payload.get("sender_type"):
        case "agent":
            return id_or_none(payload.get("sender_id"))
        case "contact" if event == "message.created":
            return CUSTOMER
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
