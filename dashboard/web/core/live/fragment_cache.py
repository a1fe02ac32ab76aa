"""Cache of rendered fragments for many tabs: one process renders and compresses each fragment for all of them."""

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep
from typing import Self, TypeVar, cast

import structlog
from flask import Flask, copy_current_request_context, current_app

from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis.fragment_cache import LASTS_FOR, SharedPlace

T = TypeVar("T")
log = structlog.get_logger()
# FRESH_SECONDS: until this age a newer fragment than the tab's is sent without a check for later changes. It is shorter
# than the poll interval of two seconds, so that the next poll gets a newer one. LIVE_SECONDS: until this age the last
# fragment is sent while the next is rendered in the background.
FRESH_SECONDS, LIVE_SECONDS = 1.5, LASTS_FOR.total_seconds()
# How long the first tab that polls for a new version waits for the render before it gets a 204.
PATIENCE_SECONDS = 0.08
# Number and interval of the attempts to get the right to render; after them the tabs keep their version until the next
# poll.
GLANCES, GLANCE_SECONDS = 8, 0.05
MOST_KEPT = 64
UNTOLD = -1
ZIP_LEVEL = 3
# Python's int() refuses numbers of thousands of digits.
LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Version:
    """The version of a fragment: the clock's ticks, the number of changes in Redis, and a checksum of the query.

    The clock comes first because the number of changes restarts at zero if Redis loses its data.
    """

    tick: int
    live: int
    view: int

    @property
    def told(self) -> bool:
        """Tell whether Redis returned the number of changes."""
        return self.live != UNTOLD

    @classmethod
    def said(cls, text: str | None) -> Self | None:
        """Return the version that a tab sends, None for other text."""
        parts = (text or "").split(".")
        if len(parts) != len(cls.__slots__) or not all(map(_is_number, parts)):
            return None
        tick, live, view = map(int, parts)
        return cls(tick=tick, live=live, view=view)

    def __str__(self) -> str:
        return f"{self.tick}.{self.live}.{self.view}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A rendered fragment, compressed: 250 kB of a board become 12 kB."""

    version: Version
    zipped: bytes
    drawn_at: float

    @property
    def body(self) -> bytes:
        """Return the uncompressed fragment, for clients without gzip."""
        return gzip.decompress(self.zipped)

    @property
    def age(self) -> float:
        """Return the seconds since the rendering began."""
        return monotonic() - self.drawn_at

    def is_true(self, version: Version) -> bool:
        """Tell whether this drawing counts as current; none does while Redis returns no number of changes."""
        return version.told and self.version >= version and self.age < FRESH_SECONDS

    def serves(self, shown: Version) -> bool:
        """Tell whether a tab with this version gets this drawing instead of a wait for the next."""
        return shown < self.version and self.age < LIVE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A requested drawing: its minimum version, the function that renders it, and its place in Redis, if reachable."""

    version: Version
    draw: Callable[[], str]
    shared: SharedPlace | None


@dataclass(slots=True)
class _Place:
    """The last drawing of one key; its lock is held while the next is rendered."""

    lock: Lock = field(default_factory=Lock)
    kept: Drawing | None = None
    next: Future[Drawing | None] | None = None

    def draw(self, wish: Wish) -> Drawing:
        """Return a current drawing; concurrent callers wait for it."""
        with self.lock:
            if self.kept is None or not self.kept.is_true(wish.version):
                found = _found(wish.shared)
                self.kept = found if found and found.is_true(wish.version) else _drawn(wish)
            return self.kept

    def renew(self, wish: Wish) -> Drawing | None:
        """Take another process's newer drawing, or render one once this process has the right to."""
        for _ in range(GLANCES):
            if self._is_renewed(wish):
                break
            sleep(GLANCE_SECONDS)
        return self.kept

    def _is_renewed(self, wish: Wish) -> bool:
        with self.lock:
            found, kept = _found(wish.shared), self.kept
            if found and (kept is None or kept.version < found.version):
                self.kept = kept = found
            due = kept is None or (kept.version < wish.version and (kept is not found or kept.age >= FRESH_SECONDS))
            if not due:
                return True
            if wish.shared and not _asked(wish.shared.claim, otherwise=True):
                return False
            self.kept = _drawn(wish)
            return True


def init_app(app: Flask) -> None:
    """Create this process's cache."""
    app.extensions["drawings"] = Drawings()


def kept() -> "Drawings":
    """Return this process's cache."""
    return cast(Drawings, current_app.extensions["drawings"])


class Drawings:
    """The last drawing of each key; a key contains everything that a fragment depends on, except the version."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()
        # One thread: parallel renders take as long in total and leave less of the processor to other requests.
        self.aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="draws")

    def now(self, key: Hashable, wish: Wish) -> Drawing:
        """Return a current drawing, for a tab without a version or after a change."""
        place = self._place(key)
        kept = place.kept
        return kept if kept and kept.is_true(wish.version) else place.draw(wish)

    def after(self, shown: Version, key: Hashable, wish: Wish) -> Drawing | None:
        """Return a newer drawing than the tab's version; None if there is none yet."""
        drawing = self._last(self._place(key), wish, shown)
        return drawing if drawing and drawing.version > shown else None

    def _last(self, place: _Place, wish: Wish, shown: Version) -> Drawing | None:
        kept = place.kept
        if kept and kept.version >= wish.version:
            return kept
        serves = kept is not None and kept.serves(shown)
        if kept and serves and kept.age < FRESH_SECONDS:
            return kept
        drawn = self._draw_aside(place, wish)
        if drawn and not serves:
            wait([drawn], PATIENCE_SECONDS)
        return place.kept

    def _draw_aside(self, place: _Place, wish: Wish) -> Future[Drawing | None] | None:
        """Render the next drawing in the background, unless a render is already scheduled."""
        with self._lock:
            if place.next and not place.next.done():
                return None
            place.next = drawn = self.aside.submit(copy_current_request_context(place.renew), wish)
        drawn.add_done_callback(_tell)
        return drawn

    def _place(self, key: Hashable) -> _Place:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            if len(self._places) > MOST_KEPT:
                self._places.popitem(last=False)
            return place


def _tell(drawn: Future[Drawing | None]) -> None:
    """Log the error of a background render; the next request renders again and gets the error itself."""
    if error := drawn.exception():
        log.error("not_drawn", error=str(error), exc_info=error)


def _asked(ask: Callable[[], T], *, otherwise: T) -> T:
    """Call Redis, or return `otherwise` if it is down; then each process renders alone, and the next poll fails."""
    try:
        return ask()
    except StoreUnavailable as error:
        log.info("drawings_not_shared", error=str(error))
        return otherwise


def _found(shared: SharedPlace | None) -> Drawing | None:
    found = shared and _asked(shared.find, otherwise=None)
    version = Version.said(found.version) if found else None
    if not found or not version:
        return None
    return Drawing(version=version, zipped=found.zipped, drawn_at=monotonic() - found.age.total_seconds())


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) <= LONGEST_NUMBER


def _drawn(wish: Wish) -> Drawing:
    drawn_at = monotonic()
    zipped, shared = gzip.compress(wish.draw().encode(), ZIP_LEVEL), wish.shared
    if shared:
        _asked(lambda: shared.keep(str(wish.version), zipped), otherwise=None)
    return Drawing(version=wish.version, zipped=zipped, drawn_at=drawn_at)
