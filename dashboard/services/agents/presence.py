"""Presence of agents: availability and heartbeats (E36 to E39)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from functools import partial

import structlog

from dashboard.engine.model import Presence
from dashboard.services.agents import presence_records
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import availability as store
from dashboard.store.agents.availability import AgentState
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.ledger import ledger
from dashboard.store.redis.heartbeats import presence_of
from dashboard.store.trust.presence_history import PresenceCause

log = structlog.get_logger()

# Only another choice by hand, or the end that it was given, ends one of these.
CHOSEN_BY_HAND = frozenset({Presence.OFFLINE, Presence.BUSY, Presence.AWAY_MANUAL, Presence.AWAY_AND_REASSIGNING})


class AvailabilityResult(Enum):
    """The result of a change of availability."""

    CHANGED = auto()
    UNCHANGED = auto()
    NO_SUCH_AGENT = auto()
    ENDS_IN_THE_PAST = auto()


def set_availability(
    work: UnitOfWork,
    account_id: int,
    agent_id: int,
    *,
    availability: Presence,
    auto_offline: bool | None,
    by_hand: bool,
    now: datetime,
    is_there: bool = True,
    until: datetime | None = None,
) -> AvailabilityResult:
    """Set an agent's availability; neither idling nor activity overwrites a choice made by hand (E38).

    A choice by hand ends at `until`, and ends the choice before it (E66). It counts as a heartbeat, unless `is_there`
    is false because another person sets it.
    Raises StoreUnavailable if nothing changes and Redis cannot store the heartbeat.
    """
    if until is not None and until <= now:
        return AvailabilityResult.ENDS_IN_THE_PAST
    agent = store.lock(work.session, account_id, agent_id)
    if agent is None:
        return AvailabilityResult.NO_SUCH_AGENT
    held = not by_hand and agent.availability in CHOSEN_BY_HAND
    wanted = agent.availability if held else availability
    wanted_offline = agent.auto_offline if auto_offline is None else auto_offline
    stays = not by_hand and wanted is agent.availability
    after = replace(agent, availability=wanted, auto_offline=wanted_offline, until=agent.until if stays else until)
    if after == agent:
        _beat(work, account_id, [agent_id] if is_there else [], now)
        return AvailabilityResult.UNCHANGED
    cause = PresenceCause.BY_HAND if by_hand else PresenceCause.IDLE
    _write(work, agent, after, _Change(cause=cause, is_there=is_there, now=now))
    return AvailabilityResult.CHANGED


def end_availability(work: UnitOfWork, account_id: int, agent_id: int, *, now: datetime) -> bool:
    """Set the agent online if the end of their availability has come (E66); False if another choice came first."""
    agent = store.lock(work.session, account_id, agent_id)
    if agent is None or agent.until is None or agent.until > now:
        return False
    after = replace(agent, availability=Presence.ONLINE, until=None)
    _write(work, agent, after, _Change(cause=PresenceCause.SCHEDULED, is_there=False, now=now))
    return True


def heartbeat(work: UnitOfWork, account_id: int, agent_ids: Collection[int], *, now: datetime) -> bool:
    """Store heartbeats of agents; False, without any change, if one of them is not an active agent (E39).

    Agents with a recent heartbeat cost one Redis command; a return of an agent starts runs (E30).
    Raises StoreUnavailable.
    """
    wanted = set(agent_ids)
    known = set(work.heartbeats.remembered(account_id, wanted))
    if strangers := wanted - known:
        found = store.active(work.session, account_id, strangers)
        for agent in found:
            work.heartbeats.remember(account_id, agent.agent_id, agent.availability)
        if strangers - {agent.agent_id for agent in found}:
            return False
    _beat(work, account_id, wanted, now)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """Why an availability changes, and whether the change counts as a heartbeat."""

    cause: PresenceCause
    is_there: bool
    now: datetime


def _write(work: UnitOfWork, before: AgentState, agent: AgentState, change: _Change) -> None:
    """Write an availability with its record and its event, and start runs where the agent is a candidate."""
    heard_at, now = _heard_at(work, agent), change.now
    heard = change.is_there or (heard_at is not None and now < work.heartbeats.lapses_at(heard_at))
    store.write(work.session, agent, now)
    why = presence_records.Why(cause=change.cause, is_heard=heard, heard_at=heard_at, now=now)
    presence_records.record(work, before, agent, why)
    _write_event(work, agent, now, heard=heard)
    work.notes.then(partial(_note, work, agent, now, is_there=change.is_there))
    work.notes.wakes(agent.account_id, store.inboxes_of(work.session, agent.account_id, [agent.agent_id]))


def _heard_at(work: UnitOfWork, agent: AgentState) -> datetime | None:
    """Return the agent's last heartbeat; None without any, and if Redis cannot be read (E40)."""
    try:
        return work.heartbeats.last(agent.account_id, [agent.agent_id]).get(agent.agent_id)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=agent.account_id, agent=agent.agent_id, error=str(error))
        return None


def _note(work: UnitOfWork, agent: AgentState, now: datetime, *, is_there: bool) -> None:
    """Cache a committed availability in Redis; after a failure, the next heartbeat repeats it (E44)."""
    try:
        work.heartbeats.remember(agent.account_id, agent.agent_id, agent.availability)
        work.heartbeats.beat(agent.account_id, [agent.agent_id] if is_there else [], now)
    except StoreUnavailable as error:
        log.warning("heartbeat_not_noted", account=agent.account_id, agent=agent.agent_id, error=str(error))


def _beat(work: UnitOfWork, account_id: int, agent_ids: Collection[int], now: datetime) -> None:
    """Store the heartbeats, and write events for agents that are no longer offline."""
    came = work.heartbeats.beat(account_id, agent_ids, now)
    if not came:
        return
    seen = [agent for agent in store.active(work.session, account_id, came) if agent.auto_offline]
    back = [agent for agent in seen if _presence(agent) is not Presence.OFFLINE]
    presence_records.record_return(work, back, came, now=now)
    for agent in back:
        _write_event(work, agent, now, heard=True)
    inbox_ids = store.inboxes_of(work.session, account_id, [agent.agent_id for agent in back])
    work.notes.wakes(account_id, inbox_ids)


def _presence(agent: AgentState, *, heard: bool = True) -> Presence:
    return presence_of(availability=agent.availability, auto_offline=agent.auto_offline, heard=heard)


def _write_event(work: UnitOfWork, agent: AgentState, now: datetime, *, heard: bool) -> None:
    event = ledger.EventRow(
        account_id=agent.account_id,
        events=(ledger.Event.AGENT_PRESENCE_CHANGED,),
        agent_id=agent.agent_id,
        presence=_presence(agent, heard=heard),
        at=now,
    )
    ledger.write_events(work.session, [event])
