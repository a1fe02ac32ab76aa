"""Fans out the outbox: each event becomes a delivery for every webhook that subscribes to it."""

from datetime import datetime

from sqlalchemy import func, select, text

from dashboard.store.postgres.database import Session

# Two concurrent fan-outs could commit a conversation's later event before its earlier one; a fan-out during the write
# of a failure could add a delivery without its delay.
FAN_OUT_LOCK = 0x0B0C << 48
FAN_OUT = text("""
WITH taken AS (
  SELECT id, account_id, event, conversation_id FROM outbox_events
  WHERE dispatched_at IS NULL ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
), told AS (
  INSERT INTO webhook_deliveries
    (id, account_id, webhook_id, event_id, conversation_id, next_attempt_at, give_up_at, created_at)
  SELECT gen_random_uuid(), t.account_id, w.id, t.id, t.conversation_id, greatest(:now, (
    SELECT before.next_attempt_at FROM webhook_deliveries before
    WHERE before.webhook_id = w.id AND before.conversation_id = t.conversation_id AND before.status = 'pending'
    ORDER BY before.event_id DESC LIMIT 1
  )), :give_up_at, :now
  FROM taken t JOIN webhooks w ON w.account_id = t.account_id AND w.enabled AND t.event = ANY (w.subscriptions)
  ON CONFLICT (webhook_id, event_id) DO NOTHING
)
UPDATE outbox_events SET dispatched_at = :now FROM taken WHERE outbox_events.id = taken.id
""")


def fan_out(session: Session, *, now: datetime, give_up_at: datetime, most: int) -> int:
    """Create deliveries of the oldest new events, and return the number of events.

    Events without a subscriber are marked in the same statement. Commit soon, because other fan-outs wait.
    """
    lock_fan_out(session)
    done = session.execute(FAN_OUT, {"now": now, "give_up_at": give_up_at, "most": most})
    return int(done.rowcount)  # type: ignore[attr-defined]


def lock_fan_out(session: Session) -> None:
    """Block other fan-outs until this transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(FAN_OUT_LOCK)))
