"""Builders of simulated days: each says only what its test is about."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from dashboard.engine.model import Agent, Conversation, Inbox, Presence
from dashboard.engine.policy import AssignmentPolicy
from dashboard.simulation.loop import simulate
from dashboard.simulation.model import Arrival, ArrivalOutcome, Change, InboxRules, PresenceChange, SimulatedDay
from tests.engine.floors import NOON, SUPPORT, a_policy

MINUTE = timedelta(minutes=1)
_ids = count(1)


def at(minute: float) -> datetime:
    """Return the instant this many minutes after noon."""
    return NOON + minute * MINUTE


def an_arrival(minute: float, *, lasts: float = 5, inbox: Inbox = SUPPORT, **facts: object) -> Arrival:
    about = {"id": next(_ids), "created_at": at(minute), "last_activity_at": at(minute), "waiting_since": at(minute)}
    of_arrival = {name: facts.pop(name) for name in ("patience", "by_hand") if name in facts}
    return Arrival(
        at=at(minute),
        inbox_id=inbox.id,
        conversation=Conversation(**{**about, **facts}),  # type: ignore[arg-type]
        lasts_for=lasts * MINUTE,
        **of_arrival,  # type: ignore[arg-type]
    )


def rules(*agents: Agent, policy: AssignmentPolicy | None = None, inbox: Inbox = SUPPORT, **more: object) -> InboxRules:
    return InboxRules(inbox=inbox, policy=policy or a_policy(), agents=agents, **more)  # type: ignore[arg-type]


def comes(agent: Agent, minute: float = 0) -> PresenceChange:
    return PresenceChange(at=at(minute), agent_id=agent.id, presence=Presence.ONLINE)


def goes(agent: Agent, minute: float) -> PresenceChange:
    return PresenceChange(at=at(minute), agent_id=agent.id, presence=Presence.OFFLINE)


def played(
    inboxes: Sequence[InboxRules], arrivals: Sequence[Arrival], *changes: Change, pace: dict[int, float] | None = None
) -> Sequence[ArrivalOutcome]:
    """Return the outcomes; agents without a change of their own are online from noon on."""
    named = {one.agent_id for one in changes if isinstance(one, PresenceChange)}
    present = {agent.id: agent for one in inboxes for agent in one.agents if agent.id not in named}
    return simulate(
        SimulatedDay(
            ends_at=at(24 * 60),
            inboxes=tuple(inboxes),
            arrivals=sorted(arrivals, key=lambda one: one.at),
            changes=(*map(comes, present.values()), *changes),
            pace=pace or {},
        )
    )


def waits(outcomes: Sequence[ArrivalOutcome]) -> list[float | None]:
    """Return the wait of each conversation in minutes."""
    return [None if one.waited is None else one.waited / MINUTE for one in outcomes]


def takers(outcomes: Sequence[ArrivalOutcome]) -> list[int | None]:
    return [one.agent_id for one in outcomes]
