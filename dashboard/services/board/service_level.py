"""The service level of inboxes today (E56)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from dashboard.engine.model import Inbox
from dashboard.engine.service_level import WithinTarget, within_target
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.board import inboxes as rows
from dashboard.store.board.inboxes import InboxFigures


def today(work: UnitOfWork, inboxes: Mapping[int, InboxFigures], now: datetime) -> Mapping[int, WithinTarget]:
    """Return the service level since midnight of the inboxes that have one; without targets nothing is read."""
    began_at = {one.id: _midnight(one.inbox, now) for one in inboxes.values() if one.had_due}
    assigned = rows.due_today(work.session, began_at)
    found = {i: (one, assigned.get(i, (0, 0))) for i, one in inboxes.items() if one.overdue or i in assigned}
    return {i: within_target(due=due, met=met, overdue=one.overdue) for i, (one, (due, met)) in found.items()}


def _midnight(inbox: Inbox, now: datetime) -> datetime:
    """Return the start of the day on the inbox's wall clock, or in UTC."""
    wall = now.astimezone(inbox.hours.zone if inbox.hours else UTC)
    return wall.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
