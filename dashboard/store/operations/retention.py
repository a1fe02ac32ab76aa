"""Removing what has been kept long enough, some at a time: short transactions that wait for nobody."""

from datetime import datetime

from sqlalchemy import text

from dashboard.store.postgres.database import Session

RUNS = text("""
DELETE FROM runs WHERE id IN (
  SELECT id FROM runs WHERE started_at < :before ORDER BY started_at LIMIT :most FOR UPDATE SKIP LOCKED
)""")
DONE_WITH = """
event.dispatched_at IS NOT NULL AND NOT EXISTS (
  SELECT FROM webhook_deliveries d
  WHERE d.event_id = event.id AND (d.status = 'pending' OR coalesce(d.delivered_at, d.give_up_at) >= :before)
)"""
EVENTS = text(f"""
SELECT id FROM outbox_events event WHERE at < :before AND {DONE_WITH}
ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED""")
# Asked for again at this very moment, a delivery is pending when its row is free: then it stays, and its event.
DELIVERIES_OF = text("""
DELETE FROM webhook_deliveries d
WHERE event_id = ANY (:ids) AND status <> 'pending' AND coalesce(d.delivered_at, d.give_up_at) < :before""")
THESE = text(f"DELETE FROM outbox_events event WHERE id = ANY (:ids) AND {DONE_WITH}")


def remove_runs(session: Session, *, before: datetime, most: int) -> int:
    """Remove the oldest runs that began before this instant, with their batches; return how many."""
    return _rows(session.execute(RUNS, {"before": before, "most": most}))


def remove_events(session: Session, *, before: datetime, most: int) -> int:
    """Remove the oldest events whose deliveries had ended before this instant, by an answer or by being given up.

    What is pending stays, however old. Returns how many events were removed.
    """
    ids = list(session.scalars(EVENTS, {"before": before, "most": most}))
    session.execute(DELIVERIES_OF, {"ids": ids, "before": before})
    return _rows(session.execute(THESE, {"ids": ids, "before": before}))


def _rows(done: object) -> int:
    return int(done.rowcount)  # type: ignore[attr-defined]
