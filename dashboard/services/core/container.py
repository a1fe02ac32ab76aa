"""The clients and settings of one process, and the units of work over them."""

from dataclasses import dataclass
from datetime import timedelta

from dashboard.config import Settings
from dashboard.http_client.pinned_transport import HelpdeskTransports
from dashboard.services.core.after_commit import AfterCommit, JobQueue
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.postgres.database import Session
from dashboard.store.redis import client as redis_client
from dashboard.store.redis.client import Redis
from dashboard.store.redis.data_loss_marker import DataLossMarker
from dashboard.store.redis.fragment_cache import SharedDrawings
from dashboard.store.redis.heartbeats import Heartbeats
from dashboard.store.redis.helpdesk_gate import HelpdeskGates
from dashboard.store.redis.helpdesk_marks import HelpdeskMarks
from dashboard.store.redis.live_version import LiveVersions
from dashboard.store.redis.rate_limits import RateLimits
from dashboard.store.redis.rotation import RedisRotations
from dashboard.store.redis.wakeups import Wakeups
from dashboard.store.redis.webhook_flags import Listeners


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The Redis stores and signals of one process, over one client, and its connections to helpdesks."""

    settings: Settings
    heartbeats: Heartbeats
    limits: RateLimits
    rotations: RedisRotations
    beginnings: DataLossMarker
    drawings: SharedDrawings
    helpdesk_gates: HelpdeskGates
    helpdesk_transports: HelpdeskTransports
    signals: AfterCommit
    client: Redis

    def close(self) -> None:
        """Close the connections; the next use opens new ones, also in a forked process."""
        self.client.close()
        self.helpdesk_transports.close()

    def work(self, session: Session) -> UnitOfWork:
        """Return a unit of work over this session."""
        return UnitOfWork(
            session=session,
            settings=self.settings,
            heartbeats=self.heartbeats,
            limits=self.limits,
            rotations=self.rotations,
            beginnings=self.beginnings,
            drawings=self.drawings,
            helpdesk_gates=self.helpdesk_gates,
            helpdesk_transports=self.helpdesk_transports,
            signals=self.signals,
        )


def build(settings: Settings, queue: JobQueue, *, shares_silence: bool = False) -> Container:
    """Build the container; it opens no connection before first use, so a fork is safe."""
    client = redis_client.connect(settings.redis_url, shares_silence=shares_silence)
    return Container(
        settings=settings,
        heartbeats=Heartbeats(client, timedelta(seconds=settings.presence_seconds)),
        limits=RateLimits(client),
        rotations=RedisRotations(client),
        beginnings=DataLossMarker(client),
        drawings=SharedDrawings(client),
        helpdesk_gates=HelpdeskGates(client),
        helpdesk_transports=HelpdeskTransports(settings.helpdesk_allow),
        signals=AfterCommit(
            queue=queue,
            wakeups=Wakeups(client),
            live=LiveVersions(client),
            listeners=Listeners(client),
            helpdesks=HelpdeskMarks(client),
        ),
        client=client,
    )
