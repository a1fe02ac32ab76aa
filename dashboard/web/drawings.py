"""Fragments that many tabs show alike: drawn, and made small, once per process and version."""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Self, cast

from flask import Flask, current_app, g

# A fragment that is newer than what a tab shows serves it for a second, whatever has changed since; on a busy machine
# for ten times as long as it took to draw, at most for three, and so while the next is drawn: one tab waits for that.
FRESH_SECONDS, LONGEST_SECONDS = 1.0, 3.0
RESTS = 10
MOST_KEPT = 64
UNTOLD = -1
ZIP_LEVEL = 3
# Python reads no number of thousands of digits.
LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Version:
    """What a fragment shows: the clock's ticks, the changes that Redis counted, and what was asked for.

    The clock comes first: a Redis that was emptied counts from none again.
    """

    tick: int
    live: int
    view: int

    @property
    def told(self) -> bool:
        """Tell whether Redis could say how much has changed."""
        return self.live != UNTOLD

    @classmethod
    def said(cls, text: str | None) -> Self | None:
        """Return the version that a tab says it shows, None if it is none of ours."""
        parts = (text or "").split(".")
        if len(parts) != len(cls.__slots__) or not all(map(_is_number, parts)):
            return None
        tick, live, view = map(int, parts)
        return cls(tick=tick, live=live, view=view)

    def __str__(self) -> str:
        return f"{self.tick}.{self.live}.{self.view}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A fragment as it was drawn, as it is and zipped: a board of 250 kB goes as 12."""

    version: Version
    body: bytes
    zipped: bytes
    drawn_at: float
    took: float


@dataclass(slots=True)
class _Place:
    """Where the last drawing of one key stands; its lock is held while the next is drawn."""

    lock: Lock = field(default_factory=Lock)
    kept: Drawing | None = None

    def serves(self, version: Version, shown: Version | None) -> Drawing | None:
        kept = self.kept
        if kept is None or kept.version >= version:
            return kept
        newer = shown is not None and shown.view == kept.version.view and shown < kept.version
        rested = max(FRESH_SECONDS, kept.took * RESTS)
        lasts_for = LONGEST_SECONDS if self.lock.locked() else min(rested, LONGEST_SECONDS)
        return kept if newer and monotonic() - kept.drawn_at < lasts_for else None


def init_app(app: Flask) -> None:
    """Let this process keep drawings."""
    app.extensions["drawings"] = Drawings()


def kept() -> "Drawings":
    """Return what this process has drawn."""
    return cast(Drawings, current_app.extensions["drawings"])


class Drawings:
    """The last drawing of each key; a key names everything but the version that a fragment depends on."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()

    def of(self, key: Hashable, version: Version, *, shown: Version | None, draw: Callable[[], str]) -> Drawing:
        """Return a drawing that is at least of this version, or if a tab shows an older one, of a moment ago."""
        place = self._place(key)
        if kept := place.serves(version, shown):
            return kept
        with place.lock:
            if (kept := place.kept) and kept.version >= version:
                return kept
            place.kept = _drawn(version, draw)
            return place.kept

    def _place(self, key: Hashable) -> _Place:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            if len(self._places) > MOST_KEPT:
                self._places.popitem(last=False)
            return place


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) <= LONGEST_NUMBER


def _drawn(version: Version, draw: Callable[[], str]) -> Drawing:
    """Draw without anybody's token: what polls has it from the page around it, and sends it as a header."""
    drawn_at = monotonic()
    g.csrf_token = ""
    try:
        body = draw().encode()
    finally:
        g.pop("csrf_token")
    zipped = gzip.compress(body, ZIP_LEVEL)
    return Drawing(version=version, body=body, zipped=zipped, drawn_at=drawn_at, took=monotonic() - drawn_at)
