"""The past of Libredesk: a conversation, and its messages of activity, which tell when an agent got it."""

import re
from collections.abc import Iterator, Sequence

from dashboard.helpdesks.libredesk.api import MESSAGES, LibredeskApi
from dashboard.helpdesks.libredesk.words import Row, id_or_none, instant, instant_or_none, priority_of
from dashboard.helpdesks.values import PastConversation

ASSIGNED = re.compile(r"Assigned to .+ by ")
ASSIGNED_TEAM = re.compile(r"Assigned to .+ team by ")
SELF_ASSIGNED = "self-assigned this conversation"


def past_of(raw: Row, activities: Sequence[Row]) -> PastConversation:
    """Return a conversation of the past; `activities` are its messages of that type, oldest first.

    They name the assignee, but have an id only for a self-assignment. So the first owner is known if that was one, or
    if nobody followed.
    """
    given = [one for one in activities if _assigns(one)]
    first = given[0] if given else None
    owner = None
    if first is not None and SELF_ASSIGNED in first["content"]:
        owner = id_or_none(first["sender_id"])
    elif len(given) == 1:
        owner = id_or_none(raw["assigned_user_id"])
    return PastConversation(
        id=raw["uuid"],
        display_id=str(raw["reference_number"]),
        inbox_id=str(raw["inbox_id"]),
        created_at=instant(raw["created_at"]),
        team_id=id_or_none(raw["assigned_team_id"]),
        labels=tuple(raw["tags"] or ()),
        priority=priority_of(raw),
        contact=raw["contact"].get("email"),
        assigned_at=instant(first["created_at"]) if first is not None else None,
        assignee_id=owner,
        first_reply_at=instant_or_none(raw["first_reply_at"]),
        resolved_at=instant_or_none(raw["resolved_at"]),
    )


def _assigns(message: Row) -> bool:
    """Return whether an activity gave the conversation to an agent; only newer versions name its type."""
    kind = (message.get("meta") or {}).get("activity_type")
    if kind is not None:
        return kind in {"assigned_user_change", "self_assign"}
    content = message["content"]
    to_agent = ASSIGNED.match(content) and not ASSIGNED_TEAM.match(content)
    return bool(to_agent) or SELF_ASSIGNED in content


def activities(api: LibredeskApi, uuid: str) -> Iterator[Row]:
    """Yield the messages about the actions in a conversation, newest first."""
    page = seen = 0
    while True:
        page += 1
        params: dict[str, str | int] = {"type": "activity", "page": page, "page_size": 100}
        data = api.get(f"/conversations/{uuid}/messages", params, needs=MESSAGES)
        yield from data["results"]
        seen += len(data["results"])
        if not data["results"] or seen >= data["total"]:
            return
