"""Deletes old events, writes, conflicts and shadow decisions in batches, and waits for no lock."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from dashboard.store.models import ConnectionConflict, ConnectionEvent, HelpdeskWrite, ShadowDecision
from dashboard.store.models.helpdesk_writes import WriteState
from dashboard.store.postgres.database import Session


def remove_events(session: Session, *, before: datetime, most: int) -> int:
    """Delete the oldest events from before this instant, and return their number."""
    return _remove(session, ConnectionEvent, before, most)


def remove_writes(session: Session, *, before: datetime, most: int) -> int:
    """Delete the oldest writes that have ended; open ones stay, however old."""
    return _remove(session, HelpdeskWrite, before, most, HelpdeskWrite.state != WriteState.WRITING)


def remove_conflicts(session: Session, *, before: datetime, most: int) -> int:
    """Delete the oldest conflicts."""
    return _remove(session, ConnectionConflict, before, most)


def remove_shadow_decisions(session: Session, *, before: datetime, most: int) -> int:
    """Delete the oldest decisions in shadow."""
    return _remove(session, ShadowDecision, before, most)


def _remove(session: Session, model: Any, before: datetime, most: int, *which: Any) -> int:
    old = select(model.id).where(model.at < before, *which).order_by(model.at).limit(most)
    gone = delete(model).where(model.id.in_(old.with_for_update(skip_locked=True)))
    return len(session.scalars(gone.returning(model.id)).all())
