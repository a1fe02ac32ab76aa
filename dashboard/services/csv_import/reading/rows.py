"""Rows as conversations; a row is bad only for external_id, inbox, created_at or an impossible end."""

from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.engine.model import Status
from dashboard.services.csv_import.reading.columns import Columns, Field
from dashboard.services.csv_import.reading.notes import Note, NoteKind
from dashboard.services.csv_import.reading.records import CsvRecord
from dashboard.services.csv_import.reading.values import ReadingOptions, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """A conversation of the file; `resolved_at` is set if, and only if, it is resolved.

    `end_is_known` is false if `resolved_at` is a guess. `is_unassigned` is true for an open row with an end in the
    future (--as-of-now): it waits although the file names its agent.
    """

    line: int
    external_id: str
    inbox: str
    contact: str | None = None
    subject: str | None = None
    labels: tuple[str, ...] = ()
    priority: int | None = None
    status: Status = Status.OPEN
    created_at: datetime
    assigned_at: datetime | None = None
    resolved_at: datetime | None = None
    end_is_known: bool = True
    handled_by: str | None = None
    is_unassigned: bool = False
    team: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported: its first line (from 1) and the reason."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The current status of a conversation, with its end if it is resolved."""

    status: Status
    resolved_at: datetime | None = None
    end_is_known: bool = True
    is_unassigned: bool = False


def read_row(record: CsvRecord, columns: Columns, options: ReadingOptions) -> ImportRow | BadRow:
    """Return the row, or the reason why it is bad."""
    values = Values(record.values, columns, options)
    created_at = values.instant(Field.CREATED_AT)
    if created_at is None:
        values.faults.setdefault(Field.CREATED_AT, "It is no instant.")
        created_at = options.now
    assigned_at = values.instant(Field.ASSIGNED_AT)
    outcome = _outcome(values, created_at, assigned_at, options)
    row = ImportRow(
        line=record.line,
        external_id=values.needed(Field.EXTERNAL_ID),
        inbox=values.needed(Field.INBOX),
        contact=values.optional(Field.CONTACT),
        subject=values.subject(),
        labels=values.labels(),
        priority=values.priority(),
        status=outcome.status,
        created_at=created_at,
        assigned_at=_between(values, created_at, assigned_at, outcome.resolved_at or options.now),
        resolved_at=outcome.resolved_at,
        end_is_known=outcome.end_is_known,
        handled_by=values.optional(Field.HANDLED_BY),
        is_unassigned=outcome.is_unassigned,
        team=values.optional(Field.TEAM),
    )
    if record.hidden_rows:
        values.note(NoteKind.LIKE_ROWS, None)
    if values.faults:
        return BadRow(record.line, " ".join(f"{field}: {why}" for field, why in values.faults.items()))
    return replace(row, notes=tuple(values.notes))


def _outcome(values: Values, created_at: datetime, assigned_at: datetime | None, options: ReadingOptions) -> RowOutcome:
    """Return the outcome: by the status, else by the end."""
    ended_at = values.instant(Field.RESOLVED_AT) or values.instant(Field.CLOSED_AT)
    status = values.status()
    if ended_at and ended_at > options.now:
        if options.moved_by is None:
            values.faults.setdefault(Field.RESOLVED_AT, f"It lies ahead of now, {options.now:%Y-%m-%d %H:%M} UTC.")
        return RowOutcome(Status.OPEN, is_unassigned=True)
    if status is None:
        status = Status.RESOLVED if values.has_ended() else Status.OPEN
    if status is Status.RESOLVED and ended_at:
        if ended_at < created_at:
            values.note(NoteKind.EARLY, Field.RESOLVED_AT)
        return RowOutcome(status, max(ended_at, created_at))
    if status is Status.RESOLVED:
        values.note(NoteKind.MISSING, Field.RESOLVED_AT)
        known = (values.instant(Field.UPDATED_AT), assigned_at)
        last = next((at for at in known if at and created_at <= at <= options.now), created_at)
        return RowOutcome(status, last, end_is_known=False)
    if values.has_ended():
        values.note(NoteKind.OUTRANKED, Field.RESOLVED_AT)
    return RowOutcome(status)


def _between(values: Values, earliest: datetime, at: datetime | None, latest: datetime) -> datetime | None:
    if at is None or earliest <= at <= latest:
        return at
    values.note(NoteKind.IMPLAUSIBLE, Field.ASSIGNED_AT)
    return None
