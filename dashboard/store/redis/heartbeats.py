"""The last heartbeat of each agent. Unreadable: StoreUnavailable, and no agent counts as online (E40)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from redis import Redis

from dashboard.engine.model import Presence
from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys
from dashboard.store.redis.scores import instant, score


class Heartbeats:
    """One sorted set per account, so that writing and reading cost one command each (E39)."""

    def __init__(self, redis: Redis, lasts_for: timedelta) -> None:
        self._redis = redis
        self._lasts_for = lasts_for

    def beat(self, account_id: int, agent_ids: Collection[int], now: datetime) -> Mapping[int, datetime | None]:
        """Record heartbeats of these agents; return those without a current one before, with their last one."""
        ids = [str(agent) for agent in agent_ids]
        if not ids:
            return {}
        key = keys.presence(account_id)
        with translate_redis_errors("presence"), self._redis.pipeline(transaction=False) as pipe:
            pipe.zmscore(key, ids)
            pipe.zadd(key, dict.fromkeys(ids, score(now)), gt=True)
            before, _ = pipe.execute()
        came = [(int(agent), at) for agent, at in zip(ids, before, strict=True) if not self._lasts(at, now)]
        return {agent: None if at is None else instant(at) for agent, at in came}

    def lapses_at(self, heard_at: datetime) -> datetime:
        """Return the instant from which this heartbeat no longer counts."""
        return heard_at + self._lasts_for

    def last(self, account_id: int, agent_ids: Collection[int]) -> Mapping[int, datetime]:
        """Return each agent's last heartbeat; agents without one are left out."""
        return {agent: instant(at) for agent, at in self._heard(account_id, agent_ids).items()}

    def present(self, account_id: int, agent_ids: Collection[int], now: datetime) -> frozenset[int]:
        """Return the agents with a heartbeat within the presence duration (E37)."""
        since = score(now - self._lasts_for)
        return frozenset(agent for agent, at in self._heard(account_id, agent_ids).items() if at > since)

    def leave(self, account_id: int, agent_ids: Collection[int]) -> None:
        """Delete the heartbeats and cached availability of former agents."""
        if agent_ids:
            with translate_redis_errors("presence"):
                self._redis.zrem(keys.presence(account_id), *agent_ids)
                self._redis.hdel(keys.availability(account_id), *map(str, agent_ids))

    def remember(self, account_id: int, agent_id: int, availability: Presence) -> None:
        """Cache an agent's set availability; Postgres has the authoritative value."""
        with translate_redis_errors("availability"):
            self._redis.hset(keys.availability(account_id), str(agent_id), availability.value)

    def remembered(self, account_id: int, agent_ids: Collection[int]) -> Mapping[int, Presence]:
        """Return the agents' cached availability; missing ones are left out."""
        ids = list(agent_ids)
        if not ids:
            return {}
        with translate_redis_errors("availability"):
            found = self._redis.hmget(keys.availability(account_id), [str(i) for i in ids])
        return {agent: Presence(str(word)) for agent, word in zip(ids, found, strict=True) if word is not None}

    def _heard(self, account_id: int, agent_ids: Collection[int]) -> Mapping[int, float]:
        if not agent_ids:
            return {}
        with translate_redis_errors("presence"):
            found = self._redis.zmscore(keys.presence(account_id), [str(agent) for agent in agent_ids])
        return {agent: at for agent, at in zip(agent_ids, found, strict=True) if at is not None}

    def _lasts(self, at: float | None, now: datetime) -> bool:
        return at is not None and at > score(now - self._lasts_for)


def presence_of(*, availability: Presence, auto_offline: bool, heard: bool, active: bool = True) -> Presence:
    """Return an agent's presence: the set availability if present, `offline` if not or if deactivated (E37)."""
    return availability if active and (heard or not auto_offline) else Presence.OFFLINE
