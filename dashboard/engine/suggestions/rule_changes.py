"""Changes of the rules about who is asked: memberships, skills, pace, and the wait for a contact's agent."""

from dataclasses import dataclass, replace

from dashboard.engine.model import Agent, Snapshot
from dashboard.engine.suggestions.changes import SuggestedChange, with_agents, with_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn(SuggestedChange):
    """Let runs assign conversations to a member again."""

    agent_id: int
    agent_name: str
    inbox_id: int
    team_id: int | None
    words = "Let runs assign conversations to {agent_name} again"
    about = "agent_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, agents=tuple(map(self._opted_in, snapshot.agents)))

    def _opted_in(self, agent: Agent) -> Agent:
        if agent.id != self.agent_id:
            return agent
        return replace(agent, opted_out=False, opted_out_team_ids=agent.opted_out_team_ids - {self.team_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSkills(SuggestedChange):
    """Add the missing skills to an agent."""

    agent_id: int
    agent_name: str
    skills: tuple[str, ...]
    about = "agent_id"

    @property
    def sentence(self) -> str:
        return f"Add {', '.join(self.skills)} to {self.agent_name}'s skills"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        known = next((agent.skills for agent in snapshot.agents if agent.id == self.agent_id), frozenset[str]())
        return with_agents(snapshot, lambda agent: agent.id == self.agent_id, skills=known.union(self.skills))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePace(SuggestedChange):
    """Assign without a pace."""

    policy_id: int
    policy_name: str
    words = "Remove the pace of {policy_name}"
    about = "policy_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_policy(snapshot, pace_seconds=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopKeeping(SuggestedChange):
    """Do not wait for the contacts' agents."""

    policy_id: int
    policy_name: str
    words = "Let {policy_name} not wait for the contact's agent"
    about = "policy_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_policy(snapshot, wait_for_preferred=0)
