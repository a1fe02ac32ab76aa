"""The inboxes, labels, agents and memberships that rows need, created if they are missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.csv_import.reading.columns import Field
from dashboard.services.csv_import.reading.names import folded
from dashboard.services.csv_import.reading.rows import BadRow, ImportRow
from dashboard.services.csv_import.writing.directory import Agents, NameIndex, new_agent
from dashboard.store.conversations import csv_import
from dashboard.store.conversations.csv_import import Membership, NamedAgent
from dashboard.store.helpdesks import masters
from dashboard.store.helpdesks.masters import Master
from dashboard.store.policies import assignment_policies
from dashboard.store.policies.assignment_policies import LinkedPolicy

POLICY = "Imported inboxes"
POLICY_DESCRIPTION = "For inboxes that an import has made, until they get a policy of their own."
CONNECTED = "{}: “{}” is an inbox of {}, which alone has its conversations. Import them into another one."


@dataclass(slots=True)
class Targets:
    """The names of the account that the import has read, and the rows that it has created."""

    account_id: int
    agents: Agents
    inboxes: NameIndex = field(default_factory=NameIndex)
    teams: NameIndex = field(default_factory=NameIndex)
    masters: Mapping[int, Master] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    members: set[Membership] = field(default_factory=set)
    new_inboxes: set[int] = field(default_factory=set)
    new_agents: set[int] = field(default_factory=set)

    def inbox_id(self, row: ImportRow) -> int:
        """Return the inbox id of a row, after the creation of its targets."""
        inbox_id = self.inboxes.find(row.inbox)
        assert inbox_id is not None
        return inbox_id

    def judged(self, row: ImportRow | BadRow) -> ImportRow | BadRow:
        """Return the row, or why it is bad: its inbox may be in a helpdesk (C2)."""
        if isinstance(row, BadRow) or not (master := self.masters.get(self.inboxes.find(row.inbox) or 0)):
            return row
        return BadRow(row.line, CONNECTED.format(Field.INBOX, row.inbox, master.name))

    def agent(self, row: ImportRow) -> NamedAgent | None:
        """Return the agent of a row, None if there is none or more than one."""
        agent = self.agents.find(row.handled_by) if row.handled_by else None
        return agent if isinstance(agent, NamedAgent) else None


def load(work: UnitOfWork, account_id: int) -> Targets | None:
    """Read the names of the account; None if it does not exist."""
    if not csv_import.hold_account(work.session, account_id):
        return None
    targets = Targets(account_id, Agents(account_id))
    _read(work, targets)
    targets.teams.add(csv_import.teams(work.session, account_id))
    work.finish()
    return targets


def complete(work: UnitOfWork, targets: Targets, rows: Sequence[ImportRow], now: datetime) -> None:
    """Create the missing targets of these rows, in a unit of work of their own."""
    titles = {label for row in rows for label in row.labels} - targets.labels
    if titles or _missing_inboxes(targets, rows) or _missing_agents(targets, rows):
        # One import at a time creates names, and sees those of the others from here on.
        csv_import.hold_account(work.session, targets.account_id)
        _read(work, targets)
        _create_inboxes(work, targets, _missing_inboxes(targets, rows), now)
        _create_agents(work, targets, _missing_agents(targets, rows))
        csv_import.add_labels(work.session, targets.account_id, titles)
        targets.labels |= titles
    _add_members(work, targets, rows)
    work.finish()


def _read(work: UnitOfWork, targets: Targets) -> None:
    found = csv_import.inboxes(work.session, targets.account_id)
    targets.inboxes.add(found)
    targets.masters = masters.of_inboxes(work.session, targets.account_id, [inbox.id for inbox in found])
    targets.agents.add(csv_import.agents(work.session, targets.account_id))


def _missing_inboxes(targets: Targets, rows: Sequence[ImportRow]) -> list[str]:
    """Return the missing inboxes, each in its first spelling."""
    missing: dict[str, str] = {}
    for row in rows:
        if targets.inboxes.find(row.inbox) is None:
            missing.setdefault(folded(row.inbox), row.inbox)
    return list(missing.values())


def _missing_agents(targets: Targets, rows: Sequence[ImportRow]) -> list[str]:
    names = dict.fromkeys(row.handled_by for row in rows if row.handled_by)
    return [name for name in names if targets.agents.find(name) is None]


def _create_inboxes(work: UnitOfWork, targets: Targets, names: Sequence[str], now: datetime) -> None:
    if not names:
        return
    made = csv_import.add_inboxes(work.session, targets.account_id, names)
    targets.inboxes.add(csv_import.inboxes(work.session, targets.account_id))
    new = {inbox.id for inbox in made}
    targets.new_inboxes |= new
    _route(work, targets.account_id, new, now)


def _create_agents(work: UnitOfWork, targets: Targets, names: Sequence[str]) -> None:
    if not names:
        return
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(*new_agent(targets.account_id, name))
    made = csv_import.add_agents(work.session, targets.account_id, wanted)
    targets.agents.add(made)
    targets.new_agents |= {agent.id for agent in made}


def _add_members(work: UnitOfWork, targets: Targets, rows: Sequence[ImportRow]) -> None:
    """Add the memberships that the rows imply, but none between an inbox and an agent that both existed before."""
    pairs = {
        Membership(targets.inbox_id(row), agent.id) for row in rows if (agent := targets.agent(row)) and agent.active
    }
    new = {pair for pair in pairs if pair.inbox_id in targets.new_inboxes or pair.user_id in targets.new_agents}
    if new - targets.members:
        csv_import.add_members(work.session, targets.account_id, new - targets.members)
        targets.members |= new


def _route(work: UnitOfWork, account_id: int, inbox_ids: Collection[int], now: datetime) -> None:
    """Link new inboxes to a policy; without one, runs assign none of their conversations (E1)."""
    made = assignment_policies.shelf.add(work.session, account_id, {"name": POLICY, "description": POLICY_DESCRIPTION})
    if made is not None and (policy := assignment_policies.shelf.find(work.session, account_id, made)):
        assignment_policies.keep_version(work.session, account_id, policy, actor_id=None, now=now)
        change = AuditedChange(subject="assignment_policy", subject_id=made, after=policy)
        audit_log.write(work, account_id, change, ActorContext(actor_id=None, now=now))
    policy_id = made or csv_import.policy_id_of(work.session, account_id, POLICY)
    link = LinkedPolicy(assignment_policy_id=policy_id)
    for inbox_id in sorted(inbox_ids):
        assignment_policies.link(work.session, account_id, inbox_id, link)
