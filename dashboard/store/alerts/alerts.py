"""Alerts: opened once for each rule and inbox, closed once, listed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.ledger.ledger import Event
from dashboard.store.models import Alert, Inbox
from dashboard.store.postgres.bulk import bind_json, json_row
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """A condition that holds."""

    rule_id: int
    inbox_id: int | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert, open while `closed_at` is null."""

    id: int
    rule_id: int | None
    kind: str
    inbox_id: int | None
    inbox: str | None
    sentence: str
    opened_at: datetime
    closed_at: datetime | None


ZULU = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""
GIVEN = "json_to_recordset(CAST(:rows AS json)) AS given(rule_id bigint, inbox_id bigint, sentence text)"
# In a common order, so that two checks at once cannot wait for each other.
HOLD = text("SELECT id FROM alerts WHERE account_id = :account_id AND closed_at IS NULL ORDER BY id FOR UPDATE")
# The unique index of open alerts decides between two checks at once.
OPEN = text(f"""
INSERT INTO alerts (account_id, rule_id, kind, inbox_id, sentence, opened_at)
SELECT rule.account_id, rule.id, rule.kind, given.inbox_id, given.sentence, :now
FROM {GIVEN} JOIN alert_rules rule ON rule.id = given.rule_id AND rule.account_id = :account_id AND rule.enabled
WHERE given.inbox_id IS NULL OR EXISTS (
  SELECT FROM inboxes i WHERE i.account_id = :account_id AND i.id = given.inbox_id
)
ORDER BY given.rule_id, given.inbox_id
ON CONFLICT DO NOTHING RETURNING id""")
STILL_THERE = text(f"""
UPDATE alerts SET well_since = NULL FROM {GIVEN}
WHERE alerts.account_id = :account_id AND alerts.closed_at IS NULL AND alerts.well_since IS NOT NULL
  AND alerts.rule_id = given.rule_id AND alerts.inbox_id IS NOT DISTINCT FROM given.inbox_id""")
WELL = text(f"""
UPDATE alerts SET well_since = :now
WHERE account_id = :account_id AND closed_at IS NULL AND well_since IS NULL AND rule_id = ANY (:known)
  AND NOT EXISTS (
    SELECT FROM {GIVEN} WHERE given.rule_id = alerts.rule_id AND given.inbox_id IS NOT DISTINCT FROM alerts.inbox_id
  )""")
CLOSE = text("""
UPDATE alerts SET closed_at = :now
WHERE account_id = :account_id AND closed_at IS NULL AND (
  rule_id = ANY (:known) AND well_since <= :well_before
  OR rule_id IS NULL OR NOT EXISTS (SELECT FROM alert_rules rule WHERE rule.id = alerts.rule_id AND rule.enabled)
) RETURNING id""")
# A notice of the opening has its result by the end of the alert.
EVENTS = text(f"""
INSERT INTO outbox_events (id, account_id, event, at, body)
SELECT id, account_id, CAST(:event AS text), CAST(:now AS timestamptz), json_build_object(
  'event', CAST(:event AS text), 'id', id, 'account_id', account_id,
  'at', to_char(CAST(:now AS timestamptz) AT TIME ZONE 'UTC', {ZULU}),
  'alert', json_build_object(
    'id', alert_id, 'kind', kind, 'inbox_id', inbox_id, 'sentence', sentence,
    'opened_at', to_char(opened_at AT TIME ZONE 'UTC', {ZULU}),
    'closed_at', to_char(closed_at AT TIME ZONE 'UTC', {ZULU}),
    'told', (SELECT coalesce(json_agg(json_build_object(
      'channel_id', n.channel_id, 'kind', n.kind,
      'ok', CASE WHEN n.error IS NOT NULL THEN false WHEN n.ended_at IS NOT NULL THEN true END, 'error', n.error
    ) ORDER BY n.id), '[]') FROM alert_notices n WHERE n.alert_id = numbered.alert_id)
  ))
FROM (
  SELECT nextval((SELECT CAST(pg_get_serial_sequence('outbox_events', 'id') AS regclass))) AS id, a.account_id,
    a.id AS alert_id, a.kind, a.inbox_id, a.sentence, a.opened_at, a.closed_at
  FROM (SELECT * FROM alerts WHERE id = ANY (:ids) ORDER BY id) a
) numbered""")
COLUMNS = [Inbox.name.label("inbox"), *(getattr(Alert, name) for name in AlertRow.__slots__ if name != "inbox")]


def hold(session: Session, account_id: int) -> None:
    """Lock the account's open alerts until the transaction ends."""
    session.execute(HOLD, {"account_id": account_id})


def open_new(session: Session, account_id: int, found: Collection[NewAlert], *, now: datetime) -> Sequence[int]:
    """Open alerts for these conditions, except where one is open, and return the ids of the new ones."""
    if not found:
        return ()
    return session.scalars(OPEN, {**_given(account_id, found), "now": now}).all()


def close_well(
    session: Session,
    account_id: int,
    found: Collection[NewAlert],
    *,
    known: Collection[int],
    well_before: datetime,
    now: datetime,
) -> Sequence[int]:
    """Note which open alerts are well, and close those that have been since `well_before` or have no enabled rule.

    `known` are the rules with a known condition; alerts of other rules stay as they are. Returns the closed ids.
    """
    asked = {**_given(account_id, found), "known": list(known), "now": now}
    session.execute(STILL_THERE, asked)
    session.execute(WELL, asked)
    closing = {"account_id": account_id, "known": list(known), "well_before": well_before, "now": now}
    return session.scalars(CLOSE, closing).all()


def write_events(session: Session, event: Event, alert_ids: Collection[int], *, now: datetime) -> None:
    """Write an event for webhooks of each of these alerts."""
    if alert_ids:
        session.execute(EVENTS, {"event": event.value, "ids": list(alert_ids), "now": now})


def page(session: Session, account_id: int, wanted: Page) -> Listed[AlertRow]:
    """Return a page of the alerts, the open ones first, then the newest."""
    count = session.scalar(select(func.count()).select_from(Alert).where(Alert.account_id == account_id)) or 0
    order = (Alert.closed_at.is_not(None), Alert.id.desc())
    rows = _wanted(account_id).order_by(*order).limit(wanted.per_page).offset(wanted.offset)
    return listed([AlertRow(**row._mapping) for row in session.execute(rows)], count, wanted)


def open_ones(session: Session, account_id: int) -> Sequence[AlertRow]:
    """Return the open alerts, oldest first."""
    rows = session.execute(_wanted(account_id).where(Alert.closed_at.is_(None)).order_by(Alert.id))
    return [AlertRow(**row._mapping) for row in rows]


def _wanted(account_id: int) -> Any:
    joined = (Inbox.account_id == Alert.account_id) & (Inbox.id == Alert.inbox_id)
    return select(*COLUMNS).outerjoin(Inbox, joined).where(Alert.account_id == account_id)


def _given(account_id: int, found: Collection[NewAlert]) -> dict[str, Any]:
    return {"account_id": account_id, **bind_json(map(json_row, found))}
