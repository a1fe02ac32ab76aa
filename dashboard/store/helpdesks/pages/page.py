"""The figures of a connection for its page and the API: lag, counts, and lists of actions there (C21, C22)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text

from dashboard.engine.model import Status
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.helpdesks import events
from dashboard.store.models import (
    ConnectedAgent,
    ConnectedConversation,
    ConnectedInbox,
    ConnectionConflict,
    Conversation,
    HelpdeskWrite,
)
from dashboard.store.models.connections import ConnectionEventKind, ConnectionMode
from dashboard.store.models.helpdesk_writes import WriteState
from dashboard.store.postgres.database import Session

LAG_OVER = timedelta(hours=24)
REPAIRS_OVER = timedelta(hours=1)
# From the beginning of the wait to the decision, from there to the write, and from there to its confirmation.
LAG = text("""
SELECT
  percentile_cont(:shares) WITHIN GROUP (ORDER BY extract(epoch FROM w.at - a.waiting_since)) AS decided,
  percentile_cont(:shares) WITHIN GROUP (ORDER BY extract(epoch FROM w.written_at - w.at)) AS written,
  percentile_cont(:shares) WITHIN GROUP (ORDER BY extract(epoch FROM w.confirmed_at - w.written_at)) AS confirmed
FROM helpdesk_writes AS w
LEFT JOIN assignments AS a
  ON a.conversation_id = w.conversation_id AND a.run_id = w.run_id AND a.agent_id = w.agent_id
WHERE w.connection_id = :connection_id AND w.kind = 'claim' AND w.at >= :since
""")
SHARES = [0.5, 0.95]


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """The median and the 95th percentile, in seconds."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How long decisions, writes and confirmations took in the last 24 hours; None without any."""

    decided: Percentiles | None
    written: Percentiles | None
    confirmed: Percentiles | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFigures:
    """The figures of a connection. `oldest_reading_at` is the oldest reading of an open conversation there."""

    lag: Lag
    repairs: int
    oldest_reading_at: datetime | None
    waiting_there: int
    waiting_here: int
    lost_races: int
    conflicts: int
    not_written: int
    unmatched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteView:
    """An assignment written in the helpdesk, or why not."""

    conversation_id: int
    agent_id: int | None
    state: WriteState
    reason: str | None
    at: datetime


def report(session: Session, connection_id: int, *, now: datetime) -> ConnectionFigures:
    """Return the figures of a connection."""
    since = now - LAG_OVER
    states = _states(session, connection_id, since)
    return ConnectionFigures(
        lag=lag(session, connection_id, since=since),
        repairs=events.count(session, connection_id, ConnectionEventKind.REPAIR, since=now - REPAIRS_OVER),
        oldest_reading_at=oldest_reading(session, connection_id),
        waiting_there=_waiting_there(session, connection_id),
        waiting_here=_waiting_here(session, connection_id),
        lost_races=states.get(WriteState.LOST_RACE, 0),
        conflicts=_count(session, ConnectionConflict, connection_id, ConnectionConflict.at >= since),
        not_written=states.get(WriteState.REFUSED, 0) + states.get(WriteState.FAILED, 0),
        unmatched=_unmatched(session, connection_id),
    )


def lag(session: Session, connection_id: int, *, since: datetime) -> Lag:
    """Return how long it took from the beginning of a wait to the confirmed write."""
    values = {"connection_id": connection_id, "since": since, "shares": SHARES}
    row = session.execute(LAG, values).one()
    return Lag(decided=_of(row.decided), written=_of(row.written), confirmed=_of(row.confirmed))


def oldest_reading(session: Session, connection_id: int) -> datetime | None:
    """Return when the oldest reading of an open conversation began, None without any."""
    return session.scalar(
        select(func.min(ConnectedConversation.asked_at)).where(
            ConnectedConversation.connection_id == connection_id, ConnectedConversation.status == Status.OPEN
        )
    )


def writes(session: Session, connection_id: int, wanted: Page) -> Listed[WriteView]:
    """Return a page of the writes, newest first."""
    columns = [getattr(HelpdeskWrite, name) for name in WriteView.__slots__]
    newest = select(*columns).where(HelpdeskWrite.connection_id == connection_id).order_by(HelpdeskWrite.id.desc())
    rows = session.execute(newest.limit(wanted.per_page).offset(wanted.offset))
    count = _count(session, HelpdeskWrite, connection_id)
    return listed((WriteView(**row._mapping) for row in rows), count, wanted)


def _count(session: Session, model: Any, connection_id: int, *which: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(model).where(model.connection_id == connection_id, *which)
    return session.scalar(counted) or 0


def _states(session: Session, connection_id: int, since: datetime) -> Mapping[WriteState, int]:
    which = (HelpdeskWrite.connection_id == connection_id, HelpdeskWrite.at >= since)
    rows = session.execute(
        select(HelpdeskWrite.state, func.count().label("number")).where(*which).group_by(HelpdeskWrite.state)
    )
    return {row.state: row.number for row in rows}


def _waiting_there(session: Session, connection_id: int) -> int:
    which = (ConnectedInbox.connection_id == connection_id, ConnectedInbox.mode != ConnectionMode.OFF)
    return session.scalar(select(func.coalesce(func.sum(ConnectedInbox.waiting), 0)).where(*which)) or 0


def _waiting_here(session: Session, connection_id: int) -> int:
    link = ConnectedConversation.conversation_id == Conversation.id
    waits = (Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None))
    counted = select(func.count()).select_from(Conversation).join(ConnectedConversation, link)
    return session.scalar(counted.where(ConnectedConversation.connection_id == connection_id, *waits)) or 0


def _unmatched(session: Session, connection_id: int) -> int:
    nobody = and_(ConnectedAgent.active, ConnectedAgent.agent_id.is_(None), ~ConnectedAgent.ignored)
    return _count(session, ConnectedAgent, connection_id, nobody)


def _of(found: list[float] | None) -> Percentiles | None:
    if not found or found[0] is None:
        return None
    p50, p95 = (round(max(float(one), 0.0), 3) for one in found)
    return Percentiles(p50=p50, p95=p95)
