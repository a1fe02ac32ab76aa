"""Business hours: weekly windows on the wall clock of a time zone, without holidays (E62)."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# Hours that do not change within this time count as never changing.
LOOKS_AHEAD = timedelta(days=366)
WEEK, LOOKS_BACK = timedelta(days=7), timedelta(days=3_660)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Window:
    """A span of one day's wall clock, from midnight; an end at or before its start is on the next day."""

    start: timedelta
    end: timedelta

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Return the window's start and end on the wall clock when it begins on this day."""
        midnight = datetime.combine(day, time())
        return midnight + self.start, midnight + (self.end if self.end > self.start else self.end + DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """Open while the wall clock of the zone shows a time in a window; all instants are aware.

    `weekly` has the windows by weekday, Monday first. A window belongs to the day on which it begins, and so do
    holidays: a window that begins on the eve of a holiday ends as on any other day. In a repeated hour a window is
    open twice, and in a skipped hour never.
    """

    timezone: str
    weekly: tuple[tuple[Window, ...], ...]
    holidays: frozenset[date] = frozenset()

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of the wall clock."""
        return ZoneInfo(self.timezone)

    def is_open(self, at: datetime) -> bool:
        """Return whether the hours are open at this instant; at the end of a window they are closed."""
        wall = at.astimezone(self.zone).replace(tzinfo=None)
        return any(start <= wall < end for start, end in self._windows(wall, wall))

    def opens_at(self, at: datetime) -> datetime | None:
        """Return the next opening; None while open, and None without one within a year."""
        if self.is_open(at):
            return None
        return next((start for start, _ in self._spans(at)), None)

    def closes_at(self, at: datetime) -> datetime | None:
        """Return the next closing; None while closed, and None without one within a year."""
        if not self.is_open(at):
            return None
        _, end = next(self._spans(at))
        return end if end < at + LOOKS_AHEAD else None

    def after_open(self, at: datetime, minutes: float) -> datetime | None:
        """Return the first instant by which this many open minutes have passed since `at`.

        None if the hours stay closed for a year before that. Without a minute to pass it is `at` itself.
        """
        left, since = timedelta(minutes=minutes), at.astimezone(UTC)
        while left > timedelta():
            until = since
            for start, end in self._spans(since):
                if left <= end - start:
                    return start + left
                left, until = left - (end - start), end
            if until == since:
                return None
            since = until
        return since

    def before_open(self, at: datetime, minutes: float) -> datetime | None:
        """Return the last instant from which this many open minutes have passed until `at`; None within ten years."""
        left, until = timedelta(minutes=minutes), at.astimezone(UTC)
        first = until - LOOKS_BACK
        while left > timedelta() and until > first:
            for start, end in reversed(list(self._open(until - WEEK, until))):
                if left <= end - start:
                    return end - left
                left -= end - start
            until -= WEEK
        return None if left > timedelta() else until

    def open_between(self, start_at: datetime, end_at: datetime) -> timedelta:
        """Return the open time from one instant to a later one."""
        return sum((end - start for start, end in self._open(start_at, end_at)), timedelta())

    def _open(self, start_at: datetime, end_at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Return the open spans of this time, in order and apart from each other."""
        pieces = _pieces(self.zone, start_at.astimezone(UTC), end_at.astimezone(UTC))
        return _merged(span for piece in pieces for span in self._in_piece(*piece))

    def _spans(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Return the open spans from `at` on, in order and apart from each other, within a year."""
        return self._open(at, at + LOOKS_AHEAD)

    def _in_piece(self, since: datetime, until: datetime, offset: timedelta) -> Iterator[tuple[datetime, datetime]]:
        """Return the windows in a piece of time with one offset, cut to its length."""
        first, last = (at.replace(tzinfo=None) + offset for at in (since, until))
        for start, end in self._windows(first, last):
            if start < last and end > first:
                yield since + (max(start, first) - first), since + (min(end, last) - first)

    def _windows(self, first: datetime, last: datetime) -> Sequence[tuple[datetime, datetime]]:
        """Return the windows of the days of the wall clock from the eve of `first` to `last`, by their start."""
        eve = first.date() - DAY
        days = (eve + number * DAY for number in range((last.date() - eve).days + 1))
        asked = (day for day in days if day not in self.holidays)
        return sorted(window.on(day) for day in asked for window in self.weekly[day.weekday()])


def _pieces(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut a time into pieces of at most a day in which the zone's offset stays the same."""
    while since < until:
        end, offset = min(since + DAY, until), _offset(zone, since)
        if _offset(zone, end) != offset:
            end = _changes_at(zone, since, end)
        yield since, end, offset
        since = end


def _changes_at(zone: ZoneInfo, since: datetime, until: datetime) -> datetime:
    """Return the second of the change of offset between these instants, which lie a day apart at most."""
    offset, first, last = _offset(zone, since), int(since.timestamp()) + 1, int(until.timestamp())
    seconds = range(first, last)
    place = bisect_left(seconds, True, key=lambda second: _offset(zone, datetime.fromtimestamp(second, UTC)) != offset)
    return datetime.fromtimestamp(first + place, UTC)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _merged(spans: Iterator[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Join spans, sorted by their start, that overlap or touch."""
    first = next(spans, None)
    if first is None:
        return
    start, end = first
    for next_start, next_end in spans:
        if next_start > end:
            yield start, end
            start = next_start
        end = max(end, next_end)
    yield start, end
