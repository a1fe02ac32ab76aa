"""A strict CSV reader: a malformed row is reported and skipped, and the rows after it are still read."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

MAX_ROW_LENGTH = 1_048_576
# The csv module's own limit is per field, lower, and one for the whole process.
csv.field_size_limit(2 * MAX_ROW_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRecord:
    """A row: its first line (from 1), its number of lines, its values.

    `hidden_rows` counts the lines inside its values that parse as rows of the same width.
    """

    line: int
    spans: int
    values: tuple[str, ...]
    hidden_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A malformed row: its first line, its number of lines, the reason, and the line at which reading resumes."""

    line: int
    spans: int
    why: str
    resumes_at: int


def first_record(lines: Iterable[str], *, separator: str) -> CsvRecord | Broken | None:
    """Return the first row that is not empty, of any width; None if there is none."""
    return _Reader(lines, 1, separator).next_row()


def records(lines: Iterable[str], *, first_line: int, separator: str, width: int) -> Iterator[CsvRecord | Broken]:
    """Yield the rows of this width, and a Broken for each row that is malformed; empty rows are skipped.

    An unbalanced quote joins the lines of several rows: reading resumes at the first of them that begins a row.
    """
    reader = _Reader(lines, first_line, separator)
    while (found := reader.next_row()) is not None:
        if isinstance(found, CsvRecord) and len(found.values) == width:
            yield found if found.spans == 1 else replace(found, hidden_rows=_hidden_rows(found, separator))
        else:
            yield _broken(found, width, resumes_at=_recover(reader, found, width))


class _Reader:
    """Reads rows of any width; the lines of the last row, or all but its first, can be pushed back."""

    def __init__(self, lines: Iterable[str], first_line: int, separator: str) -> None:
        self.line = first_line
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._taken: list[str] = []
        self._separator = separator

    def next_row(self) -> CsvRecord | Broken | None:
        """Return the next row that is not empty."""
        while True:
            start, self._taken = self.line, []
            values = _parsed(self._take(), self._separator)
            spans = self.line - start
            if not self._taken:
                return None
            if values is None or self._is_too_long():
                return Broken(line=start, spans=spans, why=self._fault(), resumes_at=self.line)
            if any(value.strip() for value in values):
                return CsvRecord(line=start, spans=spans, values=tuple(values))

    def push_back(self, *, but: int = 0) -> None:
        """Read the lines of the last row again, except the first `but` of them."""
        self._ahead.extendleft(reversed(self._taken[but:]))
        self.line -= len(self._taken) - but
        self._taken = []

    def begins_a_row(self, found: CsvRecord | Broken, width: int) -> bool:
        """Return whether the last row has this width, or its first line has enough separators for one."""
        if isinstance(found, CsvRecord) and len(found.values) == width:
            return True
        return self._taken[0].count(self._separator) >= width - 1

    def _take(self) -> Iterator[str]:
        length = 0
        while length <= MAX_ROW_LENGTH:
            line = self._ahead.popleft() if self._ahead else next(self._lines, None)
            if line is None:
                return
            self.line += 1
            self._taken.append(line)
            length += len(line)
            yield line

    def _is_too_long(self) -> bool:
        return sum(map(len, self._taken)) > MAX_ROW_LENGTH

    def _fault(self) -> str:
        if self._is_too_long():
            return f"The row is longer than {MAX_ROW_LENGTH:,} characters; an opening quote may never be closed."
        if _parsed([*self._taken, '"'], self._separator) is not None:
            return "A quote opens and is not closed before the end of the file."
        return "Text follows a closing quote; inside quotes, a quote is written twice."


def _parsed(lines: Iterable[str], separator: str) -> Sequence[str] | None:
    """Return the values of the first row, None if it is malformed or missing."""
    try:
        return next(csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True), None)
    except csv.Error:
        return None


def _hidden_rows(record: CsvRecord, separator: str) -> int:
    lines = (line for value in record.values if "\n" in value or "\r" in value for line in value.splitlines())
    rows = (_parsed([line], separator) for line in lines)
    return sum(row is not None and len(row) == len(record.values) for row in rows)


def _recover(reader: _Reader, broken: CsvRecord | Broken, width: int) -> int:
    """Move to the first line after the start of a broken row that begins another row; return its number.

    A row that is malformed only by its width ends at its own last line.
    """
    end = broken.line + broken.spans if isinstance(broken, CsvRecord) or broken.spans == 1 else None
    reader.push_back(but=1)
    while reader.line != end:
        found = reader.next_row()
        begins_a_row = found is None or reader.begins_a_row(found, width)
        reader.push_back(but=0 if begins_a_row else 1)
        if begins_a_row:
            break
    return reader.line


def _broken(found: CsvRecord | Broken, width: int, *, resumes_at: int) -> Broken:
    if isinstance(found, Broken):
        why = found.why
    else:
        columns = "1 column" if len(found.values) == 1 else f"{len(found.values)} columns"
        why = f"It has {columns}, and the header has {width}."
    return Broken(line=found.line, spans=found.spans, why=why, resumes_at=resumes_at)
