"""What a supervisor can change to get a conversation assigned: each says itself and can be tried on a snapshot."""

from dataclasses import dataclass, replace
from typing import Protocol

from dashboard.engine.model import Agent, AssignmentType, Conversation, Presence, Snapshot, Team
from dashboard.engine.policy import AssignmentPolicy


class Change(Protocol):
    """One thing that one form or button does."""

    @property
    def thing(self) -> tuple[object, ...]:
        """Return what it changes, whatever it changes it to."""

    @property
    def sentence(self) -> str:
        """Return what it does, as a button says it."""

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot as it would be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOn:
    """Turn assignment on for the account, or for one inbox."""

    inbox_name: str | None = None

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.inbox_name

    @property
    def sentence(self) -> str:
        return f"Switch on assignment for {self.inbox_name or 'the account'}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        inbox = snapshot.inbox
        on = replace(inbox, enable_auto_assignment=True) if self.inbox_name else replace(inbox, assignment_v2=True)
        return replace(snapshot, inbox=on)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPolicy:
    """Give the inbox a policy with the defaults."""

    inbox_name: str

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.inbox_name

    @property
    def sentence(self) -> str:
        return f"Link an assignment policy to {self.inbox_name}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, policy=AssignmentPolicy(id=0, name="Default"))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePolicy:
    """Enable the inbox's policy."""

    policy_id: int
    policy_name: str

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.policy_id

    @property
    def sentence(self) -> str:
        return f"Enable the policy {self.policy_name}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_policy(snapshot, enabled=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLabel:
    """Take a label off the conversation."""

    conversation_id: int
    label: str

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.label

    @property
    def sentence(self) -> str:
        return f"Remove label {self.label}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, waiting=tuple(self._without(one) for one in snapshot.waiting))

    def _without(self, one: Conversation) -> Conversation:
        if one.id != self.conversation_id:
            return one
        return replace(one, labels=tuple(label for label in one.labels if label != self.label))


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAge:
    """Let a capacity policy take older conversations."""

    policy_id: int
    policy_name: str
    hours: int
    to: int

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.policy_id

    @property
    def sentence(self) -> str:
        return f"Raise the age limit of {self.policy_name} from {self.hours} to {self.to} hours"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        rules = tuple(
            replace(rule, exclude_older_than_hours=self.to) if rule.policy_id == self.policy_id else rule
            for rule in snapshot.exclusions
        )
        return replace(snapshot, exclusions=rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralPerContact:
    """Let a contact have several conversations assigned at a time."""

    policy_id: int
    policy_name: str

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.policy_id

    @property
    def sentence(self) -> str:
        return f"Let {self.policy_name} assign several conversations of one contact"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_policy(snapshot, one_agent_per_contact=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveTeamTurns:
    """Let the engine give out a team's conversations."""

    team_id: int
    team_name: str

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.team_id

    @property
    def sentence(self) -> str:
        return f"Assign the conversations of {self.team_name} in turn"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_team(snapshot, self.team_id, assignment_type=AssignmentType.ROUND_ROBIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class BringOnline:
    """Make an agent online."""

    agent_id: int
    agent_name: str

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.agent_id

    @property
    def sentence(self) -> str:
        return f"Set {self.agent_name} online"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_agents(snapshot, lambda agent: agent.id == self.agent_id, presence=Presence.ONLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseRateLimit:
    """Raise the policy's fair-distribution limit."""

    policy_id: int
    policy_name: str
    limit: int
    to: int

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.policy_id

    @property
    def sentence(self) -> str:
        return f"Raise the fair-distribution limit of {self.policy_name} from {self.limit} to {self.to}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_policy(snapshot, fair_distribution_limit=self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseCapacity:
    """Raise the limit for this inbox of the capacity policy that the agent is under: all under it gain."""

    agent_id: int
    agent_name: str
    policy_id: int | None
    inbox_name: str
    limit: int
    to: int

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.agent_id

    @property
    def sentence(self) -> str:
        return f"Raise {self.agent_name}'s limit in {self.inbox_name} from {self.limit} to {self.to}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_agents(snapshot, lambda agent: _under(agent, self.policy_id, self.agent_id), capacity=self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseTotalCapacity:
    """Raise the limit over all inboxes of the capacity policy that the agent is under: all under it gain."""

    agent_id: int
    agent_name: str
    policy_id: int | None
    limit: int
    to: int

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.agent_id

    @property
    def sentence(self) -> str:
        return f"Raise {self.agent_name}'s limit over all inboxes from {self.limit} to {self.to}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_agents(
            snapshot, lambda agent: _under(agent, self.policy_id, self.agent_id), total_capacity=self.to
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseTeamLimit:
    """Raise what a team lets each of its members hold."""

    team_id: int
    team_name: str
    limit: int
    to: int

    @property
    def thing(self) -> tuple[object, ...]:
        return type(self), self.team_id

    @property
    def sentence(self) -> str:
        return f"Raise the maximum of {self.team_name} from {self.limit} to {self.to}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_team(snapshot, self.team_id, max_open=self.to)


def _under(agent: Agent, policy_id: int | None, agent_id: int) -> bool:
    return agent.id == agent_id or (policy_id is not None and agent.capacity_policy_id == policy_id)


def _with_policy(snapshot: Snapshot, **rules: object) -> Snapshot:
    policy = snapshot.policy
    return replace(snapshot, policy=replace(policy, **rules)) if policy else snapshot  # type: ignore[arg-type]


def _with_team(snapshot: Snapshot, team_id: int, **facts: object) -> Snapshot:
    def changed(team: Team) -> Team:
        return replace(team, **facts) if team.id == team_id else team  # type: ignore[arg-type]

    return replace(snapshot, teams=tuple(changed(team) for team in snapshot.teams))


def _with_agents(snapshot: Snapshot, wanted: "Wanted", **facts: object) -> Snapshot:
    def changed(agent: Agent) -> Agent:
        return replace(agent, **facts) if wanted(agent) else agent  # type: ignore[arg-type]

    return replace(snapshot, agents=tuple(changed(agent) for agent in snapshot.agents))


class Wanted(Protocol):
    """Tells which agents a change reaches."""

    def __call__(self, agent: Agent, /) -> bool: ...
