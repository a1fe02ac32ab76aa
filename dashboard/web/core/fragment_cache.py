"""Fragments that many tabs show alike: drawn, and made small, by one process for all of them."""

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
# A fragment that is newer than what a tab shows serves it for so long, whatever has changed since: less than the two
# seconds until the tab's next poll, so that the tab finds a newer one then. The next is drawn aside, and who asks
# meanwhile has the last, unless that is older than one would call live.
FRESH_SECONDS, LIVE_SECONDS = 1.5, LASTS_FOR.total_seconds()
# For so long waits the one tab that nothing kept is new to, and so was the first to ask for the next.
PATIENCE_SECONDS = 0.08
# So often is looked whether it is this process's turn, before the tabs go on with what they have until they ask again.
GLANCES, GLANCE_SECONDS = 8, 0.05
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
    """A fragment as it was drawn, zipped: a board of 250 kB goes as 12."""

    version: Version
    zipped: bytes
    drawn_at: float

    @property
    def body(self) -> bytes:
        """Return it as it is, for whoever cannot read zipped answers."""
        return gzip.decompress(self.zipped)

    @property
    def age(self) -> float:
        """Return how many seconds ago it was begun."""
        return monotonic() - self.drawn_at

    def is_true(self, version: Version) -> bool:
        """Tell whether it may be taken for what is true now; nobody can where Redis does not tell of changes."""
        return version.told and self.version >= version and self.age < FRESH_SECONDS

    def serves(self, shown: Version) -> bool:
        """Tell whether a tab that shows this version had better have this drawing than wait for the next."""
        return shown < self.version and self.age < LIVE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be drawn: at least this version, how, and where the other processes find it, if they can."""

    version: Version
    draw: Callable[[], str]
    shared: SharedPlace | None


@dataclass(slots=True)
class _Place:
    """Where the last drawing of one key stands; its lock is held while the next is drawn."""

    lock: Lock = field(default_factory=Lock)
    kept: Drawing | None = None
    next: Future[Drawing | None] | None = None

    def draw(self, wish: Wish) -> Drawing:
        """Return a drawing that is true; whoever comes meanwhile waits for it."""
        with self.lock:
            if self.kept is None or not self.kept.is_true(wish.version):
                found = _found(wish.shared)
                self.kept = found if found and found.is_true(wish.version) else _drawn(wish)
            return self.kept

    def renew(self, wish: Wish) -> Drawing | None:
        """Take what another process drew a moment ago, or draw, when it is this one's turn."""
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

    def now(self, key: Hashable, wish: Wish) -> Drawing:
        """Return a drawing that is true, for whoever shows nothing yet or has changed something."""
        place = self._place(key)
        kept = place.kept
        return kept if kept and kept.is_true(wish.version) else place.draw(wish)

    def after(self, shown: Version, key: Hashable, wish: Wish) -> Drawing | None:
        """Return what a tab that shows this version may show next, drawn a moment ago; None if there is nothing yet."""
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
        """Draw what comes next, unless that is about to happen."""
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
    """Say what went wrong where nobody waited for it: the next to come draws again, and is told."""
    if error := drawn.exception():
        log.error("not_drawn", error=str(error), exc_info=error)


def _asked(ask: Callable[[], T], *, otherwise: T) -> T:
    """Ask Redis; where it has just gone, each process draws for itself, and the next poll says why."""
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
