"""Rendered pages that all web processes share: one process renders each, and Redis keeps it while it is current."""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys

LASTS_FOR = timedelta(seconds=5)
# Lock timeout: if the rendering process dies, others may render after this.
MAKING_LASTS_FOR = timedelta(seconds=1)
# The number of an account's views that are rendered at once. A change affects all of them, and rendering all together
# would leave no core for other requests.
AT_ONCE = max(1, (os.cpu_count() or 1) - 1)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDrawing:
    """A rendered view: its version, its zipped text, and its age."""

    version: str
    zipped: bytes
    age: timedelta


class SharedDrawings:
    """The last rendered version of each view of an account."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def of(self, account_id: int, view: str) -> "SharedPlace":
        """Return the place of a view; `view` names everything that its content depends on, except the version."""
        return SharedPlace(self._redis, account_id, int.from_bytes(sha256(view.encode()).digest()[:8]))


class SharedPlace:
    """One view's last rendered version, and the lock for the next one. All methods raise StoreUnavailable."""

    def __init__(self, redis: Redis, account_id: int, view_id: int) -> None:
        self._redis = redis
        self._drawing = keys.drawing(account_id, view_id)
        self._drawer = keys.drawer(account_id, view_id % AT_ONCE)

    def find(self) -> SharedDrawing | None:
        """Return the last rendered version; its age follows Redis's clock, because hosts' clocks differ."""
        with translate_redis_errors("drawings"), self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(self._drawing, "version", "zipped")
            pipe.pttl(self._drawing)
            (version, zipped), left = pipe.execute()
        if version is None or zipped is None:
            return None
        age = LASTS_FOR - max(int(left), 0) * MILLISECOND
        return SharedDrawing(version=version, zipped=b64decode(zipped), age=age)

    def claim(self) -> bool:
        """Take the lock for rendering; return False if another process holds it. Several views may share a lock."""
        with translate_redis_errors("drawings"):
            return bool(self._redis.set(self._drawer, 1, nx=True, px=MAKING_LASTS_FOR))

    def keep(self, version: str, zipped: bytes) -> None:
        """Write a rendered version and release the lock. The client reads text, so the content is base64."""
        with translate_redis_errors("drawings"), self._redis.pipeline() as pipe:
            pipe.hset(self._drawing, mapping={"version": version, "zipped": b64encode(zipped).decode()})
            pipe.pexpire(self._drawing, LASTS_FOR)
            pipe.delete(self._drawer)
            pipe.execute()
