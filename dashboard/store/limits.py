"""Fair distribution: who was given what within the window. Unreadable: StoreUnavailable; the caller decides (E41)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis

from dashboard.store import keys
from dashboard.store.errors import asking
from dashboard.store.instants import instant, score

# Per key: how many entries are younger than the window, and the one whose leaving frees the next slot. The keys come
# share by share; bounds and answers are one string each, which a client packs and reads much faster than thousands.
COUNT = """
local answers, number = {}, 0
for _, share in ipairs(cjson.decode(ARGV[1])) do
  local since, limit, agents = share[1], share[2], share[3]
  for _ = 1, agents do
    number = number + 1
    local count = redis.call('ZCOUNT', KEYS[number], since, '+inf')
    local frees = false
    if count > 0 then
      local skip = math.max(0, count - limit)
      frees = redis.call('ZRANGEBYSCORE', KEYS[number], since, '+inf', 'WITHSCORES', 'LIMIT', skip, 1)[2]
    end
    answers[number] = {count, frees}
  end
end
return cjson.encode(answers)
"""
# Key by key, the conversations to note: for a hundred agents a third of what as many commands cost.
RESERVE = """
for number, conversations in ipairs(cjson.decode(ARGV[1])) do
  redis.call('ZREMRANGEBYSCORE', KEYS[number], '-inf', ARGV[3])
  for _, conversation in ipairs(conversations) do redis.call('ZADD', KEYS[number], ARGV[2], conversation) end
  redis.call('PEXPIRE', KEYS[number], ARGV[4])
end
"""

MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What is asked of one inbox: how much of its fair share each of these agents has had."""

    inbox_id: int
    agent_ids: Collection[int]
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """An agent's automatic assignments within the window, and when the slot that matters next is free again.

    A count of None could not be read.
    """

    count: int | None
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
        self._reserve = redis.register_script(RESERVE)

    def recent(self, account_id: int, shares: Collection[Share], now: datetime) -> Mapping[int, Mapping[int, Recent]]:
        """Return the recent assignments by inbox and agent, in one round trip."""
        asked = [(share, agent) for share in shares for agent in share.agent_ids]
        if not asked:
            return {}
        names = [keys.rate(account_id, share.inbox_id, agent) for share, agent in asked]
        bounds = [(f"({score(now - share.window)}", share.limit, len(share.agent_ids)) for share in shares]
        with asking("rate limits"):
            answers = json.loads(self._count(keys=names, args=[json.dumps(bounds)]))
        found: dict[int, dict[int, Recent]] = {share.inbox_id: {} for share in shares}
        for (share, agent), (count, frees) in zip(asked, answers, strict=True):
            frees_at = instant(frees) + share.window if frees else None
            found[share.inbox_id][agent] = Recent(count=count, slot_frees_at=frees_at)
        return found

    def reserve(
        self, account_id: int, inbox_id: int, entries: Collection[Reservation], *, window: timedelta, now: datetime
    ) -> None:
        """Count these before they are committed: a crash may count one too many, never one too few (E28)."""
        by_agent: dict[int, list[str]] = {}
        for entry in entries:
            by_agent.setdefault(entry.agent_id, []).append(str(entry.conversation_id))
        names = [keys.rate(account_id, inbox_id, agent_id) for agent_id in by_agent]
        ids = json.dumps(list(by_agent.values()))
        with asking("rate limits"):
            self._reserve(keys=names, args=[ids, score(now), score(now - window), window // MILLISECOND])

    def give_back(self, account_id: int, inbox_id: int, entries: Collection[Reservation]) -> None:
        """Take out reservations whose claim was not written."""
        with asking("rate limits"), self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.zrem(keys.rate(account_id, inbox_id, entry.agent_id), entry.conversation_id)
            pipe.execute()
