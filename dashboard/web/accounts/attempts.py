"""Attempts on one address: while many fail, whoever tries, each source must pause before its next is looked at.

A source that waits is let through, whatever others do meanwhile: this slows down who guesses and locks nobody out. An
address that nobody has is counted alike, and a log-in resets nothing: the pause tells of neither.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from limits.storage import Storage

HOUR = 3_600
# In an hour, over all sources: a person mistypes, and a company has several who do.
FORGIVEN = 20
# Seconds, one for each further failure.
LONGEST_PAUSE = 300
# How long a source that asked may take to come back.
KEPT = LONGEST_PAUSE + HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt of a source to log in with an address."""

    storage: Storage
    source: str
    address: str

    def begin(self) -> int:
        """Return 0 if the attempt is looked at now, else the seconds after which it will be."""
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
        """Return how long this source must wait; all of the pause if it has not asked yet."""
        asked = self._key("asked", self.source)
        if not self.storage.get(asked):
            return self._pause()
        waited = KEPT - (self.storage.get_expiry(asked) - time.time())
        return max(0, ceil(self._pause() - waited))

    def fail(self) -> None:
        """Note that the password was wrong, or the address nobody's."""
        self.storage.incr(self._key("failures"), HOUR)

    def _pause(self) -> int:
        return min(LONGEST_PAUSE, max(0, self.storage.get(self._key("failures")) - FORGIVEN))

    def _key(self, kind: str, *more: str) -> str:
        return f"log-in:{kind}:{sha256(' '.join((self.address, *more)).encode()).hexdigest()}"
