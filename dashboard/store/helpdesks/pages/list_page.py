"""Connections for their list, and those for the board that need somebody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from dashboard.engine.model import ConnectionMode
from dashboard.store.models import ConnectedAgent, ConnectedConversation, ConnectedInbox, Connection
from dashboard.store.models.connections import ConnectionState
from dashboard.store.postgres.database import Session

UNWELL = (ConnectionState.BROKEN, ConnectionState.DEGRADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCounts:
    """The numbers of a connection's inboxes by mode, and of people there without a match."""

    live: int = 0
    shadow: int = 0
    off: int = 0
    unmatched: int = 0

    @property
    def chosen(self) -> int:
        """Return the number of mirrored inboxes."""
        return self.live + self.shadow

    @property
    def known(self) -> int:
        """Return the number of inboxes that were read there."""
        return self.chosen + self.off


@dataclass(frozen=True, slots=True, kw_only=True)
class UnwellConnection:
    """A connection that somebody must look at."""

    id: int
    name: str
    state: ConnectionState
    sentence: str
    state_since: datetime


def counts(session: Session, connection_ids: Collection[int]) -> Mapping[int, ConnectionCounts]:
    """Return the counts of these connections, in two queries."""
    ids = sorted(connection_ids)
    inboxes = session.execute(
        select(ConnectedInbox.connection_id, ConnectedInbox.mode, func.count())
        .where(ConnectedInbox.connection_id == func.any(ids), ConnectedInbox.gone_at.is_(None))
        .group_by(ConnectedInbox.connection_id, ConnectedInbox.mode)
    )
    found: dict[int, dict[str, int]] = {one: {} for one in ids}
    for connection_id, mode, count in inboxes:
        found[connection_id][ConnectionMode(mode).value] = count
    nobody = (ConnectedAgent.active, ConnectedAgent.agent_id.is_(None), ~ConnectedAgent.ignored)
    people = session.execute(
        select(ConnectedAgent.connection_id, func.count())
        .where(ConnectedAgent.connection_id == func.any(ids), *nobody)
        .group_by(ConnectedAgent.connection_id)
    )
    for connection_id, count in people:
        found[connection_id]["unmatched"] = count
    return {one: ConnectionCounts(**numbers) for one, numbers in found.items()}


def unwell(session: Session, account_id: int) -> Sequence[UnwellConnection]:
    """Return the connections that are broken or degraded, the worst and longest first."""
    names = UnwellConnection.__slots__
    wanted = select(*(getattr(Connection, name) for name in names))
    which = (Connection.account_id == account_id, Connection.state == func.any([state.value for state in UNWELL]))
    order = (Connection.state != ConnectionState.BROKEN, Connection.state_since, Connection.id)
    rows = session.execute(wanted.where(*which).order_by(*order))
    return [UnwellConnection(**row._mapping) for row in rows]


def mirrored(session: Session, connection_id: int) -> int:
    """Return the number of conversations here that came from a connection."""
    of_it = ConnectedConversation.connection_id == connection_id
    return session.scalar(select(func.count()).select_from(ConnectedConversation).where(of_it)) or 0
