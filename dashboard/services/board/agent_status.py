"""Who may be given what, right now: every agent of a board with the planner's verdicts on them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboard.engine import planner
from dashboard.engine.decisions import JudgedPool, PoolState, Reason
from dashboard.engine.model import Agent, Presence, Snapshot, Team
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.engine.verdicts import Verdict, VerdictKind
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import fair_shares, snapshots
from dashboard.store.assignment.candidates import CandidateTeam
from dashboard.store.assignment.snapshots import LiveAgents, RoutedInbox
from dashboard.store.board import agents as rows
from dashboard.store.board.agents import BoardAgents, Person
from dashboard.store.board.inboxes import InboxFigures
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.page_values import Scope
from dashboard.store.redis.heartbeats import presence_of
from dashboard.store.redis.rate_limits import LimitQuery, WindowCount

Inboxes = Mapping[int, InboxFigures]
Pools = Mapping[int | None, JudgedPool]


class StatusKind(StrEnum):
    """Whether an agent could be given something now."""

    FREE = "free"
    FULL = "full"
    AWAY = "away"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """An agent in one inbox, with the verdict of each pool there that may ask them; None is the inbox's own."""

    inbox: InboxFigures
    agent: Agent
    verdicts: Mapping[int | None, Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesByInbox:
    """An agent with all their seats; presence and state are None while presence cannot be read."""

    person: Person
    presence: Presence | None
    present: bool
    seats: tuple[AgentStatus, ...]
    state: StatusKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReader:
    """Everybody of a board, by name, and each inbox's pools; `known` tells whether presence could be read."""

    known: bool
    recent: Mapping[int, Mapping[int, WindowCount]]
    everybody: tuple[CandidatesByInbox, ...]
    pools: Mapping[int, Pools]

    def closed(self, inbox: InboxFigures) -> PoolState | None:
        """Return a pool with nobody left for the reason for which most wait; None while one with work has somebody."""
        pools, reasons = self.pools[inbox.id], Counter[Reason | None]()
        most_first = sorted(inbox.waits.items(), key=lambda part: -part[1])
        waits = [(pools.get(team_id, pools[None]).state, count) for team_id, count in most_first]
        for state, count in waits:
            reasons[state.reason] += count
        if not waits or None in reasons:
            return None
        commonest = max(reasons, key=lambda reason: reasons[reason])
        return next(state for state, _ in waits if state.reason is commonest)

    def usual(self, inbox: InboxFigures) -> PoolState:
        """Return the inbox's own pool, or while it has no members the team's for which most wait."""
        pools = self.pools[inbox.id]
        teams = {team_id: n for team_id, n in inbox.waits.items() if team_id in pools and _is_given_out(pools[team_id])}
        if pools[None].state.funnel.members or not teams:
            return pools[None].state
        return pools[max(teams, key=lambda team_id: teams[team_id])].state


def floor(
    work: UnitOfWork, scope: Scope, inboxes: Inboxes, teams: Sequence[Team], *, redis_answers: bool, now: datetime
) -> StatusReader:
    """Judge everybody in every inbox of the scope, in a fixed number of queries."""
    wanted = [
        CandidateTeam(inbox_id=i, team=team) for i, one in inboxes.items() for team in teams if team.id in one.waits
    ]
    left_to_teams = {i for i, one in inboxes.items() if not one.has_members}
    found = rows.read(work.session, scope, inboxes, wanted, left_to_teams=left_to_teams)
    live = _live(work, inboxes, found, now=now) if redis_answers else None
    known = live is not None
    live = live or _read(work, inboxes, found, redis_answers=False, now=now)
    pools = {inbox_id: planner.judged_pools(snapshot, now) for inbox_id, snapshot in live.snapshots.items()}
    seats = _seats(inboxes, live.snapshots, pools)
    heard = live.heard if known else None
    everybody = tuple(_seated(person, tuple(seats[person.id]), heard) for person in found.people)
    return StatusReader(known=known, recent=live.recent, everybody=everybody, pools=pools)


def state_of(presence: Presence | None, seats: Collection[AgentStatus]) -> StatusKind | None:
    """Return whether somebody with these seats could be given something."""
    if presence is None or presence is Presence.OFFLINE:
        return None if presence is None else StatusKind.OFFLINE
    kinds = {verdict.kind for seat in seats for verdict in seat.verdicts.values()}
    if VerdictKind.ELIGIBLE in kinds or (not kinds and presence is Presence.ONLINE):
        return StatusKind.FREE
    return StatusKind.FULL if presence is Presence.ONLINE else StatusKind.AWAY


def more_recent(
    work: UnitOfWork,
    account_id: int,
    shown: Iterable[CandidatesByInbox],
    known: Mapping[int, Mapping[int, WindowCount]],
    *,
    inboxes: Inboxes,
    now: datetime,
) -> Mapping[int, Mapping[int, WindowCount]]:
    """Return what is not known yet of these agents' recent assignments, by inbox. Raises StoreUnavailable."""
    members: dict[int, list[int]] = defaultdict(list)
    for seated in shown:
        for seat in seated.seats:
            if seat.agent.member and seat.agent.id not in known.get(seat.inbox.id, {}):
                members[seat.inbox.id].append(seat.agent.id)
    shares = [
        LimitQuery(inbox_id=i, agent_ids=members[i], limit=policy.fair_distribution_limit, window=policy.window)
        for i, inbox in inboxes.items()
        if members[i] and (policy := inbox.policy) and policy.fair_distribution_limit
    ]
    return fair_shares.recent(work.session, work.limits, shares, account_id=account_id, now=now)


def _live(work: UnitOfWork, inboxes: Inboxes, found: BoardAgents, *, now: datetime) -> LiveAgents | None:
    try:
        return _read(work, inboxes, found, redis_answers=True, now=now)
    except StoreUnavailable:  # the board says so itself
        return None


def _read(work: UnitOfWork, inboxes: Inboxes, found: BoardAgents, *, redis_answers: bool, now: datetime) -> LiveAgents:
    # Where no policy is linked, an agent is as free as the usual one would find them.
    places = [
        RoutedInbox(inbox=one.inbox, policy=one.policy or DEFAULT_POLICY, uses=one.uses) for one in inboxes.values()
    ]
    gauges = work.gauges if redis_answers else None
    return snapshots.of_rows(work.session, gauges, places, found.rows, now=now)


def _seats(
    inboxes: Inboxes, live: Mapping[int, Snapshot], pools: Mapping[int, Pools]
) -> Mapping[int, Sequence[AgentStatus]]:
    """Return each agent's seats; nobody is asked for what is left to people (E12)."""
    found: dict[int, list[AgentStatus]] = defaultdict(list)
    for inbox_id, snapshot in live.items():
        inbox = inboxes[inbox_id]
        judged = [(team_id, pool.verdicts) for team_id, pool in pools[inbox_id].items() if _is_given_out(pool)]
        for agent in snapshot.agents:
            verdicts = {team_id: found_of[agent.id] for team_id, found_of in judged if agent.id in found_of}
            found[agent.id].append(AgentStatus(inbox=inbox, agent=agent, verdicts=verdicts))
    return found


def _is_given_out(pool: JudgedPool) -> bool:
    return pool.state.reason is not Reason.TEAM_MANUAL


def _seated(person: Person, seats: tuple[AgentStatus, ...], heard: frozenset[int] | None) -> CandidatesByInbox:
    here = heard is not None and person.id in heard
    presence = None
    if heard is not None:
        presence = presence_of(availability=person.availability, auto_offline=person.auto_offline, heard=here)
    return CandidatesByInbox(
        person=person, presence=presence, present=here, seats=seats, state=state_of(presence, seats)
    )
