"""Builds engine.Snapshots from rows and Redis, in a fixed number of queries for any number of inboxes and agents."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from dashboard.config import OnFailure
from dashboard.engine import model
from dashboard.store.assignment import candidates, fair_shares, further_counts, open_counts
from dashboard.store.assignment.candidates import CandidateTeam, SeatRow
from dashboard.store.assignment.snapshot_builder import (
    Counts,
    FurtherCounts,
    RoutedInbox,
    SnapshotBuilder,
    overflow_pairs,
    pairs_of,
    wheel,
)
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.postgres import locks
from dashboard.store.postgres.database import Session
from dashboard.store.redis.heartbeats import Heartbeats
from dashboard.store.redis.rate_limits import LimitQuery, RateLimits, WindowCount
from dashboard.store.redis.rotation import Rotations

__all__ = ["AgentRows", "LiveAgents", "RedisReaders", "RoutedInbox", "of_agent", "of_rows", "read", "wheel"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisReaders:
    """The Redis parts of a snapshot, and the setting for unreadable rate limits."""

    heartbeats: Heartbeats
    limits: RateLimits
    rotations: Rotations
    on_failure: OnFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRows:
    """Some agents' rows: the teams with work in their inboxes, their seats, and their loads by agent and inbox."""

    account_id: int
    agent_ids: Collection[int]
    teams: Sequence[CandidateTeam]
    seats: Sequence[SeatRow]
    loads: Mapping[int, Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAgents:
    """Snapshots by inbox, the agents heard of, and the recent assignments by inbox and agent."""

    snapshots: Mapping[int, model.Snapshot] = field(default_factory=dict)
    heard: frozenset[int] = frozenset()
    recent: Mapping[int, Mapping[int, WindowCount]] = field(default_factory=dict)


def read(
    session: Session, gauges: RedisReaders, places: Sequence[RoutedInbox], *, now: datetime, hold: bool = False
) -> Mapping[int, model.Snapshot]:
    """Return, by inbox id, the snapshots of some inboxes of one account, without their waiting conversations.

    With `hold`, agents with a limit over several inboxes stay locked until the transaction ends, so that no other
    inbox's batch can exceed the counts (E27). Raises StoreUnavailable if presence or a rotation cannot be read (E40,
    E42).
    """
    if not places:
        return {}
    account_id, ids = places[0].inbox.account_id, [place.inbox.id for place in places]
    teams = candidates.teams_with_work(session, account_id, ids)
    seats = candidates.seats(session, account_id, ids, [*pairs_of(teams), *overflow_pairs(places)])
    heard = gauges.heartbeats.present(account_id, {seat.agent_id for seat in seats}, now)
    table = SnapshotBuilder(places, teams, seats, heard)
    if hold:
        locks.hold_agents(session, account_id, table.spanning & table.eligible)
    skilled = {seat.inbox_id for seat in seats if seat.asks_skills}
    counted = Counts(
        loads=open_counts.held(session, account_id, table.compared),
        exclusions=candidates.exclusions(session, account_id, ids),
        recent=_recent(session, gauges, table.shares(), account_id=account_id, now=now, hold=hold),
        orders={found.key: order for found, order in gauges.rotations.orders(table.wheels()).items()},
        skilled=candidates.skilled_pools(session, skilled) if skilled else {},
        further=_further(session, account_id, table),
    )
    return {place.inbox.id: table.snapshot(place, counted) for place in places}


def of_agent(
    session: Session, gauges: RedisReaders, places: Sequence[RoutedInbox], agent_id: int, *, now: datetime
) -> LiveAgents:
    """Return snapshots of one agent where they may be asked, with what they had also where they are absent.

    Raises StoreUnavailable when presence cannot be read (E40).
    """
    if not places:
        return LiveAgents()
    account_id, ids = places[0].inbox.account_id, [place.inbox.id for place in places]
    teams = candidates.teams_with_work(session, account_id, ids)
    rows = AgentRows(
        account_id=account_id,
        agent_ids=[agent_id],
        teams=teams,
        seats=candidates.seats_of_agent(session, account_id, ids, pairs_of(teams), agent_id=agent_id),
        loads=open_counts.held(session, account_id, [agent_id]),
    )
    return of_rows(session, gauges, places, rows, now=now, counted_for=[agent_id])


def of_rows(
    session: Session,
    gauges: RedisReaders | None,
    places: Sequence[RoutedInbox],
    rows: AgentRows,
    *,
    now: datetime,
    counted_for: Collection[int] | None = None,
) -> LiveAgents:
    """Return snapshots to judge agents by, without rotations and exclusions.

    Only of agents in play is counted what they had, unless others are named. Without Redis nobody is heard of. Raises
    StoreUnavailable when presence cannot be read (E40).
    """
    heard = gauges.heartbeats.present(rows.account_id, rows.agent_ids, now) if gauges else frozenset()
    table = SnapshotBuilder(places, rows.teams, rows.seats, heard)
    shares = table.shares(counted_for)
    recent = _recent(session, gauges, shares, account_id=rows.account_id, now=now, hold=False) if gauges else {}
    counted = Counts(loads=rows.loads, recent=recent, further=_further(session, rows.account_id, table))
    snapshots = {place.inbox.id: table.snapshot(place, counted) for place in places}
    return LiveAgents(snapshots=snapshots, heard=heard, recent=recent)


def _further(session: Session, account_id: int, table: SnapshotBuilder) -> FurtherCounts:
    """Read what only rules in use need."""
    places, unanswered = table.places, table.counted_unanswered
    weighs, paced = any(place.uses.weighs for place in places), table.paced
    return FurtherCounts(
        unanswered=further_counts.unanswered(session, account_id, unanswered) if unanswered else {},
        weights=further_counts.weights(session, account_id) if weighs else {},
        last_assigned=further_counts.last_assigned(session, account_id, paced) if paced else {},
    )


def _recent(
    session: Session, gauges: RedisReaders, shares: Sequence[LimitQuery], *, account_id: int, now: datetime, hold: bool
) -> Mapping[int, Mapping[int, WindowCount]]:
    """Return the assignments that count for fair distribution; if unreadable, the setting's substitute (E41)."""
    try:
        return fair_shares.recent(session, gauges.limits, shares, account_id=account_id, now=now, hold=hold)
    except StoreUnavailable as error:
        inboxes = [share.inbox_id for share in shares]
        log.warning("rate_limits_unreadable", account=account_id, inboxes=inboxes, error=str(error))
        closed = gauges.on_failure is OnFailure.CLOSED
        return {
            share.inbox_id: dict.fromkeys(
                share.agent_ids, WindowCount(count=share.limit if closed else None, slot_frees_at=None)
            )
            for share in shares
        }
