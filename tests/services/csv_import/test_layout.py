"""Encodings, separators and headers of files as programs write them."""

from pathlib import Path

import pytest

from dashboard.services.csv_import.reading import layout
from dashboard.services.csv_import.reading.columns import Field
from dashboard.services.csv_import.reading.decoding import Encoding
from dashboard.services.csv_import.reading.layout import BadFile, Layout
from dashboard.services.csv_import.reading.rows import ImportRow
from tests.importing import found_in, written

HEADER = "external_id,inbox,subject,labels,created_at,handled_by"
ROW = "T-1,Küche,Zoë owes 5 €,,2026-03-02T08:00:00Z,Bo"
TEXT = f"{HEADER}\n{ROW}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversations.csv"


def recognised(path: Path, text: str | bytes, **wanted: str) -> Layout:
    found = layout.recognise(written(path, text), **wanted)
    assert isinstance(found, Layout), found
    return found


def refused(path: Path, text: str | bytes) -> str:
    found = layout.recognise(written(path, text))
    assert isinstance(found, BadFile)
    return found.sentence


def only_row(path: Path, text: str | bytes) -> ImportRow:
    [row] = found_in(written(path, text))
    assert isinstance(row, ImportRow), row
    return row


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [
        ("utf-8", Encoding.UTF_8),
        ("utf-8-sig", Encoding.UTF_8),
        ("utf-16", Encoding.UTF_16),
        ("utf-16-be-with-mark", Encoding.UTF_16),
        ("cp1252", Encoding.WINDOWS_1252),
    ],
)
def test_each_encoding_is_read_by_its_mark_or_by_what_fits(path: Path, encoding: str, kind: Encoding):
    """Seen to fail for UTF-16, and for Windows-1252 with "Not a valid text" for each row."""
    encoded = b"\xfe\xff" + TEXT.encode("utf-16-be") if encoding.endswith("mark") else TEXT.encode(encoding)

    row = only_row(path, encoded)

    assert (row.inbox, row.subject) == ("Küche", "Zoë owes 5 €")
    assert recognised(path, encoded).text.encoding is kind


def test_an_encoding_that_was_guessed_is_told_of(path: Path):
    assert "Windows-1252" in recognised(path, TEXT.encode("cp1252")).remarks[0]
    assert recognised(path, TEXT).remarks == []


def test_broken_bytes_of_a_file_in_utf_8_spoil_only_their_own_value(path: Path):
    """Seen to fail where one wrong byte made the whole file one of Windows."""
    good, broken = found_in(written(path, TEXT.encode() + b"T-2,K\xc3\xbcche,\xff,,2026-03-02T08:00:00Z,Bo\n"))

    assert isinstance(good, ImportRow)
    assert isinstance(broken, ImportRow)
    assert (good.subject, broken.inbox, broken.subject) == ("Zoë owes 5 €", "Küche", None)
    assert [note.key for note in broken.notes] == ["subject_unreadable"]


@pytest.mark.parametrize(
    ("first", "separator"),
    [("", ","), ("", ";"), ("", "\t"), ("sep=;\r\n", ";"), ('"sep=|"\n', "|"), ("SEP=,\n", ",")],
)
def test_each_separator_is_read_and_lines_are_counted_from_the_first(path: Path, first: str, separator: str):
    """Seen to fail with "lacks created_at, external_id, inbox" for all but the comma."""
    text = (first + TEXT + "T-2\n").replace(",", separator)

    row, bad = found_in(written(path, text))

    assert isinstance(row, ImportRow)
    assert (row.inbox, row.handled_by) == ("Küche", "Bo")
    assert bad.line - row.line == 1
    assert row.line == (3 if first else 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_kind_of_line_end_is_read(path: Path, end: str):
    assert only_row(path, TEXT.replace("\n", end)).handled_by == "Bo"


def test_a_header_is_read_in_any_case_and_with_spaces(path: Path):
    """Seen to fail with "lacks created_at, external_id, inbox"."""
    row = only_row(path, "\ufeff External ID ;INBOX;Created-At\nT-1;Support;2026-03-02T08:00:00Z\n")

    assert (row.external_id, row.inbox) == ("T-1", "Support")


def test_blank_rows_and_rows_of_separators_are_passed_over(path: Path):
    """Seen to fail with a bad row for each row of separators."""
    rows = list(found_in(written(path, f"{HEADER}\n\n{ROW}\n,,,,,\n  , ,,,,\n\n{ROW}\n")))

    assert [row.line for row in rows] == [3, 7]


def test_several_columns_of_labels_are_joined(path: Path):
    """Seen to fail: the first column alone was read."""
    row = only_row(
        path, "external_id,inbox,created_at,labels,Labels,tags\nT-1,S,2026-03-02T08:00:00Z,vip new,late vip,other\n"
    )

    assert row.labels == ("vip", "new", "late")


def test_any_other_column_that_is_read_twice_is_refused_by_its_name_and_one_that_is_not_read_is_no_matter(path: Path):
    """Seen to fail: the first column was read and the second ignored."""
    assert "Subject more than once" in refused(path, "external_id,inbox,created_at,Subject,subject\n")
    assert "Id more than once" in refused(path, "Id,Group,Created at,ID\n")

    found = recognised(path, "external_id,inbox,created_at,Comment,Comment\n")

    assert found.columns.left_out == ("Comment",)


def test_the_first_synonym_that_a_file_has_is_read_and_told_of(path: Path):
    found = recognised(path, "Issue id,Issue key,Project name,Created,Resolution,Summary\n")

    assert found.columns.renamed == {
        Field.EXTERNAL_ID: "Issue key", Field.INBOX: "Project name", Field.CREATED_AT: "Created",
        Field.SUBJECT: "Summary",
    }  # fmt: skip
    assert found.columns.left_out == ("Issue id", "Resolution")
    assert found.remarks == [
        "Columns read: external_id from “Issue key”, inbox from “Project name”, subject from “Summary”, "
        "created_at from “Created”.",
        "Columns not read: Issue id, Resolution.",
    ]


def test_a_duration_is_never_read_as_an_instant(path: Path):
    found = recognised(path, "Id,Group,Created at,Resolution time,First reply time in minutes\n")

    assert Field.RESOLVED_AT not in found.columns.places


def test_the_inbox_may_be_read_from_any_column_that_is_named(path: Path):
    found = recognised(path, "external_id,inbox,created_at,Site\n", inbox_column="site")

    assert found.columns.places[Field.INBOX] == (3,)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "The file is empty."),
        ("\n\n", "The file is empty."),
        ("external_id,inbox\n", "lacks created_at"),
        ('"external_id,inbox,created_at\n', "The header is not CSV"),
        ("\0\0\0\0", "lacks external_id, inbox, created_at"),
    ],
)
def test_a_file_without_a_header_is_refused_in_a_sentence(path: Path, text: str, why: str):
    assert why in refused(path, text)


def test_a_line_without_an_end_is_not_read_whole(path: Path):
    """Seen to fail with the whole file in memory."""
    with path.open("wb") as file:
        file.write(TEXT.encode())
        for _ in range(40):
            file.write(b"x" * 1_000_000)

    lines = [len(line) for line in layout.decoding.opened(path).lines()]

    assert len(lines) == 3
    assert max(lines) < 2_000_000
