"""Rotations by agent id (E20 to E24). Unreadable: StoreUnavailable, and the run ends (E42)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from redis import Redis

from dashboard.engine import selectors
from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys

LIFETIME = timedelta(days=7)

# New members join at the back in the given order, former members are removed, picked agents go behind all others. One
# atomic step, because two inboxes may share a team's rotation.
ADVANCE = """
local members, picks = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
local belongs, known, turns = {}, {}, {}
for _, agent in ipairs(members) do belongs[agent] = true end
for _, agent in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  known[agent] = true
  if not belongs[agent] then redis.call('ZREM', KEYS[1], agent) end
end
local last = tonumber(redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or 0)
local function to_the_back(agent)
  last = last + 1
  turns[#turns + 1], turns[#turns + 2] = last, agent
end
for _, agent in ipairs(members) do
  if not known[agent] then to_the_back(agent) end
end
for _, agent in ipairs(picks) do
  if belongs[agent] then to_the_back(agent) end
end
-- A thousand at once: Lua's stack holds eight thousand values.
for first = 1, #turns, 1000 do
  redis.call('ZADD', KEYS[1], unpack(turns, first, math.min(first + 999, #turns)))
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""

# An agent whose turn was not spent after all comes first again; one who has left meanwhile does not come back.
GIVE_BACK = """
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  if first[1] ~= ARGV[1] then redis.call('ZADD', KEYS[1], tonumber(first[2]) - 1, ARGV[1]) end
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationKey:
    """The key of one rotation: a team's, or without team the inbox's own."""

    account_id: int
    inbox_id: int
    team_id: int | None = None

    @property
    def key(self) -> str:
        """Return the Redis key; a team's is the same for every inbox."""
        return keys.rotation(self.account_id, inbox_id=self.inbox_id, team_id=self.team_id)


class Rotations(Protocol):
    """Stores rotations; both implementations give the same turns (E24)."""

    def orders(self, wheels: Sequence[RotationKey]) -> Mapping[RotationKey, tuple[int, ...]]:
        """Return the agent ids of each rotation, longest without a turn first."""

    def advance(self, wheel: RotationKey, *, members: Collection[int], picks: Sequence[int]) -> None:
        """Remove former members, add new ones at the back, and move picked agents to the end in picked order."""

    def give_back(self, wheel: RotationKey, agent_id: int) -> None:
        """Put the agent first again: a turn was not spent after all (C14)."""


class RedisRotations:
    """Rotations that all workers share: one sorted set each, member agent id, score turn."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._advance = redis.register_script(ADVANCE)
        self._give_back = redis.register_script(GIVE_BACK)

    def orders(self, wheels: Sequence[RotationKey]) -> Mapping[RotationKey, tuple[int, ...]]:
        """Return the agent ids of each rotation in one round trip, and extend its lifetime to another seven days."""
        with translate_redis_errors("rotation"), self._redis.pipeline(transaction=False) as pipe:
            for wheel in wheels:
                pipe.zrange(wheel.key, 0, -1)
                pipe.pexpire(wheel.key, LIFETIME)
            found = pipe.execute()[::2]
        return {wheel: tuple(map(int, ids)) for wheel, ids in zip(wheels, found, strict=True)}

    def advance(self, wheel: RotationKey, *, members: Collection[int], picks: Sequence[int]) -> None:
        """Write a run's turns."""
        # An agent's last turn alone decides the order.
        last = list(dict.fromkeys(reversed(picks)))[::-1]
        lists = [_json(sorted(members)), _json(last)]
        with translate_redis_errors("rotation"):
            self._advance(keys=[wheel.key], args=[*lists, LIFETIME // timedelta(milliseconds=1)])

    def give_back(self, wheel: RotationKey, agent_id: int) -> None:
        """Put the agent first again."""
        with translate_redis_errors("rotation"):
            self._give_back(keys=[wheel.key], args=[str(agent_id)])


class MemoryRotations:
    """Rotations of one process: dry runs, replays, tests."""

    def __init__(self) -> None:
        self._orders: dict[str, tuple[int, ...]] = {}

    def orders(self, wheels: Sequence[RotationKey]) -> Mapping[RotationKey, tuple[int, ...]]:
        """Return the agent ids of each rotation."""
        return {wheel: self._orders.get(wheel.key, ()) for wheel in wheels}

    def advance(self, wheel: RotationKey, *, members: Collection[int], picks: Sequence[int]) -> None:
        """Apply a run's turns."""
        order = selectors.reconcile(self._orders.get(wheel.key, ()), members)
        self._orders[wheel.key] = selectors.rotate(order, picks)

    def give_back(self, wheel: RotationKey, agent_id: int) -> None:
        """Put the agent first again."""
        order = self._orders.get(wheel.key, ())
        if agent_id in order:
            self._orders[wheel.key] = (agent_id, *(one for one in order if one != agent_id))


def _json(ids: Collection[int]) -> str:
    return json.dumps(list(map(str, ids)))
