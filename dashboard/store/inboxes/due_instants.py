"""The instants by which waiting conversations should be assigned (E54).

A trigger keeps them without business hours. This module counts the hours, and renews what a changed rule counts anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from dashboard.engine.hours import BusinessHours
from dashboard.store.inboxes import business_hours
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

MINUTE = timedelta(minutes=1)
# A conversation that another transaction has locked stays rough: no run waits for it, and the next job counts it.
ROUGH = """
SELECT c.id, c.inbox_id, c.waiting_since, c.due_at, i.business_hours
FROM conversations c JOIN inboxes i ON i.id = c.inbox_id
WHERE {which} AND c.due_is_rough AND c.status = 'open' AND c.assignee_id IS NULL
ORDER BY c.id LIMIT :most FOR NO KEY UPDATE OF c SKIP LOCKED
"""
THESE = text(ROUGH.format(which="c.id = ANY(:ids)"))
OF_INBOX = text(ROUGH.format(which="c.inbox_id = :inbox_id"))
ALL = text(ROUGH.format(which="true"))
WRITE = text("""
UPDATE conversations AS c SET due_at = counted.due_at, due_is_rough = false
FROM unnest(CAST(:ids AS bigint[]), CAST(:instants AS timestamptz[])) AS counted(id, due_at)
WHERE c.id = counted.id
""")
# The first round begins at once. By the second, every transaction that had read the older rules has ended.
TAKE = text("""
SELECT account_id, inbox_id, round, after_id FROM due_renewals
WHERE round = 0 OR asked_at <= :before ORDER BY asked_at, inbox_id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
RENEW = text("""
WITH next AS (
  SELECT id FROM conversations
  WHERE inbox_id = :inbox_id AND id > :after_id AND status = 'open' AND assignee_id IS NULL
  ORDER BY id LIMIT :most FOR NO KEY UPDATE
)
UPDATE conversations AS c SET due_is_rough = true FROM next WHERE c.id = next.id RETURNING c.id, c.due_is_rough
""")
GO_ON = text("UPDATE due_renewals SET after_id = :after_id WHERE inbox_id = :inbox_id")
NEXT_ROUND = text("UPDATE due_renewals SET round = 1, after_id = 0 WHERE inbox_id = :inbox_id")
END = text("DELETE FROM due_renewals WHERE inbox_id = :inbox_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewedBatch:
    """The number of conversations that a batch renewed in an inbox."""

    account_id: int
    inbox_id: int
    count: int


def count_hours(session: Session, ids: Collection[int]) -> Mapping[int, datetime | None]:
    """Count the business hours of these conversations; return the instants of those that were rough."""
    return _count(session, session.execute(THESE, {"ids": list(ids), "most": len(ids)}).all())


def count_hours_in(session: Session, inbox_id: int, *, most: int) -> int:
    """Count the business hours of an inbox's rough conversations; return their number."""
    return len(_count(session, session.execute(OF_INBOX, {"inbox_id": inbox_id, "most": most}).all()))


def count_all_hours(session: Session, *, most: int) -> int:
    """Count the business hours of rough conversations of all accounts; return their number."""
    return len(_count(session, session.execute(ALL, {"most": most}).all()))


def renew(session: Session, *, most: int, before: datetime) -> RenewedBatch | None:
    """Renew one batch of the first inbox whose rules changed; None without one.

    The second round of an inbox begins if its rules changed before this instant.
    """
    asked = session.execute(TAKE, {"before": before}).one_or_none()
    if asked is None:
        return None
    place = {"inbox_id": asked.inbox_id}
    rows = session.execute(RENEW, {**place, "after_id": asked.after_id, "most": most}).all()
    if rough := [row.id for row in rows if row.due_is_rough]:
        count_hours(session, rough)
    if len(rows) == most:
        session.execute(GO_ON, {**place, "after_id": max(row.id for row in rows)})
    else:
        session.execute(END if asked.round else NEXT_ROUND, place)
    return RenewedBatch(account_id=asked.account_id, inbox_id=asked.inbox_id, count=len(rows))


def _count(session: Session, rows: Sequence[Row[Any]]) -> Mapping[int, datetime | None]:
    hours = {row.inbox_id: business_hours.of(row.business_hours) for row in rows}
    found = {row.id: _counted(row, hours[row.inbox_id]) for row in rows}
    if found:
        session.execute(WRITE, {"ids": bind_array(found), "instants": bind_array(found.values())})
    return found


def _counted(row: Row[Any], hours: BusinessHours | None) -> datetime | None:
    """Return when the target's open minutes have passed; the rough instant has them without hours."""
    at: datetime = row.due_at
    return hours.after_open(row.waiting_since, (at - row.waiting_since) / MINUTE) if hours else at
