"""The strict reader: a row that is not CSV costs itself, and never the rows after it."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.services.csv_import.reading import records
from dashboard.services.csv_import.reading.records import Broken, CsvRecord


def read(text: str, *, width: int = 4, separator: str = ",") -> list[CsvRecord | Broken]:
    lines = io.StringIO(text, newline="")
    return list(records.records(lines, first_line=2, separator=separator, width=width))


def firsts(found: list[CsvRecord | Broken]) -> Iterator[str]:
    """Return the first value of each row, and the line of each broken one."""
    for one in found:
        yield one.values[0] if isinstance(one, CsvRecord) else f"line {one.line}"


def test_an_unbalanced_quote_costs_its_own_row_and_names_its_first_line_and_how_many_it_spans():
    """Seen to fail with a lenient reader, which put the lines of two other rows into one subject."""
    found = read(
        'A1,Support,"27 inch screen,2026-11-30T08:00:00Z\n'
        "A2,Support,lost,2026-11-30T08:00:00Z\n"
        'A3,Support,a 19" rack,2026-11-30T08:00:00Z\n'
        "A4,Support,fine,2026-11-30T08:00:00Z\n"
    )

    assert list(firsts(found)) == ["line 2", "A2", "A3", "A4"]
    broken, _, rack, _ = found
    assert isinstance(broken, Broken)
    assert (broken.line, broken.spans, broken.resumes_at) == (2, 3, 3)
    assert isinstance(rack, CsvRecord)
    assert rack.values[2] == 'a 19" rack'


@pytest.mark.parametrize(
    "row",
    [
        'B,S,"x" y,2026',
        'B,S,""x"",2026',
        'B,S,"a \\" b",2026',
        'B,S, "x" y,2026',
        'B,S,"never closed,2026',
        'B,S,""",2026',
    ],
)
def test_what_is_not_csv_is_an_error_and_the_next_row_is_read(row: str):
    """Seen to fail with a lenient reader, which read each of these as something."""
    found = read(f"A,S,x,2026\n{row}\nC,S,x,2026\n")

    assert list(firsts(found)) == ["A", "line 3", "C"]


def test_a_quote_that_is_open_at_the_end_of_the_file_is_an_error_of_its_own_line():
    found = read('A,S,"open,2026\nB,S,x,2026\nC,S,x,2026')

    assert list(firsts(found)) == ["line 2", "B", "C"]
    assert isinstance(found[0], Broken)
    assert "end of the file" in found[0].why


def test_each_row_with_an_unbalanced_quote_is_counted_by_itself():
    found = read('A,S,"27 inch,2026\nB,S,"30 inch,2026\nC,S,x,2026\n')

    assert list(firsts(found)) == ["line 2", "line 3", "C"]


def test_a_row_over_several_lines_that_breaks_off_takes_its_own_lines_with_it():
    found = read('A,S,"first\nsecond ""x" third\nfourth",2026\nB,S,x,2026\n')

    assert list(firsts(found)) == ["line 2", "B"]


def test_a_row_of_another_width_over_several_lines_ends_where_it_ends():
    found = read('A,S,"first\nsecond"\nB,S\nC,S,x,2026\n')

    assert list(firsts(found)) == ["line 2", "line 4", "C"]
    assert isinstance(found[0], Broken)
    assert (found[0].why, found[0].spans) == ("It has 3 columns, and the header has 4.", 2)


def test_a_value_over_several_lines_that_holds_rows_is_told_of():
    """A quote that opens in one row and is closed in another is CSV: only its lines look like rows."""
    swallowing, honest = read('A,S,"27 inch,2026\nB,S,x,2026\nC,S,19",2026\nD,S,"several lines,\nbut no rows",2026\n')

    assert isinstance(swallowing, CsvRecord)
    assert isinstance(honest, CsvRecord)
    assert (swallowing.hidden_rows, honest.hidden_rows) == (1, 0)


def test_rows_of_nothing_are_passed_over_and_lines_are_still_counted():
    found = read("\n,,,\n  ,,\t,\r\nA,S\n;;;\n")

    assert list(firsts(found)) == ["line 5", "line 6"]


def test_a_row_that_is_too_long_is_an_error_and_is_not_kept_in_memory():
    long = "x" * records.MAX_ROW_LENGTH

    found = read(f'A,S,{long},2026\nB,S,x,2026\nC,S,"{long}\nD,S,x,2026\n')

    assert list(firsts(found)) == ["line 2", "B", "line 4", "D"]
    assert [len(one.why) < 200 for one in found if isinstance(one, Broken)] == [True, True]


@given(st.lists(st.lists(st.text(alphabet='ab",\n\r ', max_size=6).map(str.strip), min_size=3, max_size=3), max_size=6))
def test_whatever_is_written_as_csv_is_read_back(rows: list[list[str]]):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)

    read_back = [list(one.values) for one in read(text.getvalue(), width=3) if isinstance(one, CsvRecord)]

    assert read_back == [row for row in rows if any(row)]


@given(st.lists(st.text(alphabet='a",\n', max_size=12), max_size=12))
def test_no_row_is_lost_whatever_stands_around_it(around: list[str]):
    """A line that is a row by itself is read as one, or told of as a line of another row's value.

    Seen to fail with reading that went on after the last line of a broken row.
    """
    text = "".join(f"{line}\nGOOD,b,c\n" for line in around)

    found = [one for one in read(text, width=3) if isinstance(one, CsvRecord)]

    seen = sum(one.values[0] == "GOOD" for one in found)
    assert seen + sum(one.hidden_rows for one in found) >= len(around)
