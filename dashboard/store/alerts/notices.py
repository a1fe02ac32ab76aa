"""Notices: messages to channels, leased by one process each, with their results."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, select, text, update

from dashboard.store.models import AlertNotice
from dashboard.store.models.alerts import NoticeKind
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeResult:
    """What became of a notice; `ok` is None before its first attempt."""

    id: int
    channel_id: int
    alert_id: int | None
    kind: NoticeKind
    tried_at: datetime | None
    ended_at: datetime | None
    error: str | None
    attempts: int

    @property
    def ok(self) -> bool | None:
        """Return whether the channel accepted it."""
        if self.error is not None:
            return False
        return True if self.ended_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNotice:
    """A notice to send, with its channel's encrypted address and its alert's facts."""

    id: int
    account_id: int
    account: str
    channel_id: int
    channel: str
    kind: NoticeKind
    attempts: int
    sealed: str = field(repr=False)
    sentence: str | None
    opened_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLease:
    """The end of a lease, how many notices are wanted, and how many of one account may be under way."""

    until: datetime
    most: int
    most_of_account: int


OF_OPENED = text("""
INSERT INTO alert_notices (account_id, channel_id, alert_id, kind, created_at, due_at)
SELECT a.account_id, c.id, a.id, 'opened', CAST(:now AS timestamptz), CAST(:now AS timestamptz)
FROM alerts a JOIN alert_rules r ON r.id = a.rule_id
JOIN alert_channels c ON c.account_id = a.account_id AND c.id = ANY (r.channel_ids)
WHERE a.id = ANY (:ids) ORDER BY a.id, c.id""")
# Of the end hear those that were to hear of the opening, whatever became of the rule.
OF_CLOSED = text("""
INSERT INTO alert_notices (account_id, channel_id, alert_id, kind, created_at, due_at)
SELECT account_id, channel_id, alert_id, 'closed', CAST(:now AS timestamptz), CAST(:now AS timestamptz)
FROM alert_notices WHERE alert_id = ANY (:ids) AND kind = 'opened' ORDER BY alert_id, channel_id""")
# One notice of a channel at a time, in order: a channel that does not answer holds one place, and an alert's end
# follows its opening. A retry lets the notices of other alerts pass.
LEASE = text("""
WITH under_way AS (
  SELECT account_id, count(*) AS count FROM alert_notices WHERE ended_at IS NULL AND leased_until > :now
  GROUP BY account_id
), ready AS (
  SELECT n.id, coalesce(u.count, 0) + row_number() OVER (PARTITION BY n.account_id ORDER BY n.id) AS place
  FROM alert_notices n LEFT JOIN under_way u ON u.account_id = n.account_id
  WHERE n.ended_at IS NULL AND n.due_at <= :now AND (n.leased_until IS NULL OR n.leased_until <= :now)
    AND NOT EXISTS (
      SELECT FROM alert_notices other
      WHERE other.channel_id = n.channel_id AND other.ended_at IS NULL AND other.id <> n.id AND (
        other.leased_until > :now OR other.id < n.id AND (other.due_at <= :now OR other.alert_id = n.alert_id)
      ))
), taken AS (
  SELECT n.id FROM alert_notices n JOIN ready ON ready.id = n.id
  WHERE ready.place <= :most_of_account AND n.ended_at IS NULL AND (n.leased_until IS NULL OR n.leased_until <= :now)
  ORDER BY ready.place, n.id LIMIT :most FOR UPDATE OF n SKIP LOCKED
)
UPDATE alert_notices n SET leased_until = :until, attempts = n.attempts + 1
FROM taken, accounts account, alert_channels c
WHERE n.id = taken.id AND account.id = n.account_id AND c.id = n.channel_id
RETURNING n.id, n.account_id, account.name AS account, n.channel_id, c.name AS channel, n.kind, n.attempts, c.sealed,
  (SELECT sentence FROM alerts WHERE id = n.alert_id), (SELECT opened_at FROM alerts WHERE id = n.alert_id),
  (SELECT closed_at FROM alerts WHERE id = n.alert_id)""")
LAST = text("""
SELECT DISTINCT ON (channel_id) id, channel_id, alert_id, kind, tried_at, ended_at, error, attempts
FROM alert_notices WHERE account_id = :account_id ORDER BY channel_id, id DESC""")
COLUMNS = [getattr(AlertNotice, name) for name in NoticeResult.__slots__]


def add_opened(session: Session, alert_ids: Collection[int], *, now: datetime) -> None:
    """Add notices of these new alerts for their rules' channels."""
    if alert_ids:
        session.execute(OF_OPENED, {"ids": list(alert_ids), "now": now})


def add_closed(session: Session, alert_ids: Collection[int], *, now: datetime) -> None:
    """Add notices of the end of these alerts."""
    if alert_ids:
        session.execute(OF_CLOSED, {"ids": list(alert_ids), "now": now})


def add_test(session: Session, account_id: int, channel_id: int, *, now: datetime) -> NoticeResult:
    """Add a test of a channel, and return it."""
    values = {"account_id": account_id, "channel_id": channel_id, "kind": NoticeKind.TEST, "created_at": now}
    row = session.execute(insert(AlertNotice).values(**values, due_at=now).returning(*COLUMNS)).one()
    return NoticeResult(**row._mapping)


def is_due(session: Session, *, now: datetime) -> bool:
    """Return whether a notice is due that no process sends."""
    free = AlertNotice.leased_until.is_(None) | (AlertNotice.leased_until <= now)
    return bool(session.scalar(select(exists().where(AlertNotice.ended_at.is_(None), AlertNotice.due_at <= now, free))))


def lease(session: Session, terms: NoticeLease, *, now: datetime) -> Sequence[DueNotice]:
    """Lease due notices that no other process sends."""
    asked = {"until": terms.until, "most": terms.most, "most_of_account": terms.most_of_account, "now": now}
    return [DueNotice(**{**row._mapping, "kind": NoticeKind(row.kind)}) for row in session.execute(LEASE, asked)]


def write_result(
    session: Session, notice: DueNotice, *, error: str | None, again_at: datetime | None, now: datetime
) -> None:
    """Write the result of an attempt: ended, or due again."""
    values: dict[str, Any] = {"error": error, "leased_until": None, "tried_at": now}
    values |= {"due_at": again_at} if again_at else {"ended_at": now}
    mine = (AlertNotice.id == notice.id, AlertNotice.attempts == notice.attempts, AlertNotice.ended_at.is_(None))
    session.execute(update(AlertNotice).where(*mine).values(**values))


def last(session: Session, account_id: int) -> Mapping[int, NoticeResult]:
    """Return the newest notice of each channel."""
    rows = session.execute(LAST, {"account_id": account_id})
    return {row.channel_id: NoticeResult(**{**row._mapping, "kind": NoticeKind(row.kind)}) for row in rows}


def of_alerts(session: Session, account_id: int, alert_ids: Collection[int]) -> Mapping[int, Sequence[NoticeResult]]:
    """Return the notices of these alerts, in order."""
    found: dict[int, list[NoticeResult]] = {one: [] for one in alert_ids}
    which = (AlertNotice.account_id == account_id, AlertNotice.alert_id.in_(alert_ids))
    for row in session.execute(select(*COLUMNS).where(*which).order_by(AlertNotice.id)):
        found[row.alert_id].append(NoticeResult(**row._mapping))
    return found
