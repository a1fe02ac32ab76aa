"""Business hours on the wall clock of their zone (E62)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.engine.hours import BusinessHours, Window

MINUTE = timedelta(minutes=1)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "UTC")
# Days around changes of summer time: in Europe, North America, Lord Howe Island (30 minutes) and Morocco.
CHANGES = tuple(date.fromisoformat(day) for day in ("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01"))
CHANGES += tuple(date.fromisoformat(day) for day in ("2026-04-05", "2026-10-04", "2026-02-15", "2026-03-22"))


def window(start: str, end: str) -> Window:
    return Window(start=_since_midnight(start), end=_since_midnight(end))


def weekdays(
    *windows: Window, timezone: str = "Europe/Berlin", holidays: frozenset[date] = frozenset()
) -> BusinessHours:
    """Return hours with these windows from Monday to Friday."""
    return BusinessHours(timezone=timezone, weekly=(windows,) * 5 + ((), ()), holidays=holidays)


def every_day(*windows: Window, timezone: str = "Europe/Berlin") -> BusinessHours:
    return BusinessHours(timezone=timezone, weekly=(windows,) * 7)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def _since_midnight(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


OFFICE = weekdays(window("09:00", "17:30"))


def test_hours_are_open_from_the_start_of_a_window_to_just_before_its_end() -> None:
    """E62"""
    assert not OFFICE.is_open(berlin("2026-12-01T08:59:59"))
    assert OFFICE.is_open(berlin("2026-12-01T09:00:00"))
    assert OFFICE.is_open(berlin("2026-12-01T17:29:59"))
    assert not OFFICE.is_open(berlin("2026-12-01T17:30:00"))


def test_on_friday_evening_the_next_opening_is_on_monday() -> None:
    """E62"""
    assert OFFICE.opens_at(berlin("2026-12-04T18:00:00")) == berlin("2026-12-07T09:00:00")
    assert OFFICE.closes_at(berlin("2026-12-04T18:00:00")) is None


def test_open_hours_have_a_closing_and_no_opening() -> None:
    """E62"""
    assert OFFICE.opens_at(berlin("2026-12-01T12:00:00")) is None
    assert OFFICE.closes_at(berlin("2026-12-01T12:00:00")) == berlin("2026-12-01T17:30:00")


def test_a_holiday_and_a_window_belong_to_the_day_on_which_they_begin() -> None:
    """E62: the night before Christmas Day ends as on other days, and the night of Christmas Day does not begin."""
    night = weekdays(window("22:00", "06:00"), holidays=frozenset({date(2026, 12, 25)}))

    assert night.is_open(berlin("2026-12-25T05:59:00"))
    assert not night.is_open(berlin("2026-12-25T23:00:00"))
    assert not night.is_open(berlin("2026-12-26T05:00:00"))


def test_windows_that_touch_over_midnight_are_one() -> None:
    """E62: from Monday 22:00 to 24:00, and from Tuesday 00:00 to 02:00"""
    hours = BusinessHours(
        timezone="Europe/Berlin", weekly=((window("22:00", "24:00"),), (window("00:00", "02:00"),)) + ((),) * 5
    )

    assert hours.closes_at(berlin("2026-11-30T23:00:00")) == berlin("2026-12-01T02:00:00")


def test_hours_without_a_window_never_open_and_hours_of_whole_days_never_close() -> None:
    """E62"""
    now = berlin("2026-12-01T12:00:00")
    never, always = every_day(), every_day(window("00:00", "24:00"))

    assert (never.opens_at(now), never.after_open(now, 1)) == (None, None)
    assert always.closes_at(now) is None
    assert always.after_open(now, 1_000_000) == now + 1_000_000 * MINUTE


@pytest.mark.parametrize(
    ("day", "open_for"),
    [("2026-03-28", 8), ("2026-03-29", 7), ("2026-10-24", 8), ("2026-10-25", 9)],
)
def test_a_night_over_a_change_of_summer_time_is_an_hour_shorter_or_longer(day: str, open_for: int) -> None:
    """E62"""
    eve = berlin(f"{day}T00:00:00") - timedelta(hours=2)

    assert every_day(window("22:00", "06:00")).open_between(eve, berlin(f"{day}T12:00:00")) == open_for * 60 * MINUTE


def test_a_window_in_a_repeated_hour_is_open_twice_and_in_a_skipped_hour_never() -> None:
    """E62"""
    hours = every_day(window("02:15", "02:45"))

    repeated = hours.open_between(berlin("2026-10-25T00:00:00"), berlin("2026-10-25T12:00:00"))
    skipped = hours.open_between(berlin("2026-03-29T00:00:00"), berlin("2026-03-29T12:00:00"))

    assert (repeated, skipped) == (60 * MINUTE, timedelta())


def test_open_minutes_pass_over_a_weekend() -> None:
    """E54, E62"""
    assert OFFICE.after_open(berlin("2026-12-04T17:00:00"), 60) == berlin("2026-12-07T09:30:00")
    assert OFFICE.after_open(berlin("2026-12-05T17:00:00"), 0) == berlin("2026-12-05T17:00:00")


MINUTES_OF_DAY = st.integers(0, 1439)
WINDOWS = st.builds(
    lambda start, end: Window(start=start * MINUTE, end=end * MINUTE), MINUTES_OF_DAY, st.integers(0, 1440)
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[BusinessHours, datetime]:
    """Return hours, and an instant shortly before or after a change of summer time."""
    day, days = draw(st.sampled_from(CHANGES)), st.lists(WINDOWS, max_size=2).map(tuple)
    holidays = draw(st.frozensets(st.integers(-2, 2).map(lambda number: day + number * timedelta(days=1)), max_size=2))
    weekly = draw(st.tuples(*[days] * 7))
    hours = BusinessHours(timezone=draw(st.sampled_from(ZONES)), weekly=weekly, holidays=holidays)
    return hours, datetime(day.year, day.month, day.day, tzinfo=UTC) + draw(st.integers(-2880, 1440)) * MINUTE


def minute_by_minute(hours: BusinessHours, since: datetime, minutes: int) -> list[bool]:
    """Return for each minute whether the wall clock shows a time in a window: a slow oracle without any arithmetic."""
    return [_shows_open(hours, since + number * MINUTE) for number in range(minutes)]


def _shows_open(hours: BusinessHours, at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(hours.timezone))
    minute, day = wall.hour * 60 + wall.minute, wall.date()
    return _covers(hours, day, minute) or _covers(hours, day - timedelta(days=1), minute + 1440)


def _covers(hours: BusinessHours, day: date, minute: int) -> bool:
    if day in hours.holidays:
        return False
    for one in hours.weekly[day.weekday()]:
        start, end = one.start // MINUTE, one.end // MINUTE
        if start <= minute < (end if end > start else end + 1440):
            return True
    return False


@given(cases())
@settings(max_examples=40, deadline=None)
def test_openings_closings_and_open_minutes_are_those_of_the_wall_clock(case: tuple[BusinessHours, datetime]) -> None:
    """E62"""
    hours, now = case
    told = minute_by_minute(hours, now, 3 * 1440)
    first_open = told.index(True) if True in told else None
    first_closed = told.index(False) if False in told else None

    assert hours.is_open(now) == told[0]
    assert hours.open_between(now, now + 3 * 1440 * MINUTE) == sum(told) * MINUTE
    if not told[0] and first_open is not None:
        assert hours.opens_at(now) == now + first_open * MINUTE
    if told[0] and first_closed is not None:
        assert hours.closes_at(now) == now + first_closed * MINUTE


@given(cases(), st.integers(1, 600))
@settings(max_examples=40, deadline=None)
def test_after_so_many_open_minutes_so_many_have_been_open(case: tuple[BusinessHours, datetime], minutes: int) -> None:
    """E54, E62"""
    hours, now = case
    at = hours.after_open(now, minutes)
    if at is None:
        assert hours.opens_at(now + timedelta(days=7)) is None
        return

    assert hours.open_between(now, at) == minutes * MINUTE
    assert hours.is_open(at - timedelta(microseconds=1))
