"""What a service works with; its entry point commits it once, and what was noted is announced then."""

from dataclasses import dataclass, field
from typing import TypeVar

from dashboard.config import Settings
from dashboard.http_client.pinned_transport import HelpdeskTransports
from dashboard.services.core.after_commit import AfterCommit
from dashboard.services.core.notes import Notes
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.store.assignment.snapshots import RedisReaders
from dashboard.store.postgres import database
from dashboard.store.postgres.database import Session
from dashboard.store.redis.data_loss_marker import DataLossMarker
from dashboard.store.redis.fragment_cache import SharedDrawings
from dashboard.store.redis.heartbeats import Heartbeats
from dashboard.store.redis.helpdesk_gate import HelpdeskGates
from dashboard.store.redis.rate_limits import RateLimits
from dashboard.store.redis.rotation import Rotations

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """One unit of work's session, Redis's concerns, the settings, the signals, and what to announce by them.

    Services write and note, and the entry point finishes the unit: a request, a job, a command. A service of several
    units, such as a run with its batches, finishes each by itself, and its docstring states it.
    """

    session: Session
    settings: Settings
    heartbeats: Heartbeats
    limits: RateLimits
    rotations: Rotations
    beginnings: DataLossMarker
    drawings: SharedDrawings
    helpdesk_gates: HelpdeskGates
    helpdesk_transports: HelpdeskTransports
    signals: AfterCommit
    notes: Notes = field(default_factory=Notes)

    @property
    def gauges(self) -> RedisReaders:
        """Return the readers for the Redis part of a snapshot."""
        return RedisReaders(
            heartbeats=self.heartbeats,
            limits=self.limits,
            rotations=self.rotations,
            on_failure=self.settings.rate_limit_on_failure,
        )

    def finish(self) -> None:
        """Commit what was written, then announce what was noted."""
        noted = self.notes.take()
        database.commit(self.session)
        noted.announce(self.session, self.signals)

    def abandon(self) -> None:
        """Take back what was written, and announce nothing."""
        self.notes.take()
        database.roll_back(self.session)

    def finished(self, answer: T) -> T:
        """Finish with a service's answer, or abandon with its refusal, and return it."""
        if answer is None or isinstance(answer, (Invalid, Conflict)):
            self.abandon()
        else:
            self.finish()
        return answer
