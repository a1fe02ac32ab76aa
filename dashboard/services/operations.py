"""How the whole system does: which of its parts answer, and its figures."""

from dataclasses import dataclass

from dashboard.services.desk import Background, Desk
from dashboard.store import figures as store
from dashboard.store import tallies, waiting_counts
from dashboard.store.errors import UNREACHABLE, StoreUnavailable
from dashboard.store.figures import Figures
from dashboard.store.models.tallies import Measure
from dashboard.store.tallies import RUN_BUCKETS, WAIT_BUCKETS, Counted

__all__ = [
    "RUN_BUCKETS",
    "WAIT_BUCKETS",
    "Background",
    "Counted",
    "Figures",
    "Measure",
    "Readiness",
    "background",
    "figures",
    "fold_counters",
    "postgres_answers",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Which parts are at work."""

    postgres: bool
    redis: bool
    workers: int
    scheduler: bool

    @property
    def complete(self) -> bool:
        """Say whether nothing is missing."""
        return self.postgres and self.redis and self.workers > 0 and self.scheduler


def postgres_answers(desk: Desk) -> bool:
    """Say whether Postgres answers."""
    try:
        return store.answers(desk.session)
    except UNREACHABLE:
        return False


def background(desk: Desk) -> Background | None:
    """Return who does the background work, None when Redis does not answer."""
    try:
        return desk.signals.queue.background()
    except StoreUnavailable:
        return None


def fold_counters(desk: Desk) -> None:
    """Keep the counters quick to read."""
    tallies.fold(desk.session)
    waiting_counts.fold(desk.session)
    desk.session.commit()


def figures(desk: Desk) -> Figures:
    """Return the figures of this moment."""
    return store.read(desk.session)
