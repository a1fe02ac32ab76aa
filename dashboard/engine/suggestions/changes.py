"""Changes that help a conversation to be assigned; each has a sentence, and applies to a snapshot."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

from dashboard.engine.model import Agent, AssignmentType, Conversation, Presence, Snapshot, Team
from dashboard.engine.policy import DEFAULT_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedChange:
    """One change by one form or button: `words` is its sentence, `about` the field with the id of the changed row."""

    words: ClassVar[str]
    about: ClassVar[str]

    @property
    def sentence(self) -> str:
        """Return the text of its button."""
        return self.words.format_map(asdict(self))

    @property
    def thing(self) -> tuple[type["SuggestedChange"], object]:
        """Return the identity of the changed setting, without its new value."""
        return type(self), getattr(self, self.about)

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot after this change."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOnAccount(SuggestedChange):
    """Switch on assignment for the account."""

    account_id: int
    words = "Switch on assignment for the account"
    about = "account_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, inbox=replace(snapshot.inbox, assignment_v2=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOnInbox(SuggestedChange):
    """Switch on assignment for an inbox."""

    inbox_id: int
    inbox_name: str
    words = "Switch on assignment for {inbox_name}"
    about = "inbox_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, inbox=replace(snapshot.inbox, enable_auto_assignment=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepOpen(SuggestedChange):
    """Remove the business hours of an inbox."""

    inbox_id: int
    inbox_name: str
    words = "Let {inbox_name} be open always"
    about = "inbox_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, inbox=replace(snapshot.inbox, hours=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPolicy(SuggestedChange):
    """Link a policy with the default rules to the inbox."""

    inbox_id: int
    inbox_name: str
    words = "Link an assignment policy to {inbox_name}"
    about = "inbox_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, policy=DEFAULT_POLICY)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePolicy(SuggestedChange):
    """Enable the inbox's policy."""

    policy_id: int
    policy_name: str
    words = "Enable the policy {policy_name}"
    about = "policy_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_policy(snapshot, enabled=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLabel(SuggestedChange):
    """Remove a label from the conversation."""

    conversation_id: int
    label: str
    words = "Remove label {label}"
    about = "label"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, waiting=tuple(self._without(one) for one in snapshot.waiting))

    def _without(self, one: Conversation) -> Conversation:
        if one.id != self.conversation_id:
            return one
        return replace(one, labels=tuple(label for label in one.labels if label != self.label))


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAge(SuggestedChange):
    """Raise the age limit of a capacity policy's exclusions."""

    policy_id: int
    policy_name: str
    hours: int
    to: int
    words = "Raise the age limit of {policy_name} from {hours} to {to} hours"
    about = "policy_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        rules = tuple(
            replace(rule, exclude_older_than_hours=self.to) if rule.policy_id == self.policy_id else rule
            for rule in snapshot.exclusions
        )
        return replace(snapshot, exclusions=rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralPerContact(SuggestedChange):
    """Allow several assigned conversations of one contact at a time."""

    policy_id: int
    policy_name: str
    words = "Let {policy_name} assign several conversations of one contact"
    about = "policy_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_policy(snapshot, one_agent_per_contact=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveTeamTurns(SuggestedChange):
    """Let runs assign a team's conversations in rotation."""

    team_id: int
    team_name: str
    words = "Assign the conversations of {team_name} in turn"
    about = "team_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_team(snapshot, self.team_id, assignment_type=AssignmentType.ROUND_ROBIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class BringOnline(SuggestedChange):
    """Set an agent's presence to online."""

    agent_id: int
    agent_name: str
    words = "Set {agent_name} online"
    about = "agent_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_agents(snapshot, lambda agent: agent.id == self.agent_id, presence=Presence.ONLINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseLimit(SuggestedChange):
    """Raise a limit on each agent's conversations."""

    limit: int
    to: int

    def reaches(self, agent: Agent) -> bool:
        """Return whether the limit applies to this agent."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseRateLimit(RaiseLimit):
    """Raise the policy's fair-distribution limit."""

    policy_id: int
    policy_name: str
    words = "Raise the fair-distribution limit of {policy_name} from {limit} to {to}"
    about = "policy_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_policy(snapshot, fair_distribution_limit=self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseOwnRateLimit(RaiseLimit):
    """Raise the inbox's own fair-distribution limit."""

    inbox_id: int
    inbox_name: str
    words = "Raise {inbox_name}'s own fair-distribution limit from {limit} to {to}"
    about = "inbox_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_policy(snapshot, fair_distribution_limit=self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseTotalCapacity(RaiseLimit):
    """Raise a capacity policy's limit over all inboxes: for the agent, and for the `others` under the same policy."""

    agent_id: int
    agent_name: str
    policy_id: int | None
    policy_name: str | None = None
    others: int = 0
    words = "Raise {agent_name}'s limit over all inboxes from {limit} to {to}"
    shared_words: ClassVar[str] = "Raise the limit of {policy_name} ({people}) over all inboxes from {limit} to {to}"
    about = "agent_id"

    @property
    def sentence(self) -> str:
        if not self.others:
            return self.words.format_map(asdict(self))
        people = f"{self.agent_name} and {self.others} {'other' if self.others == 1 else 'others'}"
        return self.shared_words.format_map({**asdict(self), "people": people})

    @property
    def thing(self) -> tuple[type[SuggestedChange], object]:
        return type(self), self.policy_id or (self.agent_id,)

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_agents(snapshot, self.reaches, total_capacity=self.to)

    def reaches(self, agent: Agent) -> bool:
        return agent.id == self.agent_id or (self.policy_id is not None and agent.capacity_policy_id == self.policy_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseCapacity(RaiseTotalCapacity):
    """Raise a capacity policy's limit for this inbox: for the agent, and for the `others` under the same policy."""

    inbox_id: int
    inbox_name: str
    words = "Raise {agent_name}'s limit in {inbox_name} from {limit} to {to}"
    shared_words = "Raise the limit of {policy_name} ({people}) in {inbox_name} from {limit} to {to}"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return with_agents(snapshot, self.reaches, capacity=self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseTeamLimit(RaiseLimit):
    """Raise a team's limit of open conversations for each member."""

    team_id: int
    team_name: str
    words = "Raise the maximum of {team_name} from {limit} to {to}"
    about = "team_id"

    def tried_on(self, snapshot: Snapshot) -> Snapshot:
        return _with_team(snapshot, self.team_id, max_open=self.to)


def with_policy(snapshot: Snapshot, **rules: object) -> Snapshot:
    """Return the snapshot with other rules of its policy."""
    policy = snapshot.policy
    return replace(snapshot, policy=replace(policy, **rules)) if policy else snapshot  # type: ignore[arg-type]


def _with_team(snapshot: Snapshot, team_id: int, **facts: object) -> Snapshot:
    def changed(team: Team) -> Team:
        return replace(team, **facts) if team.id == team_id else team  # type: ignore[arg-type]

    return replace(snapshot, teams=tuple(changed(team) for team in snapshot.teams))


def with_agents(snapshot: Snapshot, wanted: Callable[[Agent], bool], **facts: object) -> Snapshot:
    """Return the snapshot with other facts of some agents."""

    def changed(agent: Agent) -> Agent:
        return replace(agent, **facts) if wanted(agent) else agent  # type: ignore[arg-type]

    return replace(snapshot, agents=tuple(changed(agent) for agent in snapshot.agents))
