"""A file of conversations, read in two passes: a survey of its dates, then the rows.

Neither pass holds more than one row in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from dashboard.services.core.form_fields import EARLIEST, LATEST
from dashboard.services.csv_import.reading import instants, layout, rows, words
from dashboard.services.csv_import.reading.columns import Field
from dashboard.services.csv_import.reading.instants import DateOrder, Reading
from dashboard.services.csv_import.reading.layout import BadFile, Layout
from dashboard.services.csv_import.reading.records import Broken, CsvRecord
from dashboard.services.csv_import.reading.rows import BadRow, ImportRow
from dashboard.services.csv_import.reading.values import ReadingOptions

INSTANTS = (Field.CREATED_AT, Field.ASSIGNED_AT, Field.UPDATED_AT, Field.RESOLVED_AT, Field.CLOSED_AT)
AMBIGUOUS = (
    "Line {line}: “{text}” may have the day or the month first, and no other row shows which. "
    "Add --dates dmy or --dates mdy."
)
MIXED = (
    "Line {line}: “{text}” may have the day or the month first, and the file has dates of both kinds (lines "
    "{day_first} and {month_first}). Add --dates dmy or --dates mdy; rows of the other kind are then bad."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How to read a file; without `order`, the dates of the file show it."""

    now: datetime
    zone: tzinfo
    inbox_column: str | None = None
    order: DateOrder | None = None
    label_separator: str = " "
    as_of_now: bool = False


@dataclass(slots=True)
class Survey:
    """The result of the first pass: lines that show the order of day and month, and the latest created_at by order."""

    rows: int = 0
    shown_on: dict[DateOrder, int] = field(default_factory=dict)
    ambiguous: tuple[int, str] | None = None
    without_zone: bool = False
    latest: dict[DateOrder | None, datetime] = field(default_factory=dict)

    def note(self, line: int, text: str, reading: Reading) -> None:
        """Record the order that a value shows."""
        self.without_zone |= not reading.names_zone
        if reading.shows:
            self.shown_on.setdefault(reading.shows, line)
        elif reading.is_ambiguous and self.ambiguous is None:
            self.ambiguous = line, text

    def note_created(self, reading: Reading) -> None:
        """Record the latest created_at, by order of day and month."""
        for order in (None, *DateOrder):
            at = reading.by(order)
            if at is not None and EARLIEST <= at <= LATEST:
                self.latest[order] = max(at, self.latest.get(order, at))

    def order(self) -> DateOrder | BadFile | None:
        """Return the order that the dates show, None if none is needed, BadFile if it would be a guess."""
        if len(self.shown_on) == 1:
            return next(iter(self.shown_on))
        if self.ambiguous is None:
            return None
        line, text = self.ambiguous
        shown = {order.name.lower(): on for order, on in self.shown_on.items()}
        return BadFile((MIXED if shown else AMBIGUOUS).format(line=line, text=text, **shown))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """A file that can be imported: its rows, their number, and remarks for people."""

    layout: Layout
    options: ReadingOptions
    count: int
    remarks: tuple[str, ...]

    def rows(self) -> Iterator[ImportRow | BadRow]:
        """Read the rows from the beginning."""
        for record in self.layout.records():
            yield (
                rows.read_row(record, self.layout.columns, self.options)
                if isinstance(record, CsvRecord)
                else BadRow(record.line, _sentence(record))
            )


def prepare(path: Path, wanted: ImportOptions) -> ImportFile | BadFile:
    """Recognise a file and survey its rows."""
    found = layout.recognise(path, inbox_column=wanted.inbox_column)
    if isinstance(found, BadFile):
        return found
    surveyed = survey(found, wanted.zone)
    order = wanted.order or surveyed.order()
    if isinstance(order, BadFile):
        return order
    latest = surveyed.latest.get(order, wanted.now)
    options = ReadingOptions(
        now=wanted.now,
        zone=wanted.zone,
        order=order,
        label_separator=wanted.label_separator,
        moved_by=wanted.now - latest if wanted.as_of_now else None,
    )
    remarks = [*found.remarks, *_remarks(surveyed, wanted, order)]
    return ImportFile(layout=found, options=options, count=surveyed.rows, remarks=tuple(remarks))


def survey(found: Layout, zone: tzinfo) -> Survey:
    """Read the instants of all rows."""
    surveyed = Survey()
    places = {field: found.columns.places[field][0] for field in INSTANTS if field in found.columns.places}
    for record in found.records():
        surveyed.rows += 1
        if isinstance(record, CsvRecord):
            _survey_row(surveyed, record, places, zone)
    return surveyed


def _survey_row(surveyed: Survey, record: CsvRecord, places: Mapping[Field, int], zone: tzinfo) -> None:
    for field_, place in places.items():
        text = record.values[place].strip()
        reading = None if words.is_never(text) else instants.read(text, zone)
        if reading is None:
            continue
        surveyed.note(record.line, text, reading)
        if field_ is Field.CREATED_AT:
            surveyed.note_created(reading)


def _remarks(surveyed: Survey, wanted: ImportOptions, order: DateOrder | None) -> list[str]:
    remarks = []
    if order and not wanted.order:
        first = "day" if order is DateOrder.DAY_FIRST else "month"
        remarks.append(f"Dates are read with the {first} first, as line {surveyed.shown_on[order]} shows.")
    if surveyed.without_zone:
        remarks.append(f"Instants without a time zone are read as {wanted.zone}; --timezone names another.")
    return remarks


def _sentence(broken: Broken) -> str:
    if broken.spans == 1:
        return broken.why
    return f"{broken.why} The row spans {broken.spans} lines, and reading goes on at line {broken.resumes_at}."
