"""Writes of an import, in chunks: units of work of a few hundred rows each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from dashboard.engine import planner
from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.csv_import.reading.columns import Field
from dashboard.services.csv_import.reading.notes import Note, NoteKind
from dashboard.services.csv_import.reading.rows import BadRow, ImportRow
from dashboard.services.csv_import.writing import holding, placing, targets, updating
from dashboard.services.csv_import.writing.placing import Placed
from dashboard.services.csv_import.writing.report import ImportReport
from dashboard.services.csv_import.writing.targets import Targets
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import InsertedConversation
from dashboard.store.inboxes import routing
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import AssignmentRow, AssignmentSource, Event, EventRow

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An import into an account: `update` closes conversations that the file has closed, `hold` starts no runs."""

    account_id: int
    now: datetime
    update: bool = False
    hold: bool = False

    @property
    def cause(self) -> ActorContext:
        """Return the cause for the audit log: no person."""
        return ActorContext(actor_id=None, now=self.now)


def import_rows(
    work: UnitOfWork,
    wanted: Import,
    rows: Iterable[ImportRow | BadRow],
    *,
    refuse: Callable[[BadRow], object],
    progress: Callable[[int], object],
) -> ImportReport | None:
    """Import the rows that are new in their inboxes, in chunks; None if the account does not exist.

    Only rows that are not resolved write events: the others are history.
    """
    known = targets.load(work, wanted.account_id)
    if known is None:
        return None
    report = ImportReport()
    for chunk in _chunks(rows):
        judged = [known.judged(row) for row in chunk]
        for bad in (row for row in judged if isinstance(row, BadRow)):
            report.bad += 1
            refuse(bad)
        _write(work, wanted, [row for row in judged if isinstance(row, ImportRow)], known=known, report=report)
        progress(len(chunk))
    report.inboxes, report.agents = len(known.new_inboxes), len(known.new_agents)
    report.to_be_assigned = _to_be_assigned(work, wanted, report)
    return report


def _chunks(rows: Iterable[ImportRow | BadRow]) -> Iterator[Sequence[ImportRow | BadRow]]:
    source = iter(rows)
    while chunk := list(islice(source, AT_ONCE)):
        yield chunk


def _write(
    work: UnitOfWork, wanted: Import, rows: Sequence[ImportRow], *, known: Targets, report: ImportReport
) -> None:
    """Write the new rows in one unit of work, then update the others in another."""
    targets.complete(work, known, rows, wanted.now)
    if wanted.hold:
        _hold(work, wanted, rows, known=known, report=report)
    placed = placing.place(work, known, rows, wanted.now)
    added = conversations.add(work.session, [one.conversation for one in placed])
    pairs = list(zip(added, placed, strict=True))
    new = [(one.id, of_row) for one, of_row in pairs if one.is_new]
    _record(work, wanted, new)
    work.finish()
    _count(report, [of_row for _, of_row in new], there=len(pairs) - len(new))
    there = [(added, of_row) for added, of_row in pairs if not added.is_new]
    frees = wanted.update and _update(work, wanted, there, report=report)
    if not wanted.hold:
        work.notes.wakes(wanted.account_id, {of_row.conversation.inbox_id for _, of_row in new if of_row.waits})
        work.notes.touched(wanted.account_id, is_all=frees)
    work.finish()


def _update(
    work: UnitOfWork, wanted: Import, there: Sequence[tuple[InsertedConversation, Placed]], *, report: ImportReport
) -> bool:
    """Update these conversations; return whether agents hold less now."""
    updated = updating.update(work, wanted.account_id, there, wanted.now)
    report.updated += updated.count
    for outdated in updated.outdated:
        report.notes.add(outdated.row.line, [Note(NoteKind.NEWER, Field.RESOLVED_AT)])
    return updated.frees


def _hold(work: UnitOfWork, wanted: Import, rows: Sequence[ImportRow], *, known: Targets, report: ImportReport) -> None:
    """Switch off assignment in inboxes with waiting rows, before any lock of an agent, as in a run's order of locks."""
    waiting = {known.inbox_id(row) for row in rows if placing.will_wait(known, row)} - report.held.keys()
    if waiting:
        report.held |= holding.switch_off(work, wanted.account_id, waiting, wanted.cause)


def _record(work: UnitOfWork, wanted: Import, new: Sequence[tuple[int, Placed]]) -> None:
    """Write the ledger rows of all assignees, and the events of unresolved conversations."""
    handled = [(_handled(one, placed), placed) for one, placed in new if placed.conversation.assignee_id is not None]
    live = [_created(one, placed, wanted.now) for one, placed in new if placed.row.status is not Status.RESOLVED]
    given = [row for row, placed in handled if placed.row.status is not Status.RESOLVED]
    ledger.write_assignments(work.session, [row for row, _ in handled])
    ledger.write_events(work.session, live + ledger.assignment_events(given))


def _handled(conversation_id: int, placed: Placed) -> AssignmentRow:
    """Return the ledger row of an assignee; the wait is known only if the file has assigned_at."""
    conversation = placed.conversation
    return AssignmentRow(
        account_id=conversation.account_id,
        conversation_id=conversation_id,
        inbox_id=conversation.inbox_id,
        agent_id=conversation.assignee_id,
        source=Source.BY_HAND,
        reason=AssignmentSource.IMPORTED,
        waiting_since=conversation.created_at if placed.row.assigned_at else None,
        at=conversation.assigned_at or conversation.created_at,
    )


def _created(conversation_id: int, placed: Placed, now: datetime) -> EventRow:
    return EventRow(
        account_id=placed.conversation.account_id,
        events=(Event.CONVERSATION_CREATED,),
        conversation_id=conversation_id,
        agent_id=placed.conversation.assignee_id,
        at=now,
    )


def _count(report: ImportReport, new: Sequence[Placed], *, there: int) -> None:
    report.created += len(new)
    report.existing += there
    report.waiting.update(placed.conversation.inbox_id for placed in new if placed.waits)
    for placed in new:
        report.notes.add(placed.row.line, placed.notes)


def _to_be_assigned(work: UnitOfWork, wanted: Import, report: ImportReport) -> int:
    """Return the number of new conversations that wait in inboxes with all four switches on (E1)."""
    routed = routing.read_many(work.session, wanted.account_id, report.waiting)
    on = [one.inbox.id for one in routed if planner.switched_off(one.inbox, one.policy, wanted.now) is None]
    return sum(report.waiting[inbox_id] for inbox_id in on)
