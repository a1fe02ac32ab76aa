"""Rows: what a status, an end, a priority and a label mean, and the little that costs a row."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.engine.model import Status
from dashboard.engine.policy import LABEL_LENGTH, MOST_LABELS
from dashboard.services.conversations.conversation_forms import LONGEST_SUBJECT
from dashboard.services.core.form_fields import OUT_OF_RANGE
from dashboard.services.csv_import.reading import words
from dashboard.services.csv_import.reading.rows import BadRow, ImportRow
from tests.desks import NOON
from tests.importing import found_in, written

HEADER = (
    "external_id", "inbox", "contact", "subject", "labels", "priority", "status", "created_at", "assigned_at",
    "updated_at", "resolved_at", "closed_at", "handled_by",
)  # fmt: skip
CREATED = datetime(2026, 3, 1, 8, tzinfo=UTC)


def found(tmp_path: Path, *, now: datetime = NOON, as_of_now: bool = False, **values: str) -> ImportRow | BadRow:
    said = {"external_id": "T-1", "inbox": "Support", "created_at": "2026-03-01T08:00:00Z", **values}
    quoted = ['"' + said.get(name, "").replace('"', '""') + '"' for name in HEADER]
    path = written(tmp_path / "rows.csv", f"{','.join(HEADER)}\n{','.join(quoted)}\n")
    [row] = found_in(path, now=now, as_of_now=as_of_now)
    return row


def good(tmp_path: Path, *, now: datetime = NOON, as_of_now: bool = False, **values: str) -> ImportRow:
    row = found(tmp_path, now=now, as_of_now=as_of_now, **values)
    assert isinstance(row, ImportRow), row
    return row


def notes(row: ImportRow) -> list[str]:
    return [note.key for note in row.notes]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"external_id": ""}, "external_id: It is empty."),
        ({"external_id": "NULL"}, "external_id: It is empty."),
        ({"external_id": "x" * 256}, "external_id: It is longer than 255 characters."),
        ({"inbox": "\u200b"}, "inbox: It is empty."),
        ({"inbox": "-"}, "inbox: It is empty."),
        ({"created_at": ""}, "created_at: It is no instant."),
        ({"created_at": "yesterday"}, "created_at: It is no instant."),
        ({"created_at": "1969-12-31T23:59:59Z"}, f"created_at: {OUT_OF_RANGE}"),
        ({"resolved_at": "9999-12-31T23:59:59Z"}, f"resolved_at: {OUT_OF_RANGE}"),
        ({"resolved_at": "2026-03-02T12:00:01Z"}, "resolved_at: It lies ahead of now, 2026-03-02 12:00 UTC."),
        ({"closed_at": "2026-03-02T13:00:00Z", "status": "Closed"}, "resolved_at: It lies ahead"),
    ],
)
def test_only_what_is_needed_and_an_impossible_end_cost_a_row(tmp_path: Path, values: dict[str, str], why: str):
    """Seen to fail for an end that lies ahead, which made an open conversation of a resolved one."""
    bad = found(tmp_path, **values)

    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert why in bad.message


def test_all_faults_of_a_row_are_named_at_once(tmp_path: Path):
    bad = found(tmp_path, external_id="", inbox="", created_at="?")

    assert isinstance(bad, BadRow)
    assert {fault.split(":")[0] for fault in bad.message.split(". ")} == {"created_at", "external_id", "inbox"}


@pytest.mark.parametrize(
    ("said", "priority"),
    [
        ("1", 1), ("4", 4), ("2.0", 2), ("1 - Critical", 1), ("3 - Moderate", 3), ("4 - Low", 4), ("High", 2),
        ("URGENT", 1), ("Normal", 3), ("Medium", 3), ("low", 4), ("Highest", 1), ("Lowest", 4), ("P2", 2),
        ("Priority 3", 3), ("2 (high)", 2), ("0", None), ("5", None), ("5 - Planning", None), ("NA", None),
        ("2.5", None), ("-1", None), ("whenever", None), ("1_0", None), ("\u0661", None), ("9" * 5_000, None),
    ],
)  # fmt: skip
def test_a_priority_is_one_to_four_by_number_or_word_and_any_other_is_none(
    tmp_path: Path, said: str, priority: int | None
):
    """Seen to fail with a bad row for all but 1 to 4."""
    row = good(tmp_path, priority=said)

    assert row.priority == priority
    assert notes(row) == ([] if priority else ["priority_unknown"])


@pytest.mark.parametrize("said", ["", "-", "NULL", "\\N"])
def test_a_priority_that_is_not_given_is_not_told_of(tmp_path: Path, said: str):
    assert notes(good(tmp_path, priority=said)) == []


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("New", Status.OPEN), ("Open", Status.OPEN), ("In Progress", Status.OPEN), ("Work in Progress", Status.OPEN),
        ("Waiting for support", Status.OPEN), ("reopened", Status.OPEN), ("Pending", Status.PENDING),
        ("On-hold", Status.PENDING), ("on_hold", Status.PENDING), ("Hold", Status.PENDING),
        ("Awaiting Vendor", Status.PENDING), ("Awaiting User Info", Status.SNOOZED),
        ("Waiting on Customer", Status.SNOOZED), ("snoozed", Status.SNOOZED), ("Solved", Status.RESOLVED),
        ("CLOSED", Status.RESOLVED), ("Resolved", Status.RESOLVED), ("Done", Status.RESOLVED),
        ("Closed Complete", Status.RESOLVED), ("Won\u2019t do", Status.RESOLVED),
    ],
)  # fmt: skip
def test_the_words_of_helpdesks_decide_the_status(tmp_path: Path, said: str, status: Status):
    """Seen to fail: everything without an end came in open."""
    row = good(tmp_path, status=said)

    assert row.status is status
    assert (row.resolved_at is not None) is (status is Status.RESOLVED)


def test_every_status_and_priority_of_our_own_is_read_as_itself():
    assert {status: words.status(status) for status in Status} == {status: status for status in Status}
    assert [words.priority(str(priority)) for priority in (1, 2, 3, 4)] == [1, 2, 3, 4]


def test_an_unknown_status_is_told_of_and_the_end_decides(tmp_path: Path):
    open_one = good(tmp_path, status="In the lab")
    ended = good(tmp_path, status="In the lab", resolved_at="2026-03-01T09:00:00Z")

    assert (open_one.status, ended.status) == (Status.OPEN, Status.RESOLVED)
    assert notes(open_one) == notes(ended) == ["status_unknown"]


@pytest.mark.parametrize(
    ("values", "resolved_at"),
    [
        ({"resolved_at": "2026-03-01T09:00:00Z", "closed_at": "2026-03-02T09:00:00Z"}, "2026-03-01T09:00:00+00:00"),
        ({"closed_at": "2026-03-02T09:00:00Z"}, "2026-03-02T09:00:00+00:00"),
        ({"updated_at": "2026-03-01T10:00:00Z"}, "2026-03-01T10:00:00+00:00"),
        ({"updated_at": "2026-02-01T10:00:00Z", "assigned_at": "2026-03-01T08:30:00Z"}, "2026-03-01T08:30:00+00:00"),
        ({"updated_at": "2026-04-01T10:00:00Z"}, "2026-03-01T08:00:00+00:00"),
        ({}, "2026-03-01T08:00:00+00:00"),
    ],
)
def test_closed_without_a_date_is_resolved_at_its_last_known_instant(
    tmp_path: Path, values: dict[str, str], resolved_at: str
):
    """Seen to fail: closed ones came in open, and were assigned at once."""
    row = good(tmp_path, status="Closed", **values)

    assert (row.status, row.resolved_at and row.resolved_at.isoformat()) == (Status.RESOLVED, resolved_at)
    known = "resolved_at" in values or "closed_at" in values
    assert row.end_is_known is known
    assert ("resolved_at_missing" in notes(row)) is not known


def test_a_status_that_is_not_resolved_outranks_an_end(tmp_path: Path):
    row = good(tmp_path, status="Reopened", resolved_at="2026-03-01T09:00:00Z")

    assert (row.status, row.resolved_at, notes(row)) == (Status.OPEN, None, ["resolved_at_outranked"])


@pytest.mark.parametrize("said", ["-", "NULL", "0", "false", "Unresolved", "0000-00-00 00:00:00"])
def test_an_end_that_is_none_leaves_a_row_open(tmp_path: Path, said: str):
    row = good(tmp_path, resolved_at=said)

    assert (row.status, notes(row)) == (Status.OPEN, [])


def test_an_end_that_cannot_be_read_never_opens_what_was_resolved(tmp_path: Path):
    row = good(tmp_path, resolved_at="last week")

    assert (row.status, row.resolved_at) == (Status.RESOLVED, CREATED)
    assert notes(row) == ["resolved_at_unreadable", "resolved_at_missing"]


def test_an_end_before_the_beginning_is_the_beginning(tmp_path: Path):
    row = good(tmp_path, resolved_at="2026-03-01T07:59:59Z")

    assert (row.status, row.resolved_at, notes(row)) == (Status.RESOLVED, CREATED, ["resolved_at_early"])


def test_as_of_now_an_end_that_lies_ahead_makes_the_row_open_and_nobodys(tmp_path: Path):
    path = written(
        tmp_path / "rows.csv",
        "external_id,inbox,created_at,resolved_at,status,handled_by\n"
        "T-1,Support,2016-03-01T08:00:00Z,2016-03-01T09:00:00Z,Closed,Bo\n"
        "T-2,Support,2016-03-01T09:00:00Z,2016-03-01T12:00:00Z,Closed,Bo\n"
        "T-3,Support,2016-03-01T10:00:00Z,,Open,Bo\n",
    )

    rows = [row for row in found_in(path, as_of_now=True) if isinstance(row, ImportRow)]

    assert [(row.status, row.is_unassigned) for row in rows] == [
        (Status.RESOLVED, False), (Status.OPEN, True), (Status.OPEN, False),
    ]  # fmt: skip
    assert [row.created_at for row in rows] == [NOON - timedelta(hours=2), NOON - timedelta(hours=1), NOON]
    assert rows[0].resolved_at == NOON - timedelta(hours=1)


@pytest.mark.parametrize("said", ["2026-02-01T08:00:00Z", "2026-03-02T12:00:01Z", "1960-01-01T00:00:00Z"])
def test_an_impossible_beginning_of_handling_is_left_out(tmp_path: Path, said: str):
    row = good(tmp_path, assigned_at=said)

    assert (row.assigned_at, notes(row)) == (None, ["assigned_at_implausible"])


def test_every_text_has_the_limits_of_the_api_and_is_cut_to_them(tmp_path: Path):
    """Seen to fail: subjects of 131,071 characters came in."""
    row = good(
        tmp_path, subject="s" * 131_071, contact="c" * 300, inbox="i" * 300, handled_by="h" * 300, labels="l" * 300
    )

    assert [len(text or "") for text in (row.subject, row.contact, row.inbox, row.handled_by, *row.labels)] == [
        LONGEST_SUBJECT, 255, 255, 255, LABEL_LENGTH,
    ]  # fmt: skip
    assert sorted(notes(row)) == ["contact_cut", "handled_by_cut", "inbox_cut", "labels_cut", "subject_cut"]


def test_a_contact_comes_in_without_what_cannot_be_seen(tmp_path: Path):
    assert good(tmp_path, contact="a\0b").contact == "ab"


@pytest.mark.parametrize("field", ["subject", "handled_by", "labels"])
def test_a_text_that_cannot_be_kept_costs_itself_and_not_its_row(tmp_path: Path, field: str):
    """Seen to fail with a bad row for each."""
    row = good(tmp_path, **{field: "a\0b"})

    assert not getattr(row, field)
    assert notes(row) == [f"{field}_unreadable"]


@pytest.mark.parametrize("said", ["No Agent", "-", "Unassigned", "NA", "none", "NULL"])
def test_words_for_nobody_are_nobody(tmp_path: Path, said: str):
    """Seen to fail: an agent was made of each."""
    row = good(tmp_path, handled_by=said, contact=said)

    assert (row.handled_by, row.contact) == (None, None)


def test_labels_are_separated_by_spaces_and_one_in_quotes_may_hold_some(tmp_path: Path):
    row = good(tmp_path, labels='vip  "needs a call" 27"  vip\nnew')

    assert row.labels == ("vip", "needs a call", '27"', "new")


def test_labels_may_be_separated_by_another_character(tmp_path: Path):
    path = written(tmp_path / "rows.csv", 'Id,Group,Created at,Tags\n1,S,2026-03-01,"late delivery, vip,"\n')

    [by_comma], [by_space] = found_in(path, label_separator=","), found_in(path)

    assert isinstance(by_comma, ImportRow)
    assert isinstance(by_space, ImportRow)
    assert (by_comma.labels, notes(by_comma)) == (("late delivery", "vip"), [])
    assert notes(by_space) == ["labels_with_comma"]


def test_labels_beyond_the_hundredth_are_left_out(tmp_path: Path):
    row = good(tmp_path, labels=" ".join(f"label-{number}" for number in range(MOST_LABELS + 5)))

    assert (len(row.labels), notes(row)) == (MOST_LABELS, ["labels_too_many"])
