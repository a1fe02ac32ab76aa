"""Fragments that many tabs show alike: drawn, and made small, once per process and version."""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Self, cast

import structlog
from flask import Flask, copy_current_request_context, current_app, g

log = structlog.get_logger()
# A fragment that is newer than what a tab shows serves it for so long, whatever has changed since: less than the two
# seconds until the tab's next poll, so that the tab finds a newer one then. The next is drawn aside, and who asks
# meanwhile has the last, unless that is older than one would call live.
FRESH_SECONDS, LIVE_SECONDS = 1.5, 5.0
# For so long waits the one tab that has the last already, and so was the first to ask for the next.
PATIENCE_SECONDS = 0.08
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

    @property
    def age(self) -> float:
        """Return how many seconds ago it was begun."""
        return monotonic() - self.drawn_at

    def serves(self, shown: Version | None) -> bool:
        """Tell whether a tab that shows this version had better have this drawing than wait for the next."""
        behind = shown is not None and shown.view == self.version.view and shown <= self.version
        return behind and self.age < LIVE_SECONDS


@dataclass(slots=True)
class _Place:
    """Where the last drawing of one key stands; its lock is held while the next is drawn."""

    lock: Lock = field(default_factory=Lock)
    kept: Drawing | None = None
    next: Future[Drawing] | None = None

    def draw(self, version: Version, draw: Callable[[], str]) -> Drawing:
        """Return a drawing that is at least of this version; whoever comes meanwhile waits for it."""
        with self.lock:
            if self.kept is None or self.kept.version < version:
                self.kept = _drawn(version, draw)
            return self.kept


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
        # One after the other: drawn at once, several take as long and leave other requests less of the processor.
        self.aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="draws")

    def of(self, key: Hashable, version: Version, *, shown: Version | None, draw: Callable[[], str]) -> Drawing:
        """Return a drawing that is at least of this version, or to a tab that shows one of ours, of a moment ago."""
        place = self._place(key)
        kept = place.kept
        if kept and kept.version >= version:
            return kept
        if not kept or not kept.serves(shown):
            return place.draw(version, draw)
        has_it = shown == kept.version
        drawn = self._draw_aside(place, version, draw) if has_it or kept.age >= FRESH_SECONDS else None
        if drawn and has_it:
            wait([drawn], PATIENCE_SECONDS)
        return place.kept or kept

    def _draw_aside(self, place: _Place, version: Version, draw: Callable[[], str]) -> Future[Drawing] | None:
        """Draw what comes next, unless that is about to happen."""
        with self._lock:
            if place.next and not place.next.done():
                return None
            place.next = drawn = self.aside.submit(copy_current_request_context(place.draw), version, draw)
        drawn.add_done_callback(_tell)
        return drawn

    def _place(self, key: Hashable) -> _Place:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            if len(self._places) > MOST_KEPT:
                self._places.popitem(last=False)
            return place


def _tell(drawn: Future[Drawing]) -> None:
    """Say what went wrong where nobody waited for it: the next to come draws again, and is told."""
    if error := drawn.exception():
        log.error("not_drawn", error=str(error), exc_info=error)


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
    return Drawing(version=version, body=body, zipped=zipped, drawn_at=drawn_at)
