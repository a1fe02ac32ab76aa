"""Rows of changed conversations: what changed, from which value to which (T2)."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, text

from dashboard.store.models import ConversationRecord
from dashboard.store.models.trust import ChangedField as ChangedField  # noqa: PLC0414  beside its other words
from dashboard.store.postgres.database import Session

REMOVE = text("""
DELETE FROM conversation_changes WHERE ctid IN (
  SELECT ctid FROM conversation_changes WHERE at < :before LIMIT :most FOR UPDATE SKIP LOCKED
)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A change of one field; `before` and `after` are as JSON has them."""

    account_id: int
    conversation_id: int
    what: ChangedField
    before: Any
    after: Any
    actor_id: int | None
    at: datetime


def write(session: Session, changes: Collection[FieldChange]) -> None:
    """Append the changes in one statement."""
    if changes:
        session.execute(insert(ConversationRecord), [asdict(one) for one in changes])


def remove(session: Session, *, before: datetime, most: int) -> int:
    """Delete some rows of before this instant."""
    removed: int = session.execute(REMOVE, {"before": before, "most": most}).rowcount  # type: ignore[attr-defined]
    return removed
