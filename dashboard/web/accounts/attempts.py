"""Log-in attempts on one address: while many fail, each source must pause before its next attempt is checked.

A source that waits for its pause is let in, so this slows down guessing and locks nobody out. Unknown addresses are
counted too, and a log-in resets no counter, so that the pause reveals neither.

A log-in is counted too, once an hour for each password: an account can give an address one password after the other,
and each right one shows whether it opens another account as well.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from limits.storage import Storage

from dashboard.store.accounts.sessions import Viewer

HOUR = 3_600
# Failures per hour, over all sources, that cause no pause: people mistype.
FORGIVEN = 20
# Seconds, one for each further failure.
LONGEST_PAUSE = 300
# Lifetime of a source's first attempt, from which its pause counts.
KEPT = LONGEST_PAUSE + HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt of a source to log in with an address."""

    storage: Storage
    source: str
    address: str

    def begin(self) -> int:
        """Return 0 if the attempt may be checked now, else the remaining seconds of the pause."""
        pause = self._pause()
        if not pause:
            return 0
        self.storage.incr(self._key("asked", self.source), KEPT)
        if left := self.seconds_left():
            return left
        # Of several at once, and until the next pause is over, one goes on.
        turn = self._key("turn", self.source)
        is_first = self.storage.incr(turn, pause) == 1
        return 0 if is_first else max(1, ceil(self.storage.get_expiry(turn) - time.time()))

    def seconds_left(self) -> int:
        """Return the seconds that this source must wait; the whole pause before its first attempt."""
        asked = self._key("asked", self.source)
        if not self.storage.get(asked):
            return self._pause()
        waited = KEPT - (self.storage.get_expiry(asked) - time.time())
        return max(0, ceil(self._pause() - waited))

    def fail(self) -> None:
        """Count a wrong password or an unknown address."""
        self.storage.incr(self._key("failures"), HOUR)

    def succeed(self, opened: Sequence[Viewer]) -> None:
        """Count a right password like a wrong one, unless it is counted already: an epoch belongs to one password."""
        epochs = [f"{one.key} {one.session_epoch}" for one in opened]
        if self.storage.incr(self._key("opened", *epochs), HOUR) == 1:
            self.fail()

    def _pause(self) -> int:
        return min(LONGEST_PAUSE, max(0, self.storage.get(self._key("failures")) - FORGIVEN))

    def _key(self, kind: str, *more: str) -> str:
        return f"log-in:{kind}:{sha256(' '.join((self.address, *more)).encode()).hexdigest()}"
