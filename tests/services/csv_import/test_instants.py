"""Dates in the forms of helpdesks, and the order of day and month."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dashboard.services.csv_import.reading import instants
from dashboard.services.csv_import.reading.files import ImportFile
from dashboard.services.csv_import.reading.instants import DateOrder
from dashboard.services.csv_import.reading.layout import BadFile
from dashboard.services.csv_import.reading.rows import BadRow, ImportRow
from tests.desks import NOON
from tests.importing import prepared, written

MORNING = datetime(2016, 2, 29, 1, 23, tzinfo=UTC)


def at(text: str, order: DateOrder | None = None, zone: str = "UTC") -> datetime | None:
    reading = instants.read(text, ZoneInfo(zone))
    return reading.by(order) if reading else None


@pytest.mark.parametrize(
    "text",
    [
        "2016-02-29T01:23:00Z", "2016-02-29T01:23Z", "2016-02-29T02:23:00+01:00", "2016-02-29 01:23:00",
        "2016-02-29 01:23", "2016-02-29 1:23", "2016-02-29 01:23:00 UTC", "2016-02-29 02:23:00 +0100",
        "2016-02-29 01:23:00.000000", "2016/02/29 01:23", "29/02/2016 01:23", "29/02/16 1:23 AM", "2/29/16 1:23",
        "02/29/2016 1:23:00 AM", "29-02-2016 01:23:00", "29.02.2016 01:23", "29/Feb/16 1:23 AM",
        "29 February 2016, 01:23",
    ],
)  # fmt: skip
def test_each_form_that_helpdesks_write_is_read(text: str):
    """Seen to fail with a bad row for all but ISO 8601 with a zone."""
    assert at(text) == MORNING


@pytest.mark.parametrize(
    "text",
    ["yesterday", "13/13/2016", "30/02/2016", "29/Foo/16", "2016-02-30", "29/02/2016 25:00", "29/02/2016 13:00 PM",
     "1456708980", "", "01:23", "31.31.2016", "29-02/2016"],
)  # fmt: skip
def test_what_is_no_instant_is_none(text: str):
    assert instants.read(text, UTC) is None


def test_noon_and_midnight_are_twelve_pm_and_am():
    assert [at(f"29/Feb/16 {time}") for time in ("12:00 AM", "12:00 PM")] == [
        datetime(2016, 2, 29, 0, tzinfo=UTC), datetime(2016, 2, 29, 12, tzinfo=UTC),
    ]  # fmt: skip


def test_an_instant_without_a_zone_is_of_the_one_that_is_given_and_one_with_a_zone_is_not_moved():
    assert at("2026-07-01 08:00", zone="Europe/Berlin") == datetime(2026, 7, 1, 6, tzinfo=UTC)
    assert at("2026-07-01T08:00:00Z", zone="Europe/Berlin") == datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_a_date_that_both_orders_read_is_left_open_until_one_is_known():
    assert at("03/04/2026") is None
    assert at("03/04/2026", DateOrder.DAY_FIRST) == datetime(2026, 4, 3, tzinfo=UTC)
    assert at("03/04/2026", DateOrder.MONTH_FIRST) == datetime(2026, 3, 4, tzinfo=UTC)
    assert at("05/05/2026") == datetime(2026, 5, 5, tzinfo=UTC)
    assert at("03.04.2026", DateOrder.MONTH_FIRST) == datetime(2026, 4, 3, tzinfo=UTC)
    assert at("30/11/2026", DateOrder.MONTH_FIRST) is None


def dated(tmp_path: Path, *dates: str, **wanted: object) -> ImportFile | BadFile:
    rows = "".join(f"T-{number},Support,{date}\n" for number, date in enumerate(dates))
    return prepared(written(tmp_path / "dates.csv", f"external_id,inbox,created_at\n{rows}"), **wanted)


def created(found: ImportFile | BadFile) -> list[str | None]:
    assert isinstance(found, ImportFile), found
    return [f"{row.created_at:%d %b}" if isinstance(row, ImportRow) else None for row in found.rows()]


def test_dates_that_no_row_makes_clear_are_refused_with_the_option_to_add(tmp_path: Path):
    refused = dated(tmp_path, "2026-01-01T08:00:00Z", "03/04/2026 08:00")

    assert isinstance(refused, BadFile)
    assert "Line 3: “03/04/2026 08:00”" in refused.sentence
    assert "--dates dmy or --dates mdy" in refused.sentence
    assert created(dated(tmp_path, "03/04/2026", order=DateOrder.MONTH_FIRST)) == ["04 Mar"]


def test_one_date_that_is_clear_shows_the_order_of_a_file_and_that_is_told(tmp_path: Path):
    found = dated(tmp_path, "03/04/2025 08:00", "30/11/2025 08:00")

    assert created(found) == ["03 Apr", "30 Nov"]
    assert isinstance(found, ImportFile)
    assert "Dates are read with the day first, as line 3 shows." in found.remarks


def test_a_file_with_dates_of_both_kinds_is_refused_where_one_of_them_could_be_either(tmp_path: Path):
    assert created(dated(tmp_path, "30/11/2025", "11/30/2025")) == ["30 Nov", "30 Nov"]

    refused = dated(tmp_path, "30/11/2025", "11/30/2025", "03/04/2025")

    assert isinstance(refused, BadFile)
    assert "Line 4" in refused.sentence
    assert created(dated(tmp_path, "30/11/2025", "11/30/2025", order=DateOrder.DAY_FIRST)) == ["30 Nov", None]


def test_the_zone_of_a_file_is_told_where_it_decides(tmp_path: Path):
    with_zone, without = dated(tmp_path, "2026-01-01T08:00:00Z"), dated(tmp_path, "2026-01-01 08:00")

    assert isinstance(with_zone, ImportFile)
    assert isinstance(without, ImportFile)
    assert with_zone.remarks == ()
    assert without.remarks == ("Instants without a time zone are read as UTC; --timezone names another.",)


def test_as_of_now_the_latest_row_is_created_now_by_the_order_of_the_file(tmp_path: Path):
    found = dated(tmp_path, "03/04/2025 08:00", "30/11/2025 08:00", "31/11/2025 08:00", as_of_now=True)

    assert isinstance(found, ImportFile)
    early, late, bad = found.rows()
    assert isinstance(early, ImportRow)
    assert isinstance(late, ImportRow)
    assert isinstance(bad, BadRow)
    assert late.created_at == NOON
    assert (NOON - early.created_at).days == 241
