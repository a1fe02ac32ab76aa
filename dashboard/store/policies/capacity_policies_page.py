"""The waiting conversations that a capacity policy excludes now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from dashboard.engine.policy import ExclusionRules
from dashboard.store.assignment.waiting import WAITING
from dashboard.store.models import Conversation, InboxCapacityLimit
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """The numbers of waiting conversations that some rules exclude: by label, by age, and in total."""

    by_label: int
    by_age: int
    count: int


def excluded(session: Session, account_id: int, rules: ExclusionRules, now: datetime) -> Excluded:
    """Count the excluded waiting conversations in the inboxes for which the policy has a limit (E5, E6)."""
    labels, hours = list(rules.excluded_labels), rules.exclude_older_than_hours
    by_label = Conversation.labels.overlap(literal(labels, ARRAY(Text))) if labels else false()
    by_age = Conversation.created_at < now - timedelta(hours=hours) if hours is not None else false()
    limited = select(InboxCapacityLimit.inbox_id).where(
        InboxCapacityLimit.account_id == account_id, InboxCapacityLimit.agent_capacity_policy_id == rules.policy_id
    )
    row = session.execute(
        select(
            func.count().filter(by_label).label("by_label"),
            func.count().filter(by_age).label("by_age"),
            func.count().filter(or_(by_label, by_age)).label("either"),
        ).where(Conversation.account_id == account_id, Conversation.inbox_id.in_(limited), WAITING)
    ).one()
    return Excluded(by_label=row.by_label, by_age=row.by_age, count=row.either)
