"""The order of waiting conversations by targets that nobody has saved, for previews (E50, E55)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from dashboard.engine.hours import BusinessHours
from dashboard.engine.model import PoolKey
from dashboard.engine.ordering import soonest_due
from dashboard.engine.policy_fields import ResponseTargets
from dashboard.store.assignment import waiting
from dashboard.store.assignment import waiting_conditions as conditions
from dashboard.store.assignment.waiting import Filter, Locked
from dashboard.store.models import Conversation
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTargets:
    """Targets that nobody has saved, with the inbox's hours: the order of a preview follows them (E54)."""

    targets: ResponseTargets | None
    hours: BusinessHours | None

    def due_at(self, respond_by: datetime | None, since: datetime, priority: int | None) -> datetime | None:
        """Return when a conversation that waits since an instant would be due."""
        minutes = self.targets.of(priority) if self.targets else None
        if respond_by is not None or minutes is None:
            return respond_by
        return self.hours.after_open(since, minutes) if self.hours else since + timedelta(minutes=minutes)


def first(
    session: Session, rules: Filter, draft: DraftTargets, *, pools: Collection[PoolKey], most: int, now: datetime
) -> Locked:
    """Return the first conversations by targets that nobody has saved, without locks.

    Conversations of one priority are due in the order of their waits, so the first ones of each priority suffice.
    """
    kind = case((Conversation.respond_by.is_not(None), -1), else_=func.coalesce(Conversation.priority, 0))
    order = (func.coalesce(Conversation.respond_by, Conversation.waiting_since), *waiting.SINCE)
    place = func.row_number().over(partition_by=kind, order_by=order)
    first = (
        waiting.of(rules)
        .add_columns(Conversation.id, place.label("place"))
        .where(*waiting.may_take(rules, frozenset(pools)))
        .subquery()
    )
    columns = (*waiting.COLUMNS, conditions.preferred(rules, waiting.NOW).label("preferred"))
    wanted = select(*columns, Conversation.respond_by, Conversation.priority).where(
        Conversation.id == first.c.id, first.c.place <= waiting.MOST
    )
    found = [
        replace(waiting.value(row[:-2]), due_at=draft.due_at(row.respond_by, row.waiting_since, row.priority))
        for row in session.execute(wanted, {"now": now, "most": most})
    ]
    return Locked(conversations=tuple(sorted(found, key=soonest_due)[:most]))
