"""Tickets of Request Tracker in the project's words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

from dashboard.engine.model import Awaiting, Status
from dashboard.helpdesks.rt.rest import Row
from dashboard.helpdesks.values import HelpdeskConversation, PastConversation

NOBODY = "Nobody"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# The longest time that may pass between the reading of the clock there and a query.
MARGIN = timedelta(minutes=5)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# A stalled ticket waits for the customer, whose message opens it. A status of another lifecycle is pending here.
STATUSES = {
    "new": Status.OPEN,
    "open": Status.OPEN,
    "stalled": Status.SNOOZED,
    "resolved": Status.RESOLVED,
    "rejected": Status.RESOLVED,
    "deleted": Status.RESOLVED,
}
# From this number there, this priority here. There, 50 is Medium and 100 High; 0 was never set.
PRIORITIES = ((101, 1), (75, 2), (25, 3), (1, 4))
OWNER = {"fields[Owner]": "id,Name"}
TICKET = {"fields": "Owner,Status,Queue,Subject,Created,LastUpdated,Requestor,Priority,Told,Resolved", **OWNER}
TRANSACTION = {"fields": "ObjectId,Type,OldValue,NewValue,Creator,Created"}


def conversation(ticket: Row, unanswered: Mapping[str, datetime]) -> HelpdeskConversation:
    """Return a ticket. Its wait began with its creation or, after a reply, at its time in `unanswered`."""
    key, owner, requestor = str(ticket["id"]), ticket["Owner"], next(iter(ticket["Requestor"]), None)
    created, updated = instant(ticket, "Created"), instant(ticket, "LastUpdated")
    waiting_since = unanswered.get(key) if answered_at(ticket) else created
    has_owner = owner["Name"] != NOBODY
    return HelpdeskConversation(
        id=key,
        display_id=key,
        inbox_id=str(ticket["Queue"]["id"]),
        status=STATUSES.get(ticket["Status"], Status.PENDING),
        created_at=created,
        updated_at=updated,
        last_activity_at=updated,
        assignee_id=str(owner["id"]) if has_owner else None,
        taken=has_owner,
        priority=_priority(int(ticket["Priority"])),
        contact=requestor and requestor["id"],
        subject=ticket["Subject"],
        waiting_since=waiting_since,
        awaiting=Awaiting.AGENT if waiting_since else Awaiting.CUSTOMER,
        version=ticket.get("ETag"),
    )


def past_conversation(ticket: Row, events: Sequence[Row], nobody_id: str) -> PastConversation:
    """Return a ticket's past from its replies and changes of owner, oldest first."""
    created = instant(ticket, "Created")
    requestors = {requestor["id"] for requestor in ticket["Requestor"]}
    replies = [event for event in events if event["Type"] == "Correspond" and event["Creator"]["id"] not in requestors]
    changes = [event for event in events if event["Type"] == "Set"]
    first_owner = changes[0]["OldValue"] if changes else ticket["Owner"]["id"]
    owners = [(created, str(first_owner)), *((instant(event, "Created"), str(event["NewValue"])) for event in changes)]
    assigned_at, assignee_id = next(((at, owner) for at, owner in owners if owner != nobody_id), (None, None))
    return PastConversation(
        id=str(ticket["id"]),
        display_id=str(ticket["id"]),
        inbox_id=str(ticket["Queue"]["id"]),
        created_at=created,
        priority=_priority(int(ticket["Priority"])),
        contact=next(iter(sorted(requestors)), None),
        assigned_at=assigned_at,
        assignee_id=assignee_id,
        first_reply_at=instant(replies[0], "Created") if replies else None,
        resolved_at=_optional(ticket, "Resolved"),
    )


def first_unanswered(ticket: Row, replies: Iterable[Row]) -> datetime | None:
    """Return the first reply after the last answer: only a requestor's reply leaves the time of the answer alone."""
    answered = answered_at(ticket)
    times = [at for reply in replies if (at := instant(reply, "Created")) and answered and at > answered]
    return min(times, default=None)


def answered_at(ticket: Row) -> datetime | None:
    """Return when somebody else than the requestor replied last."""
    return _optional(ticket, "Told")


def instant(row: Row, name: str) -> datetime:
    """Return a time, which must be told."""
    return datetime.fromisoformat(row[name])


def earlier(since: datetime, now: datetime | None = None) -> str:
    """Return a time for a query, somewhat before `since`: rows are compared with that themselves.

    Request Tracker reads every absolute time in the hidden time zone of its user, and of one with a Z
    only the day. So a day earlier covers all zones; and a time shortly before its own `now` is written as an age.
    """
    age = now - since if now else DAY
    if age < DAY:
        return f"{ceil((max(age, timedelta(0)) + MARGIN) / MINUTE)} minutes ago"
    return f"{since.astimezone(UTC) - DAY:%Y-%m-%d}"


def _optional(row: Row, name: str) -> datetime | None:
    """Return a time; for a time that was never set, a single ticket has no value, a list has the year 1970."""
    at = datetime.fromisoformat(row.get(name) or NEVER.isoformat())
    return None if at == NEVER else at


def _priority(number: int) -> int | None:
    return next((priority for least, priority in PRIORITIES if number >= least), None)
