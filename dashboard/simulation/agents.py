"""The agents of a simulation: presence and loads over all inboxes."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dashboard.engine.model import Agent, Presence
from dashboard.engine.policy import AssignmentPolicy


@dataclass(slots=True)
class AgentLoad:
    """An agent's presence, open conversations by inbox, and automatic assignments."""

    presence: Presence = Presence.OFFLINE
    open: Counter[int] = field(default_factory=Counter)
    open_total: int = 0
    assigned: defaultdict[int, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    last_assigned_at: datetime | None = None

    def take(self, inbox_id: int, weight: int) -> None:
        """Count one more open conversation."""
        self.open[inbox_id] += 1
        self.open_total += weight

    def finish(self, inbox_id: int, weight: int) -> None:
        """Count one open conversation less."""
        self.open[inbox_id] -= 1
        self.open_total -= weight

    def count(self, inbox_id: int, now: datetime) -> None:
        """Count an automatic assignment for fair distribution and the pace."""
        self.assigned[inbox_id].append(now)
        self.last_assigned_at = now


class InboxAgents:
    """The agents of one inbox as its snapshots show them; a value is made again only after a change."""

    def __init__(self, inbox_id: int, agents: tuple[Agent, ...], states: Mapping[int, AgentLoad]) -> None:
        self._inbox_id = inbox_id
        self._rules = {agent.id: agent for agent in agents}
        self._states = states
        self._shown = dict(self._rules)
        self._changed = set(self._rules)

    def __contains__(self, agent_id: int) -> bool:
        return agent_id in self._rules

    def changed(self, agent_id: int) -> None:
        """Note that the agent's presence or load is another one now."""
        self._changed.add(agent_id)

    def shown(self, policy: AssignmentPolicy, now: datetime) -> tuple[Agent, ...]:
        """Return the agents with their present loads, in the order of the rules."""
        limited = bool(policy.fair_distribution_limit)
        if limited:
            self._changed.update(agent_id for agent_id in self._rules if self._states[agent_id].assigned)
        for agent_id in self._changed:
            self._shown[agent_id] = self._show(agent_id, policy, now)
        self._changed.clear()
        return tuple(self._shown.values())

    def _show(self, agent_id: int, policy: AssignmentPolicy, now: datetime) -> Agent:
        state = self._states[agent_id]
        recent = state.assigned[self._inbox_id]
        if policy.fair_distribution_limit:
            _forget(recent, now - policy.window)
        return replace(
            self._rules[agent_id],
            presence=state.presence,
            open_here=state.open[self._inbox_id],
            open_total=state.open_total,
            recent=len(recent),
            slot_frees_at=_slot_frees_at(recent, policy),
            last_assigned_at=state.last_assigned_at,
        )


def _forget(recent: deque[datetime], until: datetime) -> None:
    """Remove the assignments that have left the window."""
    while recent and recent[0] <= until:
        recent.popleft()


def _slot_frees_at(recent: Sequence[datetime], policy: AssignmentPolicy) -> datetime | None:
    """Return the instant that frees the next slot once the agent is at the limit, which may be lower than it was."""
    limit = policy.fair_distribution_limit
    return recent[max(len(recent) - limit, 0)] + policy.window if limit and recent else None
