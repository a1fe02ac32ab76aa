"""Rows as conversations to be written, with the ids of their inbox, team, agent and contact."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.engine.model import Awaiting, Status
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.csv_import.reading.columns import Field
from dashboard.services.csv_import.reading.notes import Note, NoteKind
from dashboard.services.csv_import.reading.rows import ImportRow
from dashboard.services.csv_import.writing.directory import Ambiguous
from dashboard.services.csv_import.writing.targets import Targets
from dashboard.store.accounts import id_checks
from dashboard.store.conversations import contacts
from dashboard.store.conversations.contacts import ContactDraft
from dashboard.store.conversations.conversations import NewConversation

# A file has no messages: only the status shows which side is next.
AWAITING = {Status.OPEN: Awaiting.AGENT, Status.PENDING: Awaiting.AGENT, Status.SNOOZED: Awaiting.CUSTOMER}


@dataclass(frozen=True, slots=True)
class Placed:
    """A row, its conversation, and the notes on both."""

    row: ImportRow
    conversation: NewConversation
    notes: tuple[Note, ...]

    @property
    def waits(self) -> bool:
        """Return whether it is open and unassigned."""
        return self.conversation.waiting_since is not None


@dataclass(frozen=True, slots=True)
class PlacementOptions:
    """The agent of a row, or None with a note if the file names one."""

    agent_id: int | None = None
    notes: tuple[Note, ...] = ()


def place(work: UnitOfWork, targets: Targets, rows: Sequence[ImportRow], now: datetime) -> list[Placed]:
    """Return the conversations of these rows; agents of unresolved ones stay active until the transaction ends."""
    named = {agent.id for row in rows if row.status is not Status.RESOLVED and (agent := targets.agent(row))}
    active = id_checks.existing_ids(work.session, targets.account_id, agent_ids=named).agent_ids
    drafts = [ContactDraft(identifier=row.contact) for row in rows if row.contact]
    contact_ids = contacts.ensure(work.session, targets.account_id, drafts)
    return [_placed(row, targets, contact_ids, choice=_choice(row, targets, active), now=now) for row in rows]


def will_wait(targets: Targets, row: ImportRow) -> bool:
    """Return whether a row is open without an active agent."""
    agent = None if row.is_unassigned else targets.agent(row)
    return row.status is Status.OPEN and (agent is None or not agent.active)


def _choice(row: ImportRow, targets: Targets, active: Collection[int]) -> PlacementOptions:
    """Return the agent of a row; a deactivated agent is assigned only resolved conversations."""
    found = targets.agents.find(row.handled_by) if row.handled_by and not row.is_unassigned else None
    if found is None:
        return PlacementOptions()
    if isinstance(found, Ambiguous):
        return PlacementOptions(notes=(Note(NoteKind.AMBIGUOUS, Field.HANDLED_BY, row.handled_by or ""),))
    if row.status is not Status.RESOLVED and found.id not in active:
        return PlacementOptions(notes=(Note(NoteKind.DEACTIVATED, Field.HANDLED_BY, row.handled_by or ""),))
    return PlacementOptions(found.id)


def _placed(
    row: ImportRow, targets: Targets, contact_ids: Mapping[str, int], *, choice: PlacementOptions, now: datetime
) -> Placed:
    team_id = targets.teams.find(row.team) if row.team else None
    lost = (Note(NoteKind.UNKNOWN, Field.TEAM, row.team),) if row.team and team_id is None else ()
    waits = row.status is Status.OPEN and choice.agent_id is None
    conversation = NewConversation(
        account_id=targets.account_id,
        external_id=row.external_id,
        inbox_id=targets.inbox_id(row),
        team_id=team_id,
        contact_id=contact_ids[row.contact] if row.contact else None,
        subject=row.subject,
        status=row.status,
        priority=row.priority,
        assignee_id=choice.agent_id,
        labels=row.labels,
        created_at=row.created_at,
        last_activity_at=row.resolved_at or row.created_at,
        waiting_since=min(row.created_at, now) if waits else None,
        assigned_at=(row.assigned_at or row.resolved_at or now) if choice.agent_id else None,
        resolved_at=row.resolved_at,
        awaiting=AWAITING.get(row.status),
    )
    return Placed(row, conversation, (*row.notes, *choice.notes, *lost))
