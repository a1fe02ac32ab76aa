"""Fair distribution: recent assignments within the window. Unreadable: StoreUnavailable; the caller decides (E41).

The ledger is authoritative. Redis has the counters for every batch, and a mark per inbox with the window over which
they are complete. The mark is lost with Redis's data, and deleted after an assignment that could not be counted.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis

from dashboard.store.core.errors import translate_redis_errors
from dashboard.store.redis import keys
from dashboard.store.redis.scores import MICROSECOND, instant, score

# A batch counts by the instant at which it locked its inbox. On a slow network, Redis gets the entry later, by at most
# the longest duration of a job.
OUTLIVES_WINDOW_BY = timedelta(minutes=2)
# The lifetime of the mark; afterwards, the ledger is counted again.
MARK_LASTS_FOR = timedelta(days=7)
# Per key: the number of entries within the window, and the entry that frees the next slot when it leaves. Keys come
# inbox by inbox; bounds and answers are one string each, much faster for the client than thousands of values.
COUNT = """
local shares, answers, number = cjson.decode(ARGV[1]), {}, 0
for place, share in ipairs(shares) do
  local since, limit, agents, window = share[1], share[2], share[3], share[4]
  local found = {}
  for turn = 1, agents do
    number = number + 1
    local count = redis.call('ZCOUNT', KEYS[#shares + number], since, '+inf')
    local frees = false
    if count > 0 then
      local skip = math.max(0, count - limit)
      frees = redis.call('ZRANGEBYSCORE', KEYS[#shares + number], since, '+inf', 'WITHSCORES', 'LIMIT', skip, 1)[2]
    end
    found[turn] = {count, frees}
  end
  answers[place] = {tonumber(redis.call('GET', KEYS[place]) or 0) >= window, found}
end
return cjson.encode(answers)
"""


# The conversations to record, key by key: for a hundred agents, a third of the cost of single commands.
RESERVE = """
for number, conversations in ipairs(cjson.decode(ARGV[1])) do
  redis.call('ZREMRANGEBYSCORE', KEYS[number], '-inf', ARGV[3])
  for _, conversation in ipairs(conversations) do
    redis.call('ZADD', KEYS[number], ARGV[2], conversation .. ':' .. ARGV[2])
  end
  redis.call('PEXPIRE', KEYS[number], ARGV[4])
end
-- What an earlier, longer window knew of has gone with this.
redis.call('SET', KEYS[#KEYS], ARGV[5], 'XX', 'PX', ARGV[6])
"""

MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitQuery:
    """A query for one inbox: the recent assignments of these agents."""

    inbox_id: int
    agent_ids: Collection[int]
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCount:
    """An agent's automatic assignments within the window, and the instant of the next free slot.

    A count of None could not be read.
    """

    count: int | None
    slot_frees_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One entry: this conversation is assigned to this agent at this instant; a later assignment counts again."""

    agent_id: int
    conversation_id: int
    at: datetime

    @property
    def member(self) -> str:
        """Return the entry's member in the agent's sorted set."""
        return f"{self.conversation_id}:{score(self.at)}"


class RateLimits:
    """One sorted set per inbox and agent: an entry exactly one window old does not count any longer (E14)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._count = redis.register_script(COUNT)
        self._reserve = redis.register_script(RESERVE)

    def recent(
        self, account_id: int, shares: Collection[LimitQuery], now: datetime
    ) -> Mapping[int, Mapping[int, WindowCount]]:
        """Return the recent assignments by inbox and agent in one round trip; inboxes without a mark are left out."""
        if not shares:
            return {}
        marks = [keys.counted(account_id, share.inbox_id) for share in shares]
        names = [keys.rate(account_id, share.inbox_id, agent) for share in shares for agent in share.agent_ids]
        bounds = [
            (f"({score(now - share.window)}", share.limit, len(share.agent_ids), share.window // MICROSECOND)
            for share in shares
        ]
        with translate_redis_errors("rate limits"):
            answers = json.loads(self._count(keys=[*marks, *names], args=[json.dumps(bounds)]))
        return {
            share.inbox_id: _by_agent(share, found)
            for share, (is_known, found) in zip(shares, answers, strict=True)
            if is_known
        }

    def reserve(
        self, account_id: int, inbox_id: int, entries: Collection[Reservation], *, window: timedelta, now: datetime
    ) -> None:
        """Count these before their commit: a crash may count one too many, never one too few (E28)."""
        by_agent: dict[int, list[str]] = {}
        for entry in entries:
            by_agent.setdefault(entry.agent_id, []).append(str(entry.conversation_id))
        names = [keys.rate(account_id, inbox_id, agent_id) for agent_id in by_agent]
        lifetime = _lifetime(window)
        bounds = [score(now), score(now - lifetime), lifetime // MILLISECOND, window // MICROSECOND]
        with translate_redis_errors("rate limits"):
            self._reserve(
                keys=[*names, keys.counted(account_id, inbox_id)],
                args=[json.dumps(list(by_agent.values())), *bounds, MARK_LASTS_FOR // MILLISECOND],
            )

    def give_back(self, account_id: int, inbox_id: int, entries: Collection[Reservation]) -> None:
        """Remove reservations after their claim failed."""
        with translate_redis_errors("rate limits"), self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.zrem(keys.rate(account_id, inbox_id, entry.agent_id), entry.member)
            pipe.execute()

    def restore(self, account_id: int, inbox_id: int, entries: Collection[Reservation], *, window: timedelta) -> None:
        """Restore a whole window's counters from the ledger, and set the mark; the caller holds the inbox's lock."""
        with translate_redis_errors("rate limits"), self._redis.pipeline(transaction=False) as pipe:
            names = {entry.agent_id: keys.rate(account_id, inbox_id, entry.agent_id) for entry in entries}
            if names:
                pipe.delete(*names.values())
            for entry in entries:
                pipe.zadd(names[entry.agent_id], {entry.member: score(entry.at)})
            for name in names.values():
                pipe.pexpire(name, _lifetime(window))
            pipe.set(keys.counted(account_id, inbox_id), window // MICROSECOND, px=MARK_LASTS_FOR)
            pipe.execute()

    def forget(self, account_id: int, inbox_id: int) -> None:
        """Delete the mark, so that the ledger is counted instead."""
        with translate_redis_errors("rate limits"):
            self._redis.delete(keys.counted(account_id, inbox_id))


def _lifetime(window: timedelta) -> timedelta:
    return window + OUTLIVES_WINDOW_BY


def _by_agent(share: LimitQuery, found: Sequence[tuple[int, str | None]]) -> Mapping[int, WindowCount]:
    return {
        agent: WindowCount(count=count, slot_frees_at=instant(frees) + share.window if frees else None)
        for agent, (count, frees) in zip(share.agent_ids, found, strict=True)
    }
