"""Fair distribution: who was given what within the window. Unreadable: StoreUnavailable; the caller decides (E41)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis

from dashboard.store import keys
from dashboard.store.errors import asking
from dashboard.store.instants import instant, score

# Per key: how many entries are younger than the window, and the one whose leaving frees the next slot.
COUNT = """
local answers = {}
for i, key in ipairs(KEYS) do
  local count = redis.call('ZCOUNT', key, ARGV[1], '+inf')
  local frees = false
  if count > 0 then
    local skip = math.max(0, count - tonumber(ARGV[2]))
    frees = redis.call('ZRANGEBYSCORE', key, ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', skip, 1)[2]
  end
  answers[i] = {count, frees}
end
return answers
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """An agent's automatic assignments within the window, and when the slot that matters next is free again."""

    count: int
    slot_frees_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One entry: this conversation is about to be given to this agent."""

    agent_id: int
    conversation_id: int


class RateLimits:
    """One sorted set per inbox and agent: an entry exactly one window old no longer counts (E14)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._count = redis.register_script(COUNT)

    def recent(
        self,
        account_id: int,
        inbox_id: int,
        agent_ids: Collection[int],
        *,
        limit: int,
        window: timedelta,
        now: datetime,
    ) -> Mapping[int, Recent]:
        """Return each agent's recent assignments in this inbox, in one round trip."""
        ids = list(agent_ids)
        if not ids:
            return {}
        names = [keys.rate(account_id, inbox_id, agent) for agent in ids]
        with asking("rate limits"):
            answers = self._count(keys=names, args=[f"({score(now - window)}", limit])
        return {
            agent: Recent(count=int(count), slot_frees_at=instant(frees) + window if frees else None)
            for agent, (count, frees) in zip(ids, answers, strict=True)
        }

    def reserve(
        self, account_id: int, inbox_id: int, entries: Collection[Reservation], *, window: timedelta, now: datetime
    ) -> None:
        """Count these before they are committed: a crash may count one too many, never one too few (E28)."""
        by_agent: dict[int, dict[str, int]] = {}
        for entry in entries:
            by_agent.setdefault(entry.agent_id, {})[str(entry.conversation_id)] = score(now)
        with asking("rate limits"), self._redis.pipeline(transaction=False) as pipe:
            for agent_id, members in by_agent.items():
                name = keys.rate(account_id, inbox_id, agent_id)
                pipe.zremrangebyscore(name, "-inf", score(now - window))
                pipe.zadd(name, members)
                pipe.pexpire(name, window)
            pipe.execute()

    def give_back(self, account_id: int, inbox_id: int, entries: Collection[Reservation]) -> None:
        """Take out reservations whose claim was not written."""
        with asking("rate limits"), self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.zrem(keys.rate(account_id, inbox_id, entry.agent_id), entry.conversation_id)
            pipe.execute()
