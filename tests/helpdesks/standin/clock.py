"""The clock of a stand-in: it runs with the machine's until a test sets it; then it stands until told to run."""

from datetime import UTC, datetime, timedelta
from threading import Lock

from dashboard import clock


class Clock:
    """All times of a stand-in come from here."""

    def __init__(self) -> None:
        self._lock, self._ahead = Lock(), timedelta()
        self._stands_at: datetime | None = None

    def now(self) -> datetime:
        """Return the instant there, aware and in UTC."""
        with self._lock:
            return self._stands_at or clock.now() + self._ahead

    def turn(self, *, now: str | None = None, advance: float = 0, runs: bool | None = None) -> None:
        """Set the clock, which stops it; advance it by seconds; let it run on, or stop it."""
        at = (read(now) if now else self.now()) + timedelta(seconds=advance)
        with self._lock:
            stands = (now is not None or self._stands_at is not None) if runs is None else not runs
            self._stands_at, self._ahead = (at if stands else None), at - clock.now()


def read(instant: str) -> datetime:
    """Read an ISO instant; without offset it is UTC."""
    found = datetime.fromisoformat(instant)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
