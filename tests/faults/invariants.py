"""What must be true whatever broke: read from the records alone, so any desk can be asked, also a restored one.

`broken` asks what is written, at any time; `unsettled` asks what still has to happen, when nothing new arrives.
"""

from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from redis import Redis
from rq import Queue
from sqlalchemy import Row, text

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.model import Agent, Snapshot
from dashboard.services.assignment import stranded_check
from dashboard.services.core.container import build
from dashboard.store.assignment import snapshot_json
from dashboard.store.inboxes import routing
from dashboard.store.postgres import database
from dashboard.store.postgres.database import Session
from dashboard.store.redis import client, keys
from jobs.rq_queue import DEFAULT, SCHEDULED, WEBHOOKS, RqJobs

# What a person did in another inbox may commit beside a batch; nobody waits longer than this for a lock.
BESIDE = timedelta(seconds=10)

# Each row of the ledger begins where the one before ended, a run takes only what nobody has, and the last row is true.
HANDS = text("""
WITH hands AS (
  SELECT id, conversation_id, agent_id, previous_agent_id, run_id,
    lag(agent_id) OVER (PARTITION BY conversation_id ORDER BY id) AS before,
    lead(id) OVER (PARTITION BY conversation_id ORDER BY id) IS NULL AS is_last
  FROM assignments
)
SELECT format('ledger row %s: conversation %s was with %s, and it says %s', id, conversation_id, before,
    previous_agent_id) AS sentence
FROM hands WHERE previous_agent_id IS DISTINCT FROM before
UNION ALL
SELECT format('ledger row %s: a run gave conversation %s away, which agent %s had', id, conversation_id, before)
FROM hands WHERE run_id IS NOT NULL AND before IS NOT NULL
UNION ALL
SELECT format('conversation %s is with %s, and its ledger says %s', c.id, c.assignee_id, hands.agent_id)
FROM conversations c LEFT JOIN hands ON hands.conversation_id = c.id AND hands.is_last
WHERE c.assignee_id IS DISTINCT FROM hands.agent_id
""")

# Events are removed in time, ledger rows are not: only what is as young as the oldest event is asked for its events. A
# disconnected helpdesk takes its conversations and their ledger along, not what was announced of them.
ANNOUNCED = text("""
WITH told AS (
  SELECT conversation_id, coalesce(run_id, 0) AS run_id, at,
    count(*) FILTER (WHERE event = 'assignee_changed') AS moved,
    count(*) FILTER (WHERE event = 'conversation_updated') AS updated
  FROM outbox_events WHERE conversation_id IN (SELECT id FROM conversations) GROUP BY 1, 2, 3
), given AS (
  SELECT conversation_id, coalesce(run_id, 0) AS run_id, at, count(*) AS rows
  FROM assignments WHERE at >= (SELECT min(at) FROM outbox_events) GROUP BY 1, 2, 3
)
SELECT format('conversation %s at %s: %s ledger rows, %s assignee_changed, %s conversation_updated',
  conversation_id, at, coalesce(rows, 0), coalesce(moved, 0), coalesce(updated, 0)) AS sentence
FROM given FULL JOIN told USING (conversation_id, run_id, at)
WHERE coalesce(rows, 0) <> coalesce(moved, 0) OR rows > coalesce(updated, 0)
""")

COUNTED = text("""
SELECT format('run %s says it assigned %s, and the ledger has %s', r.id, r.assigned_count, count(a.id)) AS sentence
FROM runs r LEFT JOIN assignments a ON a.run_id = r.id
WHERE r.finished_at IS NOT NULL GROUP BY r.id HAVING count(a.id) <> r.assigned_count
""")

OPEN = text("""
SELECT format('inbox %s, team %s, agent %s: %s are open, and %s are counted',
  inbox_id, team_id, agent_id, there, counted) AS sentence
FROM (
  SELECT inbox_id, coalesce(team_id, 0) AS team_id, coalesce(assignee_id, 0) AS agent_id, count(*) AS there
  FROM conversations WHERE status = 'open' GROUP BY 1, 2, 3
) held FULL JOIN (
  SELECT inbox_id, coalesce(team_id, 0) AS team_id, coalesce(assignee_id, 0) AS agent_id, sum(count) AS counted
  FROM open_counts GROUP BY 1, 2, 3
) counts USING (inbox_id, team_id, agent_id)
WHERE coalesce(there, 0) <> coalesce(counted, 0)
""")

GIVEN = text("""
SELECT a.id, a.conversation_id, a.inbox_id, a.agent_id, a.run_id, a.at, max(b.number) AS batch
FROM assignments a LEFT JOIN run_batches b ON b.run_id = a.run_id AND b.first_position <= a.position
WHERE a.run_id IS NOT NULL GROUP BY a.id ORDER BY a.id
""")

# Whoever changes a conversation holds its inbox, so within an inbox the events' ids are the order of what happened.
HAPPENED = text("""
SELECT id, event = 'assignee_changed' AND run_id IS NOT NULL AS given, run_id, conversation_id, at,
  (body->'conversation'->>'inbox_id')::bigint AS inbox_id, (body->'conversation'->>'team_id')::bigint AS team_id,
  CASE WHEN body->'conversation'->>'status' = 'open'
    THEN (body->'conversation'->>'assignee_id')::bigint END AS holder_id
FROM outbox_events WHERE conversation_id IS NOT NULL ORDER BY id
""")

SNAPSHOT = text("SELECT snapshot FROM run_batches WHERE run_id = :run_id AND number = :number")


def check(session: Session) -> None:
    """Fail with what the records contradict themselves in."""
    found = broken(session)
    assert not found, "\n".join(found)


def broken(session: Session) -> list[str]:
    """Return a sentence for each thing in the records that must never be."""
    asked = [session.execute(query).scalars() for query in (HANDS, ANNOUNCED, COUNTED, OPEN)]
    found = [*(sentence for rows in asked for sentence in rows), *over_the_rate(session), *over_capacity(session)]
    session.rollback()
    return found


def over_the_rate(session: Session) -> Iterator[str]:
    """Yield the automatic assignments that fair distribution did not allow (E14), by the limits that each batch read.

    Where rate limits could not be read they are passed over, as is promised (E41).
    """
    snapshots = _Snapshots(session)
    before: dict[tuple[int, int], list[datetime]] = defaultdict(list)
    for row in session.execute(GIVEN).all():
        instants = before[row.inbox_id, row.agent_id]
        insort(instants, row.at)
        seen = snapshots.of(row.run_id, row.batch)
        if seen is None or seen.policy is None or _agent(seen, row.agent_id).recent is None:
            continue
        count, limit = len(instants) - bisect_right(instants, row.at - seen.policy.window), _rate_limit(seen)
        if limit and count > limit:
            yield f"ledger row {row.id}: agent {row.agent_id} had {count} of {limit} in inbox {row.inbox_id}'s window"


def over_capacity(session: Session) -> Iterator[str]:
    """Yield the automatic assignments that a capacity did not allow (E15 to E17), by what was held at that moment."""
    snapshots, floor = _Snapshots(session), _Floor()
    batches = {(row.run_id, row.conversation_id): row.batch for row in session.execute(GIVEN)}
    for row in session.execute(HAPPENED):
        floor.change(row)
        seen = snapshots.of(row.run_id, batches.get((row.run_id, row.conversation_id))) if row.given else None
        if seen and row.holder_id is not None:
            yield from floor.passed(row, seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """An open conversation in somebody's hands, since when, and whether a run gave it."""

    agent_id: int
    inbox_id: int
    at: datetime
    by_run: bool


@dataclass(slots=True)
class _Floor:
    """Who holds what, event by event."""

    held: dict[int, _Held] = field(default_factory=dict)
    here: Counter[tuple[int, int]] = field(default_factory=Counter)
    total: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def change(self, row: Row[Any]) -> None:
        before = self.held.get(row.conversation_id)
        if (before.agent_id if before else None) == row.holder_id:
            return
        if before:
            del self.held[row.conversation_id]
            self.here[before.agent_id, before.inbox_id] -= 1
            self.total[before.agent_id].discard(row.conversation_id)
        if row.holder_id is not None:
            held = _Held(agent_id=row.holder_id, inbox_id=row.inbox_id, at=row.at, by_run=row.given)
            self.held[row.conversation_id] = held
            self.here[row.holder_id, row.inbox_id] += 1
            self.total[row.holder_id].add(row.conversation_id)

    def passed(self, row: Row[Any], seen: Snapshot) -> Iterator[str]:
        agent = _agent(seen, row.holder_id)
        here = self.here[row.holder_id, row.inbox_id]
        if agent.capacity is not None and here > agent.capacity:
            yield f"event {row.id}: agent {agent.id} held {here} of {agent.capacity} in inbox {row.inbox_id}"
        team = next((team for team in seen.teams if team.id == row.team_id), None)
        limits = {"over all": agent.total_capacity, "as a team allows": (team and team.max_open) or None}
        for name, limit in limits.items():
            if limit is not None and len(self.total[agent.id]) > limit and self._sure(row) > limit:
                yield f"event {row.id}: agent {agent.id} held {self._sure(row)} of {limit} {name}"

    def _sure(self, row: Row[Any]) -> int:
        """Count what the batch must have seen."""
        of_agent = [self.held[one] for one in self.total[row.holder_id]]
        return sum(one.by_run or one.inbox_id == row.inbox_id or one.at < row.at - BESIDE for one in of_agent)


class _Snapshots:
    """What each batch saw; few are kept, because a batch's assignments come one after the other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.of = lru_cache(64)(self._read)

    def _read(self, run_id: int, number: int | None) -> Snapshot | None:
        kept: Mapping[str, Any] | None = self._session.scalar(SNAPSHOT, {"run_id": run_id, "number": number})
        return snapshot_json.load(kept) if kept else None


def _agent(seen: Snapshot, agent_id: int) -> Agent:
    return next(agent for agent in seen.agents if agent.id == agent_id)


def _rate_limit(seen: Snapshot) -> int:
    return (seen.policy and seen.policy.fair_distribution_limit) or 0


def unsettled(settings: Settings) -> list[str]:
    """Return what is left to do: what somebody could take, jobs that nobody does, marks that nobody clears.

    Ask while the processes are at work and nothing new arrives, and again until the promised time is over.
    """
    engine = database.connect(settings.database_url)
    with engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
        work = build(settings, RqJobs(settings.redis_url)).work(session)
        # Account by account: the watch passes over whom it cannot look at, and here that is a failure.
        with_work, now = routing.routed_with_work(session).items(), clock.now()
        waiting = {account: stranded_check._assignable(work, account, inboxes, now) for account, inboxes in with_work}
    engine.dispose()
    takeable = [
        f"{len(ids)} wait in inbox {inbox}, and somebody could take them"
        for inboxes in waiting.values()
        for inbox, ids in inboxes.items()
    ]
    return [*takeable, *_jobs(settings)]


def marks(settings: Settings) -> list[bytes]:
    """Return the marks of pending runs. One whose process ended before it asked for the run lasts a minute."""
    return list(_marks(client.connect(settings.redis_url, text=False)))


def _jobs(settings: Settings) -> Iterator[str]:
    """Yield the queues where something is left, and the marks that keep an inbox from being asked for again."""
    connection = client.connect(settings.redis_url, text=False)
    for name in (DEFAULT, SCHEDULED, WEBHOOKS):
        if left := Queue(name, connection=connection).count:
            yield f"{left} jobs wait in queue {name}"
    for key in _marks(connection):
        yield f"{key!r} says that a run is pending"
    connection.close()


def _marks(connection: Redis) -> list[bytes]:
    pending = keys.pending(1, 1).replace("1", "*").replace("{", "[{]").replace("}", "[}]")
    return list(connection.scan_iter(pending))
