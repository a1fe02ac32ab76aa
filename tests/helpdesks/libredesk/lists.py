"""Lists of conversations: filters, order and pages, and what of them is an error."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.helpdesks.libredesk.model import Conversation
from tests.helpdesks.standin.clock import read
from tests.helpdesks.standin.messages import Request

if TYPE_CHECKING:
    from tests.helpdesks.libredesk.libredesk import LibredeskStandin

FIELDS = {
    "status_id": int,
    "priority_id": int,
    "assigned_team_id": int,
    "assigned_user_id": int,
    "inbox_id": int,
    "last_message_at": read,
    "last_interaction_at": read,
    "created_at": read,
    "waiting_since": read,
}
# `greater than` and `less than` came with 2.1.
NEWER = {"greater than", "less than"}
MOST_VALUES = 100
Test = Callable[[Conversation], bool]


class BadQuery(Exception):
    """What Libredesk answers with 500."""


def page(standin: "LibredeskStandin", request: Request) -> dict[str, Any]:
    """Return a page of a list. Libredesk echoes the size that was asked for, even where it gives fewer."""
    number, asked = max(_number(request, "page", 1), 1), _number(request, "page_size", 30)
    most = 500 if standin.at_least("2.1.0") else 100
    asked = 30 if asked < 1 else asked
    asked = min(asked, most) if standin.at_least("2.1.0") else asked
    size = min(asked, most, int(standin.options.get("page_size", most)))
    found, begin = _found(standin, request)
    total = len(found) - begin
    start, end = begin + (number - 1) * size, begin + number * size
    by_age = (request.first("order_by"), request.first("order").lower()) == ("conversations.created_at", "asc")
    shown = _in_any_order(standin, found, start, end) if by_age else found[start:end]
    total = total if shown else 0
    pages = -(-total // asked)
    results = [standin.shapes.listed(one) for one in shown]
    return {"results": results, "total": total, "per_page": asked, "total_pages": pages, "page": number}


def _in_any_order(
    standin: "LibredeskStandin", found: Sequence[Conversation], start: int, end: int
) -> Sequence[Conversation]:
    """Return a part of a list. Nothing orders equal keys, so each query has those that it cuts in another order."""
    if start == 0 or start >= len(found) or found[start - 1].created_at != found[start].created_at:
        return found[start:end]
    at = found[start].created_at
    first = bisect_left(found, at, key=lambda one: one.created_at)
    last = bisect_right(found, at, key=lambda one: one.created_at)
    equal = list(found[first:last])
    standin.random.shuffle(equal)
    return [*equal[start - first : end - first], *found[last:end]]


def _number(request: Request, name: str, default: int) -> int:
    text = request.first(name)
    return int(text) if text.lstrip("-").isdigit() else default


def _found(standin: "LibredeskStandin", request: Request) -> tuple[Sequence[Conversation], int]:
    """Return what fits, and from which on; a beginning of `created_at` is searched in the kept list."""
    filters, order_by = request.first("filters", "[]") or "[]", request.first("order_by")
    descending = request.first("order", "desc").lower() != "asc"
    if order_by and request.first("order").lower() not in {"", "asc", "desc"}:
        raise BadQuery
    conditions = _conditions(filters)
    begins = [one for one in conditions if one.get("field") == "created_at" and one.get("operator") == "between"]
    if len(begins) != 1 or descending or order_by != "conversations.created_at":
        return _listed(standin, conditions, order_by, descending=descending), 0
    others = [one for one in conditions if one is not begins[0]]
    start, end = _values(begins[0], read)
    found = _listed(standin, others, order_by, descending=False)
    if end.year < 9999:
        found = [one for one in found if one.created_at <= end]
    return found, bisect_left(found, start, key=lambda one: one.created_at)


def _conditions(filters: str) -> list[Mapping[str, str]]:
    try:
        conditions = json.loads(filters)
    except ValueError:
        raise BadQuery from None
    if conditions == {}:
        return []
    if not isinstance(conditions, list) or not all(isinstance(one, Mapping) for one in conditions):
        raise BadQuery
    return conditions


def _listed(
    standin: "LibredeskStandin", conditions: Sequence[Mapping[str, str]], order_by: str, *, descending: bool
) -> list[Conversation]:
    key = (json.dumps(conditions), order_by, descending)
    kept = standin.lists.get(key)
    if kept is not None and kept[0] == standin.world.revision:
        return kept[1]
    tests = [_test(standin, one) for one in conditions]
    found = [one for one in standin.world.conversations.values() if all(test(one) for test in tests)]
    model, _, field = (order_by or "conversations.last_message_at").partition(".")
    if model != "conversations" or field not in FIELDS:
        raise BadQuery
    some = sorted(
        (one for one in found if _of(one, field) is not None), key=lambda one: _of(one, field), reverse=descending
    )
    found = some + [one for one in found if _of(one, field) is None]
    standin.lists[key] = (standin.world.revision, found)
    return found


def _of(one: Conversation, field: str) -> Any:
    return getattr(one, field)


def _test(standin: "LibredeskStandin", condition: Mapping[str, str]) -> Test:
    model, field, operator = condition.get("model"), condition.get("field", ""), condition.get("operator", "")
    if model == "conversation_statuses" and field in {"id", "name"}:
        if field == "id":
            return _compared(operator, condition, lambda one: one.status_id, int)
        return _compared(operator, condition, lambda one: standin.world.statuses[one.status_id][0], str)
    if model != "conversations" or field not in FIELDS:
        raise BadQuery
    if operator in NEWER and not standin.at_least("2.1.0"):
        raise BadQuery
    return _compared(operator, condition, lambda one: _of(one, field), FIELDS[field])


def _compared(
    operator: str, condition: Mapping[str, str], value_of: Callable[[Conversation], Any], kind: Callable[[str], Any]
) -> Test:
    match operator:
        case "set":
            return lambda one: value_of(one) is not None
        case "not set":
            return lambda one: value_of(one) is None
        case "in":
            values = _values_of_list(condition, kind)
            return lambda one: value_of(one) in values
        case "between":
            start, end = _values(condition, kind)
            return lambda one: value_of(one) is not None and start <= value_of(one) <= end
    value = _value(condition, kind)
    tests: dict[str, Test] = {
        "equals": lambda one: value_of(one) == value,
        "not equals": lambda one: value_of(one) is not None and value_of(one) != value,
        "greater than": lambda one: value_of(one) is not None and value_of(one) > value,
        "less than": lambda one: value_of(one) is not None and value_of(one) < value,
    }
    if operator not in tests:
        raise BadQuery
    return tests[operator]


def _value(condition: Mapping[str, str], kind: Callable[[str], Any]) -> Any:
    try:
        return kind(condition["value"])
    except (LookupError, TypeError, ValueError):
        raise BadQuery from None


def _values(condition: Mapping[str, str], kind: Callable[[str], Any]) -> tuple[Any, Any]:
    parts = condition.get("value", "").split(",")
    if len(parts) != 2:
        raise BadQuery
    first, last = (_value({"value": part.strip()}, kind) for part in parts)
    return first, last


def _values_of_list(condition: Mapping[str, str], kind: Callable[[str], Any]) -> set[Any]:
    try:
        texts = json.loads(condition["value"])
        if not texts or len(texts) > MOST_VALUES or not all(isinstance(text, str) for text in texts):
            raise BadQuery
        return {kind(text) for text in texts}
    except (LookupError, TypeError, ValueError):
        raise BadQuery from None
