"""The layout of a file: encoding, separator, header."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dashboard.services.csv_import.reading import decoding, records
from dashboard.services.csv_import.reading.columns import BadHeader, Columns, columns, recognised
from dashboard.services.csv_import.reading.decoding import Encoding, TextFile
from dashboard.services.csv_import.reading.records import Broken, CsvRecord

SEPARATORS = (",", ";", "\t")
# A line that Excel writes before the header.
NAMED_SEPARATOR = re.compile(r'"?sep=([^"\s]|\t)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The place of the rows in a file, and the fields of their columns."""

    text: TextFile
    separator: str
    columns: Columns
    first_line: int

    def records(self) -> Iterator[CsvRecord | Broken]:
        """Read the rows after the header."""
        body = islice(self.text.lines(), self.first_line - 1, None)
        return records.records(body, first_line=self.first_line, separator=self.separator, width=self.columns.width)

    @property
    def remarks(self) -> list[str]:
        """Return sentences on a guessed encoding, renamed columns and ignored columns."""
        remarks = []
        if self.text.encoding is Encoding.WINDOWS_1252:
            remarks.append("The file is not UTF-8; it is read as Windows-1252.")
        if renamed := [f"{field} from “{name}”" for field, name in self.columns.renamed.items()]:
            remarks.append(f"Columns read: {', '.join(renamed)}.")
        if left_out := self.columns.left_out:
            remarks.append(f"Columns not read: {', '.join(left_out)}.")
        return remarks


@dataclass(frozen=True, slots=True)
class BadFile:
    """The reason why no row of a file can be imported."""

    sentence: str


def recognise(path: Path, *, inbox_column: str | None = None) -> Layout | BadFile:
    """Return the layout; the separator with the most known column names is chosen."""
    text = decoding.opened(path)
    named = NAMED_SEPARATOR.fullmatch(next(text.lines(), "").rstrip("\r\n"))
    header_line = 2 if named else 1
    found = {
        separator: records.first_record(islice(text.lines(), header_line - 1, None), separator=separator)
        for separator in ((named[1],) if named else SEPARATORS)
    }
    headers = {separator: one for separator, one in found.items() if isinstance(one, CsvRecord)}
    if not headers:
        return BadFile(_no_header(next(iter(found.values()))))
    separator, header = max(headers.items(), key=lambda one: (recognised(one[1].values), len(one[1].values)))
    known = columns(header.values, inbox_column=inbox_column)
    if isinstance(known, BadHeader):
        return BadFile(known.why)
    first_line = header_line - 1 + header.line + header.spans
    return Layout(text=text, separator=separator, columns=known, first_line=first_line)


def _no_header(found: Broken | CsvRecord | None) -> str:
    return f"The header is not CSV: {found.why}" if isinstance(found, Broken) else "The file is empty."
