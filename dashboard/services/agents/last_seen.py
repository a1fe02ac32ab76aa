"""Presence of agents and its start, for lists of any length in two queries to Redis (E37, E42)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from dashboard.engine.model import Presence
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents.agent_card import PresentRow
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis.heartbeats import presence_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSeen:
    """An agent's presence, None if Redis cannot be read, and its start, None without any heartbeat."""

    presence: Presence | None = None
    since: datetime | None = None


def of(work: UnitOfWork, account_id: int, rows: Collection[PresentRow], *, now: datetime) -> Mapping[int, LastSeen]:
    """Return the presence of each agent, without values if Redis fails."""
    ids = [row.id for row in rows]
    try:
        present, last = work.heartbeats.present(account_id, ids, now), work.heartbeats.last(account_id, ids)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=account_id, error=str(error))
        return {row.id: LastSeen() for row in rows}
    return {row.id: _sighting(row, heard=row.id in present, last=last.get(row.id)) for row in rows}


def _sighting(row: PresentRow, *, heard: bool, last: datetime | None) -> LastSeen:
    silent = row.auto_offline and not heard
    word = presence_of(availability=row.availability, auto_offline=row.auto_offline, heard=heard, active=row.active)
    return LastSeen(presence=word, since=last if silent else row.availability_since)
