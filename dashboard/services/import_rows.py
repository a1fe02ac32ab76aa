"""A file of conversations as it is read: its rows, and what is wrong with those that cannot be imported."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from dashboard.engine.policy import LABEL_LENGTH, MOST_LABELS
from dashboard.services.forms.base import Form
from dashboard.services.forms.fields import Instant, Text, of_length

NEEDED = frozenset({"external_id", "inbox", "created_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One row of the file."""

    external_id: str
    inbox: str
    contact: str | None = None
    subject: str | None = None
    labels: tuple[str, ...] = ()
    priority: int | None = None
    created_at: datetime
    resolved_at: datetime | None = None
    handled_by: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported, and why; `line` is where it begins, the header being line 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class BadFile:
    """Nothing of the file can be imported, and why."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds."""

    rows: tuple[ImportRow, ...]
    bad: tuple[BadRow, ...]


class ImportForm(Form):
    """What a row may say; a column that is empty says nothing."""

    makes = ImportRow

    external_id = Text(required=True, validate=of_length())
    inbox = Text(required=True, validate=of_length())
    contact = Text(validate=of_length())
    subject = Text()
    labels = fields.List(Text(validate=validate.Length(1, LABEL_LENGTH)), validate=validate.Length(max=MOST_LABELS))
    priority = fields.Integer(validate=validate.Range(1, 4))
    created_at = Instant(required=True)
    resolved_at = Instant()
    handled_by = Text(validate=of_length())

    @validates_schema
    def _ends_after_it_begins(self, data: Mapping[str, Any], **_: object) -> None:
        if "resolved_at" in data and data["resolved_at"] < data["created_at"]:
            raise ValidationError("Must not be before created_at.", "resolved_at")


FORM = ImportForm()


def read(lines: Iterable[str], *, inbox_column: str = "inbox") -> Read | BadFile:
    """Read a file with its header; the inbox's name stands in the column that is named here."""
    reader = csv.reader(lines)
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        return BadFile(f"Line 1 is not CSV: {error}.")
    columns = {field: inbox_column if field == "inbox" else field for field in FORM.fields}
    if missing := [columns[field] for field in sorted(NEEDED) if columns[field] not in header]:
        return BadFile(f"Line 1 must name the columns, and lacks {', '.join(missing)}.")
    places = {field: header.index(column) for field, column in columns.items() if column in header}
    found = list(_rows(reader, places, len(header)))
    rows, bad = [one for one in found if isinstance(one, ImportRow)], [one for one in found if isinstance(one, BadRow)]
    return Read(tuple(rows), tuple(bad))


def moved_to(now: datetime, rows: Sequence[ImportRow]) -> list[ImportRow]:
    """Return the rows with all times moved so that the latest is created now."""
    by = now - max((row.created_at for row in rows), default=now)
    return [
        replace(row, created_at=row.created_at + by, resolved_at=row.resolved_at and row.resolved_at + by)
        for row in rows
    ]


def _rows(reader: Any, places: Mapping[str, int], width: int) -> Iterator[ImportRow | BadRow]:
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(line, f"It is not CSV: {error}.")
            continue
        if values:
            yield _row(line, values, places, width)


def _row(line: int, values: Sequence[str], places: Mapping[str, int], width: int) -> ImportRow | BadRow:
    if len(values) != width:
        return BadRow(line, f"It has {len(values)} columns, and the header {width}.")
    said = {field: value for field, place in places.items() if (value := values[place].strip())}
    try:
        row: ImportRow = FORM.load({**said, "labels": said.get("labels", "").split()})
    except ValidationError as error:
        return BadRow(line, _sentence(error.messages_dict))
    return replace(row, labels=tuple(row.labels))


def _sentence(messages: Mapping[str, Any]) -> str:
    return " ".join(f"{field}: {_flat(why)}" for field, why in messages.items())


def _flat(why: Any) -> str:
    return " ".join(map(_flat, why.values() if isinstance(why, dict) else why)) if not isinstance(why, str) else why
