"""Deletes old runs and events in batches: short transactions that wait for no lock."""

from datetime import datetime

from sqlalchemy import text

from dashboard.store.postgres.database import Session

RUNS = text("""
DELETE FROM runs WHERE id IN (
  SELECT id FROM runs WHERE started_at < :before ORDER BY started_at LIMIT :most FOR UPDATE SKIP LOCKED
)""")
ALERTS = text("""
DELETE FROM alerts WHERE id IN (
  SELECT id FROM alerts WHERE closed_at < :before ORDER BY closed_at LIMIT :most FOR UPDATE SKIP LOCKED
)""")
TESTS = text("""
DELETE FROM alert_notices WHERE id IN (
  SELECT id FROM alert_notices WHERE alert_id IS NULL AND ended_at < :before ORDER BY id LIMIT :most
  FOR UPDATE SKIP LOCKED
)""")
DONE_WITH = """
event.dispatched_at IS NOT NULL AND NOT EXISTS (
  SELECT FROM webhook_deliveries d
  WHERE d.event_id = event.id AND (d.status = 'pending' OR coalesce(d.delivered_at, d.give_up_at) >= :before)
)"""
EVENTS = text(f"""
SELECT id FROM outbox_events event WHERE at < :before AND {DONE_WITH}
ORDER BY at LIMIT :most FOR UPDATE SKIP LOCKED""")
# A delivery may be requested again at this moment: then it is pending once its row is free, and stays with its event.
DELIVERIES_OF = text("""
DELETE FROM webhook_deliveries d
WHERE event_id = ANY (:ids) AND status <> 'pending' AND coalesce(d.delivered_at, d.give_up_at) < :before""")
THESE = text(f"DELETE FROM outbox_events event WHERE id = ANY (:ids) AND {DONE_WITH}")


def remove_runs(session: Session, *, before: datetime, most: int) -> int:
    """Delete the oldest runs that began before this instant, with their batches; return their number."""
    return _rows(session.execute(RUNS, {"before": before, "most": most}))


def remove_events(session: Session, *, before: datetime, most: int) -> int:
    """Delete the oldest events with all deliveries accepted or given up before this instant.

    Events with a pending delivery stay, however old. Returns the number of deleted events.
    """
    ids = list(session.scalars(EVENTS, {"before": before, "most": most}))
    session.execute(DELIVERIES_OF, {"ids": ids, "before": before})
    return _rows(session.execute(THESE, {"ids": ids, "before": before}))


def remove_alerts(session: Session, *, before: datetime, most: int) -> int:
    """Delete the alerts that closed before this instant, with their notices, and tests that ended before it."""
    asked = {"before": before, "most": most}
    return _rows(session.execute(ALERTS, asked)) + _rows(session.execute(TESTS, asked))


def _rows(done: object) -> int:
    return int(done.rowcount)  # type: ignore[attr-defined]
