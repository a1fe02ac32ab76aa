"""The values of one row, read field by field; dropped values become notes, missing required ones faults."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from marshmallow import ValidationError

from dashboard.engine.model import Status
from dashboard.services.csv_import.reading import instants, limits, words
from dashboard.services.csv_import.reading.columns import Columns, Field
from dashboard.services.csv_import.reading.instants import DateOrder
from dashboard.services.csv_import.reading.names import visible
from dashboard.services.csv_import.reading.notes import Note, NoteKind

# Names, in which zero-width characters do not count.
NAMES = frozenset({Field.INBOX, Field.HANDLED_BY, Field.TEAM, Field.LABELS})
ENDS = (Field.RESOLVED_AT, Field.CLOSED_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """How to read values: `order` is that of day and month, `moved_by` is added to all instants (--as-of-now)."""

    now: datetime
    zone: tzinfo
    order: DateOrder | None = None
    label_separator: str = " "
    moved_by: timedelta | None = None


class Values:
    """The values of a row, with the notes and faults of the fields read so far."""

    def __init__(self, values: Sequence[str], columns: Columns, options: ReadingOptions) -> None:
        self.notes: list[Note] = []
        self.faults: dict[Field, str] = {}
        self._values, self._columns, self._options = values, columns, options

    def needed(self, field: Field) -> str:
        """Return a required text. An identifier is not cut: two could become equal."""
        text = self._text(field)
        if words.is_nothing(text):
            self.faults[field] = "It is empty."
        elif field is Field.EXTERNAL_ID and len(text) > limits.MAX_LENGTHS[field]:
            self.faults[field] = f"It is longer than {limits.MAX_LENGTHS[field]} characters."
        elif (fitted := self._fitted(field, text)) is None:
            self.faults[field] = "It cannot be read."
        else:
            return fitted
        return ""

    def optional(self, field: Field) -> str | None:
        """Return a text, or None."""
        text = self._text(field)
        return None if words.is_nothing(text) else self._fitted(field, text)

    def subject(self) -> str | None:
        """Return the subject; a word such as "none" may be a customer's own."""
        text = self._text(Field.SUBJECT)
        return None if words.is_absent(text) else self._fitted(Field.SUBJECT, text)

    def instant(self, field: Field) -> datetime | None:
        """Return an instant, or None; created_at or an end outside the range is a fault."""
        text = self._text(field)
        if words.is_never(text):
            return None
        reading = instants.read(text, self._options.zone)
        at = reading.by(self._options.order) if reading else None
        if at is None:
            self.note(NoteKind.UNREADABLE, field, text)
            return None
        try:
            in_range: datetime = limits.INSTANT.deserialize(at.isoformat())
        except ValidationError as error:
            self._refuse(field, " ".join(error.messages))
            return None
        return in_range + (self._options.moved_by or timedelta())

    def has_ended(self) -> bool:
        """Return whether the row has an end, readable or not."""
        return any(not words.is_never(self._text(field)) for field in ENDS)

    def status(self) -> Status | None:
        """Return the status, None if it is empty or unknown."""
        text = self._text(Field.STATUS)
        status = words.status(text)
        if status is None and not words.is_nothing(text):
            self.note(NoteKind.UNKNOWN, Field.STATUS, text)
        return status

    def priority(self) -> int | None:
        """Return the priority, None if it is empty or unknown."""
        text = self._text(Field.PRIORITY)
        priority = words.priority(text)
        if priority is None and not words.is_absent(text):
            self.note(NoteKind.UNKNOWN, Field.PRIORITY, text)
        return priority

    def labels(self) -> tuple[str, ...]:
        """Return the labels of all label columns, each once."""
        cells = [self._values[place] for place in self._columns.places.get(Field.LABELS, ())]
        titles = [title for cell in cells if not words.is_nothing(cell) for title in self._split(cell)]
        if self._options.label_separator != "," and (with_comma := [title for title in titles if "," in title]):
            self.note(NoteKind.WITH_COMMA, Field.LABELS, with_comma[0])
        kept = tuple(dict.fromkeys(fitted for title in titles if (fitted := self._fitted(Field.LABELS, title))))
        if len(kept) > limits.MAX_LABELS:
            self.note(NoteKind.TOO_MANY, Field.LABELS)
        return kept[: limits.MAX_LABELS]

    def note(self, kind: NoteKind, field: Field | None, text: str = "") -> None:
        """Add a note on a value."""
        self.notes.append(Note(kind, field, text))

    def _text(self, field: Field) -> str:
        places = self._columns.places.get(field)
        text = self._values[places[0]].strip() if places else ""
        return visible(text).strip() if field in NAMES else text

    def _fitted(self, field: Field, text: str) -> str | None:
        fitted = limits.fit(field, visible(text).strip() if field in NAMES else text)
        if fitted.text is None:
            self.note(NoteKind.UNREADABLE, field, text)
        elif fitted.is_cut:
            self.note(NoteKind.CUT, field, text)
        return fitted.text

    def _refuse(self, field: Field, why: str) -> None:
        if field in (Field.CREATED_AT, *ENDS):
            self.faults[field] = why
        else:
            self.note(NoteKind.IMPLAUSIBLE, field)

    def _split(self, cell: str) -> list[str]:
        """Return the labels of a cell; a quoted label may contain the separator."""
        separator = self._options.label_separator
        line = separator.join(cell.split()) if separator == " " else separator.join(cell.splitlines())
        try:
            [titles] = csv.reader([line], delimiter=separator, skipinitialspace=separator != " ", strict=True)
        except csv.Error:
            titles = line.split(separator)
        return [title for title in map(str.strip, titles) if title]
