"""What is made once per process, and the desks that come of it."""

from dataclasses import dataclass
from datetime import timedelta

from dashboard.config import Settings
from dashboard.services.core.unit_of_work import Desk, Queue, Signals
from dashboard.store.postgres.database import Session
from dashboard.store.redis import client as redis_client
from dashboard.store.redis.client import Redis
from dashboard.store.redis.data_loss_marker import Beginnings
from dashboard.store.redis.fragment_cache import SharedDrawings
from dashboard.store.redis.heartbeats import Heartbeats
from dashboard.store.redis.live_version import LiveVersions
from dashboard.store.redis.rate_limits import RateLimits
from dashboard.store.redis.rotation import RedisRotations
from dashboard.store.redis.wakeups import Wakeups
from dashboard.store.redis.webhook_flags import Listeners


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Redis's concerns and the signals of one process, over one client."""

    settings: Settings
    heartbeats: Heartbeats
    limits: RateLimits
    rotations: RedisRotations
    beginnings: Beginnings
    drawings: SharedDrawings
    signals: Signals
    client: Redis

    def close(self) -> None:
        """Close what is open; the next use opens it again, in whichever process that is."""
        self.client.close()

    def desk(self, session: Session) -> Desk:
        """Return what a service works with in this session."""
        return Desk(
            session=session,
            settings=self.settings,
            heartbeats=self.heartbeats,
            limits=self.limits,
            rotations=self.rotations,
            beginnings=self.beginnings,
            drawings=self.drawings,
            signals=self.signals,
        )


def tools(settings: Settings, queue: Queue, *, shares_silence: bool = False) -> Tools:
    """Make them; no connection is opened before first use, so it is safe after a fork."""
    client = redis_client.connect(settings.redis_url, shares_silence=shares_silence)
    return Tools(
        settings=settings,
        heartbeats=Heartbeats(client, timedelta(seconds=settings.presence_seconds)),
        limits=RateLimits(client),
        rotations=RedisRotations(client),
        beginnings=Beginnings(client),
        drawings=SharedDrawings(client),
        signals=Signals(queue=queue, wakeups=Wakeups(client), live=LiveVersions(client), listeners=Listeners(client)),
        client=client,
    )
