"""Figures for operations, over all accounts: a fixed number of queries that read no history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, func, select, text

from dashboard.engine.model import Status
from dashboard.store.assignment.waiting import WAITING
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import Counted
from dashboard.store.models import (
    Account,
    Alert,
    AlertNotice,
    ConnectedConversation,
    Connection,
    Conversation,
    WebhookDelivery,
)
from dashboard.store.models.connections import ConnectionState
from dashboard.store.models.webhooks import PENDING
from dashboard.store.postgres.database import Engine, Session

# Seconds; every client that can call /ready can call it often.
TRIES_EVERY = 1.0
# After the disk is full, an update within a page still succeeds for a while. This write needs 192 kB outside the
# tables, which leave nothing behind, and a log record, which its commit waits for.
WRITE = text("""
WITH beside AS MATERIALIZED (SELECT repeat('x', 1000) AS word FROM generate_series(1, 200))
SELECT current_setting('transaction_read_only'), sum(length(word)), pg_logical_emit_message(true, 'evenhand', '')
FROM beside
""")
# Of the connections that read; a paused or broken one says so by its state.
OLDEST_READING = (
    select(func.min(ConnectedConversation.asked_at))
    .join(Connection, Connection.id == ConnectedConversation.connection_id)
    .where(
        ConnectedConversation.status == Status.OPEN,
        Connection.state.in_([ConnectionState.READY, ConnectionState.DEGRADED]),
    )
)
_written_at: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Waiting and stranded conversations, the longest wait, pending deliveries, open alerts and their pending
    notices, connections by state, the oldest reading of an open conversation in a helpdesk, and the counters' totals.
    """

    waiting: int
    oldest_wait_since: datetime | None
    stranded: int
    stranded_checked_at: datetime | None
    deliveries_pending: int
    alerts_open: int
    notices_pending: int
    connections: Mapping[str, int]
    oldest_reading_at: datetime | None
    done: Sequence[Counted]


def takes_writes(session: Session) -> bool:
    """Return True if Postgres answers and can write; writes are tested at most once a second. Raises DatabaseFailed."""
    session.execute(text("SELECT 1"))
    database, now = session.get_bind().engine, monotonic()
    if now - _written_at.get(database, -TRIES_EVERY) < TRIES_EVERY:
        return True
    session.execute(text("SET LOCAL work_mem = '64kB'"))
    is_read_only = session.scalar(WRITE) == "on"
    session.commit()
    if not is_read_only:
        _written_at[database] = now
    return not is_read_only


def read(session: Session) -> Figures:
    """Return the current figures."""
    queue = session.execute(
        select(func.count().label("waiting"), func.min(Conversation.waiting_since).label("since")).where(WAITING)
    ).one()
    stranded = session.execute(
        select(func.sum(Account.stranded_count).label("found"), func.min(Account.stranded_checked_at).label("since"))
    ).one()
    return Figures(
        waiting=queue.waiting,
        oldest_wait_since=queue.since,
        stranded=int(stranded.found or 0),
        stranded_checked_at=stranded.since,
        deliveries_pending=session.scalar(select(func.count()).select_from(WebhookDelivery).where(PENDING)) or 0,
        alerts_open=_count(session, Alert.closed_at.is_(None)),
        notices_pending=_count(session, AlertNotice.ended_at.is_(None)),
        connections=_connections(session),
        oldest_reading_at=session.scalar(OLDEST_READING),
        done=metric_counters.read(session),
    )


def _connections(session: Session) -> Mapping[str, int]:
    rows = session.execute(select(Connection.state, func.count().label("number")).group_by(Connection.state))
    return {row.state.value: row.number for row in rows}


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(which)) or 0
