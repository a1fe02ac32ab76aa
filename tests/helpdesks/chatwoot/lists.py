"""The lists of conversations: filters, counts, sorting and pages."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.helpdesks.chatwoot.model import Conversation, User
from tests.helpdesks.standin.messages import Request

if TYPE_CHECKING:
    from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin

PRIORITIES = {None: 0, "low": 1, "medium": 2, "high": 3, "urgent": 4}
KEYS: dict[str, Callable[[Conversation], Any]] = {
    "last_activity_at": lambda one: one.last_activity_at,
    "created_at": lambda one: one.created_at,
    "waiting_since": lambda one: one.waiting_since or one.created_at,
    "priority": lambda one: PRIORITIES[one.priority],
}
# These decide which conversations a list has, and in which order.
DECIDE = ("status", "assignee_type", "inbox_id", "team_id", "labels[]", "sort_by")


def listed(standin: "ChatwootStandin", account_id: int, request: Request, user: User) -> dict[str, Any]:
    """Return counts and one page, as bare conversations; `updated_within` has no pages."""
    found, counts = _found(standin, account_id, request, user)
    if within := request.first("updated_within"):
        since = standin.clock.now() - timedelta(seconds=int(within))
        return {"meta": counts, "found": [one for one in found if one.updated_at >= since]}
    return {"meta": counts, "found": page(standin, found, request)}


def page(standin: "ChatwootStandin", found: list[Conversation], request: Request) -> list[Conversation]:
    """Return the page that was asked for; beyond the end there is nothing."""
    size, number = int(standin.options.get("page_size", 25)), int(request.first("page") or 1)
    return found[(number - 1) * size : number * size]


def filtered(standin: "ChatwootStandin", account_id: int, conditions: list[dict[str, Any]]) -> list[Conversation]:
    """Return what all conditions hold for, by last activity."""
    found: Iterable[Conversation] = (
        one for one in standin.world.conversations.values() if one.account_id == account_id
    )
    for condition in conditions:
        found = [one for one in found if _holds(condition, one)]
    return sorted(found, key=lambda one: (one.last_activity_at, one.tie), reverse=True)


def counts(found: list[Conversation], user: User) -> dict[str, int]:
    """Return the counts over these; who is owned by a bot counts as unassigned."""
    unassigned = sum(one.assignee_id is None for one in found)
    return {
        "mine_count": sum(one.assignee_id == user.id for one in found),
        "assigned_count": len(found) - unassigned,
        "unassigned_count": unassigned,
        "all_count": len(found),
    }


def _found(
    standin: "ChatwootStandin", account_id: int, request: Request, user: User
) -> tuple[list[Conversation], dict[str, int]]:
    """Return the sorted list and its counts; both are kept until a conversation changes."""
    key = (account_id, user.id, *(tuple(request.query.get(name, ())) for name in DECIDE))
    if (kept := standin.lists.get(key)) and kept[0] == standin.world.revision:
        return kept[1]  # type: ignore[no-any-return]
    inboxes = _inboxes(standin, account_id, request, user)
    status, team = request.first("status") or "open", request.first("team_id")
    found = [
        one for one in standin.world.conversations.values() if one.inbox_id in inboxes and status in {"all", one.status}
    ]
    if team:
        found = [one for one in found if str(one.team_id) == team]
    if labels := set(request.query.get("labels[]", [])):
        found = [one for one in found if not labels.isdisjoint(one.label_list)]
    counted = counts(found, user)
    found = _sorted(_owned_so(found, request.first("assignee_type"), user), request.first("sort_by"))
    standin.lists[key] = (standin.world.revision, (found, counted))
    return found, counted


def _inboxes(standin: "ChatwootStandin", account_id: int, request: Request, user: User) -> set[int]:
    """Return the inboxes whose conversations are shown: an agent sees only its own."""
    asked = request.first("inbox_id")
    return {
        one.id
        for one in standin.world.inboxes.values()
        if one.account_id == account_id
        and asked in {"", str(one.id)}
        and (user.role == "administrator" or user.id in one.members)
    }


def _owned_so(found: list[Conversation], who: str, user: User) -> list[Conversation]:
    match who:
        case "me":
            return [one for one in found if one.assignee_id == user.id]
        case "unassigned":
            return [one for one in found if one.assignee_id is None]
        case "assigned":
            return [one for one in found if one.assignee_id is not None]
    return found


def _sorted(found: list[Conversation], by: str) -> list[Conversation]:
    name, _, way = (by or "last_activity_at_desc").rpartition("_")
    key = KEYS.get(name, KEYS["last_activity_at"])
    return sorted(found, key=lambda one: (key(one), one.tie), reverse=way == "desc")


def _holds(condition: dict[str, Any], one: Conversation) -> bool:
    name = {"display_id": "id", "labels": "label_list"}.get(condition["attribute_key"], condition["attribute_key"])
    value = getattr(one, name)
    match condition["filter_operator"]:
        case "is_present":
            return bool(value)
        case "is_not_present":
            return not value
        case "not_equal_to":
            return str(value) not in map(str, condition["values"])
        case "is_greater_than":
            return bool(value.date().isoformat() > condition["values"][0])
        case "is_less_than":
            return bool(value.date().isoformat() < condition["values"][0])
    return str(value) in map(str, condition["values"])
