"""Records of presence: each change is a row, written in the transaction of the change (T1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.engine.model import Presence
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents.availability import AgentState
from dashboard.store.redis.heartbeats import presence_of
from dashboard.store.trust import presence_history as store
from dashboard.store.trust.presence_history import NewPresence, PresenceCause, RecordedAgent


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The cause of a change of availability, and what is known of the agent's heartbeat at this instant."""

    cause: PresenceCause
    is_heard: bool
    heard_at: datetime | None
    now: datetime


def record(work: UnitOfWork, before: AgentState, after: AgentState, why: Why) -> None:
    """Record a changed availability of an active agent, and the lapse before it that nobody has noticed."""
    lapse = _lapse(work, before.agent_id, why.heard_at) if before.auto_offline and why.heard_at else None
    if lapse and lapse.at < why.now:
        store.record(work.session, before.account_id, [lapse])
    presence = presence_of(availability=after.availability, auto_offline=after.auto_offline, heard=why.is_heard)
    change = NewPresence(agent_id=after.agent_id, presence=presence, cause=why.cause, at=why.now)
    store.record(work.session, after.account_id, [change])


def record_return(
    work: UnitOfWork, agents: Sequence[AgentState], came: Mapping[int, datetime | None], *, now: datetime
) -> None:
    """Record agents of one account whose heartbeat has come again, and the lapse before that nobody has noticed."""
    if not agents:
        return
    account_id = agents[0].account_id
    heard = {agent.agent_id: came.get(agent.agent_id) for agent in agents}
    lapses = [_lapse(work, agent_id, at) for agent_id, at in heard.items() if at]
    store.record(work.session, account_id, [one for one in lapses if one.at < now])
    returns = [
        NewPresence(agent_id=agent.agent_id, presence=agent.availability, cause=PresenceCause.HEARTBEAT, at=now)
        for agent in agents
    ]
    store.record(work.session, account_id, returns)


def record_deactivation(work: UnitOfWork, account_id: int, agent_id: int, *, now: datetime) -> None:
    """Record that a deactivated agent is offline."""
    change = NewPresence(agent_id=agent_id, presence=Presence.OFFLINE, cause=PresenceCause.DEACTIVATED, at=now)
    store.record(work.session, account_id, [change])


def record_lapses(work: UnitOfWork, *, now: datetime) -> None:
    """Record the heartbeats that have lapsed, each at its instant, and whatever else the records miss.

    An older release that serves beside this one, or a transaction that failed after its heartbeat, leaves gaps.
    Raises StoreUnavailable if Redis cannot be read: then nobody knows who is present.
    """
    for account_id, agents in store.last_of_active(work.session).items():
        heard = work.heartbeats.last(account_id, [one.state.agent_id for one in agents])
        changes = [_missing(work, one, heard.get(one.state.agent_id), now) for one in agents]
        store.record(work.session, account_id, [one for one in changes if one])
        work.finish()


def _missing(work: UnitOfWork, agent: RecordedAgent, heard_at: datetime | None, now: datetime) -> NewPresence | None:
    """Return the change that the agent's last row misses."""
    state = agent.state
    is_heard = heard_at is not None and now < work.heartbeats.lapses_at(heard_at)
    presence = presence_of(availability=state.availability, auto_offline=state.auto_offline, heard=is_heard)
    if presence is agent.recorded:
        return None
    if presence is not Presence.OFFLINE:
        return NewPresence(agent_id=state.agent_id, presence=presence, cause=PresenceCause.HEARTBEAT, at=now)
    if heard_at is None or is_heard:
        return NewPresence(agent_id=state.agent_id, presence=presence, cause=PresenceCause.LAPSED, at=now)
    lapse = _lapse(work, state.agent_id, heard_at)
    is_after = agent.recorded_at is None or agent.recorded_at < lapse.at
    return lapse if is_after else replace(lapse, at=now)


def _lapse(work: UnitOfWork, agent_id: int, heard_at: datetime) -> NewPresence:
    return NewPresence(
        agent_id=agent_id,
        presence=Presence.OFFLINE,
        cause=PresenceCause.LAPSED,
        at=work.heartbeats.lapses_at(heard_at),
    )
