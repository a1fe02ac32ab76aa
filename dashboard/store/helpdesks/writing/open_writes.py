"""Writes that no reading has confirmed yet: the mirror keeps our choice until the helpdesk contradicts it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update

from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import WRITE_BUCKETS, Counted, CounterKind
from dashboard.store.models import HelpdeskWrite
from dashboard.store.models.counters import Measure
from dashboard.store.models.helpdesk_writes import WriteKind, WriteState
from dashboard.store.postgres import locks
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWrite:
    """A write that has not been confirmed."""

    id: int
    account_id: int
    connection_id: int
    conversation_id: int
    inbox_id: int
    kind: WriteKind
    agent_id: int | None
    run_id: int | None
    expected_assignee: str | None
    expected_team: str | None
    state: WriteState
    attempts: int
    at: datetime
    sent_at: datetime | None
    written_at: datetime | None


COLUMNS = [getattr(HelpdeskWrite, name) for name in OpenWrite.__slots__]
OPEN = select(*COLUMNS).where(
    HelpdeskWrite.confirmed_at.is_(None), HelpdeskWrite.state.in_([WriteState.WRITING, WriteState.WRITTEN])
)
# One write per conversation at a time, in the order in which they were asked for.
LEASE = text("""
UPDATE helpdesk_writes SET leased_until = :until, attempts = attempts + 1, sent_at = coalesce(sent_at, :now)
WHERE id IN (
  SELECT w.id FROM helpdesk_writes w
  WHERE w.connection_id = :connection_id AND w.state = 'writing' AND w.due_at <= :now
    AND (w.leased_until IS NULL OR w.leased_until <= :now)
    AND NOT EXISTS (
      SELECT FROM helpdesk_writes e
      WHERE e.conversation_id = w.conversation_id AND e.state = 'writing' AND e.id < w.id
    )
  ORDER BY w.id LIMIT greatest(:most - (
    SELECT count(*) FROM helpdesk_writes l
    WHERE l.connection_id = :connection_id AND l.state = 'writing' AND l.leased_until > :now
  ), 0)
)
RETURNING id
""")


def newest_of(session: Session, conversation_ids: Collection[int]) -> Mapping[int, OpenWrite]:
    """Return the newest unconfirmed write of each of these conversations."""
    wanted = OPEN.where(HelpdeskWrite.conversation_id == func.any(sorted(conversation_ids)))
    rows = session.execute(wanted.order_by(HelpdeskWrite.id))
    return {row.conversation_id: OpenWrite(**row._mapping) for row in rows}


def lease(session: Session, connection_id: int, *, most: int, now: datetime, until: datetime) -> Sequence[OpenWrite]:
    """Return due writes that this process alone may carry out until then; at most `most` of the connection at once."""
    locks.hold_writes(session, connection_id)
    values = {"connection_id": connection_id, "most": most, "now": now, "until": until}
    ids = session.scalars(LEASE, values).all()
    rows = session.execute(select(*COLUMNS).where(HelpdeskWrite.id == func.any(list(ids))).order_by(HelpdeskWrite.id))
    return [OpenWrite(**row._mapping) for row in rows]


def end_leases(session: Session, connection_id: int) -> None:
    """End all leases of a connection; nobody may be carrying out its writes."""
    leased = (HelpdeskWrite.connection_id == connection_id, HelpdeskWrite.state == WriteState.WRITING)
    session.execute(
        update(HelpdeskWrite).where(*leased, HelpdeskWrite.leased_until.is_not(None)).values(leased_until=None)
    )


def put_off(session: Session, write_id: int, *, due_at: datetime, reason: str) -> None:
    """Try a write again at this instant."""
    _change(session, write_id, state=WriteState.WRITING, due_at=due_at, leased_until=None, reason=reason)


def end(session: Session, write_id: int, state: WriteState, *, reason: str | None = None) -> bool:
    """End a write that is not written; False if it has ended already."""
    return _counted(session, state, _change(session, write_id, state=state, reason=reason, leased_until=None))


def written(session: Session, write_id: int, *, now: datetime) -> bool:
    """Note that the helpdesk's answer named our agent."""
    changed = _change(session, write_id, state=WriteState.WRITTEN, written_at=now, reason=None, leased_until=None)
    return changed is not None


def confirm(session: Session, write_id: int, *, now: datetime, note_due: bool) -> bool:
    """Confirm a write that a reading shows."""
    times = {"written_at": func.coalesce(HelpdeskWrite.written_at, now), "confirmed_at": now}
    changed = _change(
        session, write_id, state=WriteState.WRITTEN, reason=None, leased_until=None, note_due=note_due, **times
    )
    return _counted(session, WriteState.WRITTEN, changed)


def replace(session: Session, write_id: int, *, now: datetime) -> None:
    """Note that somebody there chose otherwise after our write."""
    changed = _change(session, write_id, state=WriteState.WRITTEN, confirmed_at=now, replaced_at=now)
    _counted(session, WriteState.WRITTEN, changed)


def unconfirmed(session: Session, connection_id: int, *, before: datetime) -> Sequence[int]:
    """Return the conversations of writes without an echo since then."""
    old = select(HelpdeskWrite.conversation_id).where(
        HelpdeskWrite.connection_id == connection_id,
        HelpdeskWrite.state == WriteState.WRITTEN,
        HelpdeskWrite.confirmed_at.is_(None),
        HelpdeskWrite.written_at < before,
    )
    return session.scalars(old.order_by(HelpdeskWrite.id)).all()


def _counted(session: Session, outcome: WriteState, ended: Row[datetime, datetime | None] | None) -> bool:
    """Count the end of a write, which has only one, and the seconds until it was written."""
    if ended is None:
        return False
    seconds, bucket = 0.0, None
    if ended.written_at is not None:
        seconds = max((ended.written_at - ended.at).total_seconds(), 0.0)
        bucket = metric_counters.bucket_of(seconds, WRITE_BUCKETS)
    kind = CounterKind(measure=Measure.HELPDESK_WRITES, word=outcome.value, bucket=bucket)
    metric_counters.add(session, [Counted(kind=kind, count=1, seconds=seconds)])
    return True


def _change(session: Session, write_id: int, **values: Any) -> Row[datetime, datetime | None] | None:
    """Change a write that is not confirmed and has not ended otherwise."""
    which = (
        HelpdeskWrite.id == write_id,
        HelpdeskWrite.confirmed_at.is_(None),
        HelpdeskWrite.state.in_([WriteState.WRITING, WriteState.WRITTEN]),
    )
    changed = update(HelpdeskWrite).where(*which).values(**values)
    return session.execute(changed.returning(HelpdeskWrite.at, HelpdeskWrite.written_at)).one_or_none()
