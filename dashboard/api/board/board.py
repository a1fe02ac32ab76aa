"""The live board as data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import EVERYBODY, allowed, caller
from dashboard.api.core.resources import ApiBlueprint
from dashboard.engine.model import Presence, Role
from dashboard.http import unit_of_work
from dashboard.services.board import live_board
from dashboard.services.board.live_board import Board, BoardInboxLine
from dashboard.services.board.workload import LoadBar, View, WorkloadLine
from dashboard.services.core.form_fields import Instant, Word
from dashboard.store.core.page_values import Scope, Since

bp = ApiBlueprint("board", "The live board: what waits, why, and who is free.")
# All agents of an account are on the one page of an answer.
EVERY_AGENT = View(per_page=100_000)


class WithinTargetSchema(Schema):
    """Conversations assigned within their target today, of those assigned and those that wait past it."""

    met = fields.Integer()
    of = fields.Integer()


class StrandedSchema(Schema):
    """The last check for conversations that wait although an agent could take them."""

    count = fields.Integer()
    checked_at = Instant(allow_none=True)


class BoardInboxSchema(Schema):
    """One inbox; `reasons` counts what waits by the reason, at risk is due in five minutes or less."""

    id = fields.Integer()
    name = fields.String()
    waiting = fields.Integer()
    oldest_wait_seconds = fields.Float(allow_none=True)
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer())
    online = fields.Integer(allow_none=True)
    members = fields.Integer()
    free = fields.Integer(allow_none=True)
    assigned_15_min = fields.Integer()
    overdue = fields.Integer()
    at_risk = fields.Integer()
    within_target = fields.Nested(WithinTargetSchema)


class LimitSchema(Schema):
    """What an agent holds in an inbox, or without inbox in all of them, against the limit, null without one."""

    inbox_id = fields.Integer(allow_none=True)
    open = fields.Integer()
    limit = fields.Integer(allow_none=True)


class BoardAgentSchema(Schema):
    """One agent; their presence is null while it cannot be read."""

    id = fields.Integer()
    name = fields.String()
    presence = Word(Presence, allow_none=True)
    since = Instant(allow_none=True)
    open = fields.Integer()
    limits = fields.List(fields.Nested(LimitSchema))
    last_assigned_at = Instant(allow_none=True)


class BoardSchema(Schema):
    """The board of one instant; an agent sees their own inboxes."""

    at = Instant()
    waiting = fields.Integer()
    oldest_wait_seconds = fields.Float(allow_none=True)
    online = fields.Integer(allow_none=True)
    free = fields.Integer(allow_none=True)
    overdue = fields.Integer()
    at_risk = fields.Integer()
    stranded = fields.Nested(StrandedSchema)
    inboxes = fields.List(fields.Nested(BoardInboxSchema))
    agents = fields.List(fields.Nested(BoardAgentSchema))


@bp.route("/board")
@allowed(EVERYBODY)
@bp.response(200, BoardSchema)
def show() -> Mapping[str, Any]:
    """Read the live board."""
    who = caller()
    scope = Scope(account_id=who.account_id, member_id=who.user_id if who.role is Role.AGENT else None)
    return _answer(live_board.live_board(unit_of_work(), scope, view=EVERY_AGENT, redis_answers=True, now=clock.now()))


def _answer(board: Board) -> Mapping[str, Any]:
    head = board.headline
    return {
        "at": board.as_of,
        "waiting": head.waiting,
        "oldest_wait_seconds": _seconds(head.oldest, board.as_of),
        "online": head.online,
        "free": head.free,
        "overdue": head.overdue,
        "at_risk": head.at_risk,
        "stranded": head.stranded,
        "inboxes": [_inbox(line, board) for line in board.inboxes],
        "agents": [_agent(line) for line in board.workload.lines],
    }


def _inbox(line: BoardInboxLine, board: Board) -> Mapping[str, Any]:
    return {
        "id": line.id,
        "name": line.name,
        "waiting": line.waiting,
        "oldest_wait_seconds": _seconds(line.oldest, board.as_of),
        "reasons": _reasons(line),
        "online": line.online if board.presence_known else None,
        "members": line.members,
        "free": line.free if board.presence_known else None,
        "assigned_15_min": line.assigned,
        "overdue": line.overdue,
        "at_risk": line.at_risk,
        "within_target": line.within_target,
    }


def _reasons(line: BoardInboxLine) -> Mapping[str, int]:
    """Return what waits by its reason; what the next run decides has none."""
    if line.why is None or not line.waiting:
        return {}
    if line.why.kept:
        return {part.reason.value: part.count for part in line.why.kept}
    return {line.why.reason.value: line.waiting} if line.why.reason else {}


def _agent(line: WorkloadLine) -> Mapping[str, Any]:
    return {
        "id": line.id,
        "name": line.name,
        "presence": line.presence,
        "since": line.since,
        "open": sum(gauge.open for gauge in line.gauges if gauge.inbox),
        "limits": [_limit(gauge) for gauge in line.gauges if not gauge.team],
        "last_assigned_at": line.last_assigned.at if line.last_assigned else None,
    }


def _limit(gauge: LoadBar) -> Mapping[str, Any]:
    return {"inbox_id": gauge.inbox.id if gauge.inbox else None, "open": gauge.open, "limit": gauge.limit}


def _seconds(since: Since | None, now: datetime) -> float | None:
    return round((now - since.at).total_seconds(), 3) if since else None
