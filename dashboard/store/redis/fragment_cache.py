"""Drawings that all web processes share: one of them makes each, and it is kept for as long as it may be shown."""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys

LASTS_FOR = timedelta(seconds=5)
# Whoever makes the next and ends meanwhile keeps the others from it for so long.
MAKING_LASTS_FOR = timedelta(seconds=1)
# So many views of an account are made at once: a change is seen by all of them, and made together they leave nobody a
# core to answer with.
AT_ONCE = max(1, (os.cpu_count() or 1) - 1)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDrawing:
    """A drawing as some process made it: its version, zipped, and for how long it has been there."""

    version: str
    zipped: bytes
    age: timedelta


class SharedDrawings:
    """Where the last drawing of each view of an account is found."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def of(self, account_id: int, view: str) -> "SharedPlace":
        """Return the place of a view: words that name all that a drawing depends on but its version."""
        return SharedPlace(self._redis, account_id, int.from_bytes(sha256(view.encode()).digest()[:8]))


class SharedPlace:
    """One view's last drawing, and whose turn it is to make the next. All raise StoreUnavailable."""

    def __init__(self, redis: Redis, account_id: int, view_id: int) -> None:
        self._redis = redis
        self._drawing = keys.drawing(account_id, view_id)
        self._drawer = keys.drawer(account_id, view_id % AT_ONCE)

    def find(self) -> SharedDrawing | None:
        """Return the last drawing, as old as Redis says it is: hosts' clocks differ."""
        with translate_redis_errors("drawings"), self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(self._drawing, "version", "zipped")
            pipe.pttl(self._drawing)
            (version, zipped), left = pipe.execute()
        if version is None or zipped is None:
            return None
        age = LASTS_FOR - max(int(left), 0) * MILLISECOND
        return SharedDrawing(version=version, zipped=b64decode(zipped), age=age)

    def claim(self) -> bool:
        """Say that this process makes the next; false if another makes it, or one of those that take turns with it."""
        with translate_redis_errors("drawings"):
            return bool(self._redis.set(self._drawer, 1, nx=True, px=MAKING_LASTS_FOR))

    def keep(self, version: str, zipped: bytes) -> None:
        """Let all have a drawing, and any of them make the next. Our client reads text, so it goes as text."""
        with translate_redis_errors("drawings"), self._redis.pipeline() as pipe:
            pipe.hset(self._drawing, mapping={"version": version, "zipped": b64encode(zipped).decode()})
            pipe.pexpire(self._drawing, LASTS_FOR)
            pipe.delete(self._drawer)
            pipe.execute()
