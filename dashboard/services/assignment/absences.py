"""The start of each assignee's absence, by heartbeats and set availability (E37, E64)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import structlog

from dashboard.engine.model import Presence
from dashboard.services.assignment import redis_data_loss
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment.returning import HolderRow
from dashboard.store.core.errors import StoreUnavailable

log = structlog.get_logger()


def since(
    work: UnitOfWork, account_id: int, holders: Collection[HolderRow], *, now: datetime
) -> Mapping[int, datetime]:
    """Return since when these agents of one account are absent; the present ones are left out.

    While presence cannot be read, nobody is: an absence that nobody sees takes nothing from anybody. May finish the
    unit of work.
    """
    if not holders:
        return {}
    try:
        redis_data_loss.report_once(work, account_id, now=now)
        last = work.heartbeats.last(account_id, {one.agent_id for one in holders})
        anew_at = work.beginnings.anew_at(account_id)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=account_id, error=str(error))
        return {}
    lasts_for = timedelta(seconds=work.settings.presence_seconds)
    ends = {one.agent_id: _silent_since(one, last.get(one.agent_id), anew_at, lasts_for=lasts_for) for one in holders}
    found = {one.agent_id: _absent_since(one, ends[one.agent_id], now) for one in holders}
    return {agent_id: at for agent_id, at in found.items() if at is not None}


def _silent_since(
    holder: HolderRow, heard_at: datetime | None, anew_at: datetime | None, *, lasts_for: timedelta
) -> datetime | None:
    """Return the end of the last heartbeat; without one, count from the agent's start, or from Redis's after a loss."""
    if not holder.auto_offline:
        return None
    if heard_at is not None:
        return heard_at + lasts_for
    return max(holder.availability_since, anew_at or holder.availability_since) + lasts_for


def _absent_since(holder: HolderRow, silent_since: datetime | None, now: datetime) -> datetime | None:
    starts = [silent_since] if silent_since is not None and silent_since <= now else []
    starts += [holder.availability_since] if holder.availability is Presence.OFFLINE else []
    return min(starts, default=None)
