"""Builds engine.Snapshots from rows and Redis, in a fixed number of queries for any number of inboxes and agents."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from dashboard.config import OnFailure
from dashboard.engine import model
from dashboard.engine.policy import AssignmentPolicy, ExclusionRules
from dashboard.engine.selectors import SELECTORS
from dashboard.store.assignment import candidates, fair_shares, open_counts
from dashboard.store.assignment.candidates import CandidateTeam, SeatRow
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.postgres import locks
from dashboard.store.postgres.database import Session
from dashboard.store.redis.heartbeats import Heartbeats, presence_of
from dashboard.store.redis.rate_limits import LimitQuery, RateLimits, WindowCount
from dashboard.store.redis.rotation import RotationKey, Rotations

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisReaders:
    """The Redis parts of a snapshot, and the setting for unreadable rate limits."""

    heartbeats: Heartbeats
    limits: RateLimits
    rotations: Rotations
    on_failure: OnFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedInbox:
    """An inbox and the policy to plan it under."""

    inbox: model.Inbox
    policy: AssignmentPolicy


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
    seats = candidates.seats(session, account_id, ids, teams)
    heard = gauges.heartbeats.present(account_id, {seat.agent_id for seat in seats}, now)
    table = _SnapshotBuilder(places, teams, seats, heard)
    if hold:
        locks.hold_agents(session, account_id, table.spanning & table.eligible)
    counted = _Counts(
        loads=open_counts.held(session, account_id, table.compared),
        exclusions=candidates.exclusions(session, account_id, ids),
        recent=_recent(session, gauges, table.shares(), account_id=account_id, now=now, hold=hold),
        orders={found.key: order for found, order in gauges.rotations.orders(table.wheels()).items()},
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
        seats=candidates.seats_of_agent(session, account_id, ids, teams, agent_id=agent_id),
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
    table = _SnapshotBuilder(places, rows.teams, rows.seats, heard)
    shares = table.shares(counted_for)
    recent = _recent(session, gauges, shares, account_id=rows.account_id, now=now, hold=False) if gauges else {}
    counted = _Counts(loads=rows.loads, recent=recent)
    snapshots = {place.inbox.id: table.snapshot(place, counted) for place in places}
    return LiveAgents(snapshots=snapshots, heard=heard, recent=recent)


def wheel(inbox: model.Inbox, team_id: int | None) -> RotationKey:
    """Return the rotation of a team's conversations, or of those without team."""
    return RotationKey(account_id=inbox.account_id, inbox_id=inbox.id, team_id=team_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    """Changing figures: loads by agent and inbox, recent assignments and exclusions by inbox, orders by rotation."""

    loads: Mapping[int, Mapping[int, int]]
    recent: Mapping[int, Mapping[int, WindowCount]]
    exclusions: Mapping[int, tuple[ExclusionRules, ...]] = field(default_factory=dict)
    orders: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


class _SnapshotBuilder:
    """The rows of one reading, sorted by inbox."""

    def __init__(
        self,
        places: Sequence[RoutedInbox],
        teams: Sequence[CandidateTeam],
        seats: Sequence[SeatRow],
        heard: Collection[int],
    ) -> None:
        self._places = places
        self._teams: dict[int, list[model.Team]] = {p.inbox.id: [] for p in places}
        for row in teams:
            self._teams[row.inbox_id].append(row.team)
        self._seats: dict[int, list[SeatRow]] = {p.inbox.id: [] for p in places}
        for seat in seats:
            self._seats[seat.inbox_id].append(seat)
        self._presence = {
            seat.agent_id: presence_of(
                availability=seat.availability, auto_offline=seat.auto_offline, heard=seat.agent_id in heard
            )
            for seat in seats
        }

    @property
    def eligible(self) -> set[int]:
        """The agents with a presence that a policy of these inboxes accepts."""
        return {agent for place in self._places for agent in self._online(place)}

    @property
    def spanning(self) -> set[int]:
        """The agents with a limit over all inboxes (E16, E17)."""
        capped = {team.id for teams in self._teams.values() for team in teams if team.max_open}
        return {
            seat.agent_id
            for seats in self._seats.values()
            for seat in seats
            if seat.total_capacity is not None or not capped.isdisjoint(seat.team_ids)
        }

    @property
    def compared(self) -> set[int]:
        """The agents with a load that a gate or selector compares; other loads are not counted."""
        found = self.spanning
        for place in self._places:
            compares = SELECTORS[place.policy.assignment_order].compares_loads
            seats = self._seats[place.inbox.id]
            found.update(seat.agent_id for seat in seats if compares or seat.capacity is not None)
        return found

    def shares(self, counted_for: Collection[int] | None = None) -> list[LimitQuery]:
        """Return what to ask of the rate limits: only about agents who are in play, unless others are named."""
        return [
            LimitQuery(
                inbox_id=place.inbox.id,
                agent_ids=self._online(place) if counted_for is None else counted_for,
                limit=place.policy.fair_distribution_limit,
                window=place.policy.window,
            )
            for place in self._places
            if place.policy.fair_distribution_limit
        ]

    def wheels(self) -> list[RotationKey]:
        """Return the rotations of these inboxes, each once: inboxes share a team's rotation."""
        every = [wheel(p.inbox, team) for p in self._places for team in self._team_ids(p)]
        return list({found.key: found for found in every}.values())

    def snapshot(self, place: RoutedInbox, counted: _Counts) -> model.Snapshot:
        inbox_id = place.inbox.id
        recent = counted.recent.get(inbox_id, {})
        agents = [
            self._agent(seat, counted.loads.get(seat.agent_id, {}), recent.get(seat.agent_id))
            for seat in self._seats[inbox_id]
        ]
        return model.Snapshot(
            inbox=place.inbox,
            policy=place.policy,
            agents=tuple(agents),
            teams=tuple(self._teams[inbox_id]),
            exclusions=counted.exclusions.get(inbox_id, ()),
            rotations=self._rotations(place, counted.orders) if counted.orders else {},
        )

    def _rotations(
        self, place: RoutedInbox, orders: Mapping[str, tuple[int, ...]]
    ) -> Mapping[int | None, tuple[int, ...]]:
        return {team: orders[wheel(place.inbox, team).key] for team in self._team_ids(place)}

    def _team_ids(self, place: RoutedInbox) -> tuple[int | None, ...]:
        return (None, *(team.id for team in self._teams[place.inbox.id]))

    def _online(self, place: RoutedInbox) -> list[int]:
        seats, eligible = self._seats[place.inbox.id], place.policy.eligible_presence
        return [seat.agent_id for seat in seats if self._presence[seat.agent_id] in eligible]

    def _agent(self, seat: SeatRow, load: Mapping[int, int], recent: WindowCount | None) -> model.Agent:
        return model.Agent(
            id=seat.agent_id,
            name=seat.name,
            presence=self._presence[seat.agent_id],
            member=seat.member,
            team_ids=seat.team_ids,
            open_here=load.get(seat.inbox_id, 0),
            open_total=sum(load.values()),
            capacity_policy_id=seat.capacity_policy_id,
            capacity=seat.capacity,
            total_capacity=seat.total_capacity,
            recent=recent.count if recent else 0,
            slot_frees_at=recent.slot_frees_at if recent else None,
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
