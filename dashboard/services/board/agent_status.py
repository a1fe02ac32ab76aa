"""Who sits where, right now: every agent of a board, judged by the gates that a run would ask."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dashboard.engine import gates
from dashboard.engine.decisions import Funnel, NotAMember, RateLimited, Verdict, VerdictKind
from dashboard.engine.model import Agent, Presence
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import fair_shares
from dashboard.store.board import agents as rows
from dashboard.store.board.agents import Holding, Person
from dashboard.store.board.inboxes import InboxFigures
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.page_values import Scope
from dashboard.store.redis.heartbeats import presence_of
from dashboard.store.redis.rate_limits import LimitQuery, WindowCount

Inboxes = Mapping[int, InboxFigures]


class StatusKind(StrEnum):
    """Whether an agent could be given something now."""

    FREE = "free"
    FULL = "full"
    AWAY = "away"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisReadings:
    """What Redis said: who is present, and the recent assignments by inbox and agent of those it was asked about."""

    known: bool = False
    present: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()
    recent: Mapping[int, Mapping[int, WindowCount]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """An agent in one inbox, and the first gate that refuses them there."""

    inbox: InboxFigures
    agent: Agent
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesByInbox:
    """An agent with all their seats; presence and state are None while presence cannot be read."""

    person: Person
    presence: Presence | None
    present: bool
    open: int
    seats: tuple[AgentStatus, ...]
    state: StatusKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReader:
    """Everybody of a board, by name; each inbox's funnel, and when its first rate-limited member is free again."""

    gauged: RedisReadings
    everybody: tuple[CandidatesByInbox, ...]
    funnels: Mapping[int, Funnel]
    next_slots: Mapping[int, datetime]

    @property
    def known(self) -> bool:
        """Tell whether presence could be read."""
        return self.gauged.known


def floor(
    work: UnitOfWork, scope: Scope, inboxes: Inboxes, *, team_id: int | None, redis_answers: bool, now: datetime
) -> StatusReader:
    """Judge everybody in every inbox of the scope, in a fixed number of queries."""
    people = rows.people(work.session, scope, list(inboxes), team_id=team_id)
    gauged = RedisReadings(known=False)
    if redis_answers:
        gauged = _gauged(work, scope.account_id, people, inboxes=inboxes, now=now)
    rules = {i: gates.Rules(policy=inbox.policy or DEFAULT_POLICY, team=None, now=now) for i, inbox in inboxes.items()}
    everybody = tuple(_seated(person, inboxes, gauged, rules) for person in people)
    return StatusReader(
        gauged=gauged,
        everybody=everybody,
        funnels=_funnels(everybody, inboxes),
        next_slots=_next_slots(everybody),
    )


def state_of(presence: Presence | None, seats: Collection[AgentStatus]) -> StatusKind | None:
    """Return whether somebody with these seats could be given something."""
    if presence is None or presence is Presence.OFFLINE:
        return None if presence is None else StatusKind.OFFLINE
    kinds = {seat.verdict.kind for seat in seats if seat.agent.member}
    if VerdictKind.ELIGIBLE in kinds or (not kinds and presence is Presence.ONLINE):
        return StatusKind.FREE
    return StatusKind.FULL if presence is Presence.ONLINE else StatusKind.AWAY


def recent(
    work: UnitOfWork, account_id: int, people: Iterable[Person], *, inboxes: Inboxes, now: datetime
) -> Mapping[int, Mapping[int, WindowCount]]:
    """Return the recent assignments of these agents by inbox, where its policy limits them. Raises StoreUnavailable."""
    members: dict[int, list[int]] = defaultdict(list)
    for person in people:
        for holding in person.holdings:
            if holding.member:
                members[holding.inbox_id].append(person.id)
    shares = [
        LimitQuery(inbox_id=i, agent_ids=members[i], limit=policy.fair_distribution_limit, window=policy.window)
        for i, inbox in inboxes.items()
        if (policy := inbox.policy) and policy.fair_distribution_limit
    ]
    return fair_shares.recent(work.session, work.limits, shares, account_id=account_id, now=now)


def _gauged(
    work: UnitOfWork, account_id: int, people: Sequence[Person], *, inboxes: Inboxes, now: datetime
) -> RedisReadings:
    """Ask Redis, and about the limits only of those whom some policy lets through the gate before."""
    wanted = frozenset[Presence]().union(
        *(inbox.policy.eligible_presence for inbox in inboxes.values() if inbox.policy)
    )
    try:
        present = work.heartbeats.present(account_id, [person.id for person in people], now)
        there = [person for person in people if _presence(person, present) in wanted]
        had = recent(work, account_id, there, inboxes=inboxes, now=now)
    except StoreUnavailable:  # the board says so itself
        return RedisReadings(known=False)
    return RedisReadings(known=True, present=present, asked=frozenset(person.id for person in there), recent=had)


def _presence(person: Person, present: frozenset[int]) -> Presence:
    return presence_of(availability=person.availability, auto_offline=person.auto_offline, heard=person.id in present)


def _seated(
    person: Person, inboxes: Inboxes, gauged: RedisReadings, rules: Mapping[int, gates.Rules]
) -> CandidatesByInbox:
    here, total = person.id in gauged.present, person.open
    presence = _presence(person, gauged.present) if gauged.known else None
    seats = tuple(
        _seat(_agent(person, holding, presence, total=total, gauged=gauged), inbox, rules[inbox.id])
        for holding in person.holdings
        if (inbox := inboxes.get(holding.inbox_id))
    )
    state = state_of(presence, seats)
    return CandidatesByInbox(person=person, presence=presence, present=here, open=total, seats=seats, state=state)


def _agent(person: Person, holding: Holding, presence: Presence | None, *, total: int, gauged: RedisReadings) -> Agent:
    had = gauged.recent.get(holding.inbox_id, {}).get(person.id)
    return Agent(
        id=person.id,
        name=person.name,
        presence=presence or Presence.OFFLINE,
        member=holding.member,
        open_here=holding.open,
        open_total=total,
        capacity=holding.capacity,
        total_capacity=person.total_limit,
        recent=had.count if had else 0,
        slot_frees_at=had.slot_frees_at if had else None,
    )


def _seat(agent: Agent, inbox: InboxFigures, rules: gates.Rules) -> AgentStatus:
    verdict = gates.verdict(gates.Candidate(agent), rules) if agent.member else NotAMember()
    return AgentStatus(inbox=inbox, agent=agent, verdict=verdict)


def _funnels(everybody: Collection[CandidatesByInbox], inboxes: Inboxes) -> Mapping[int, Funnel]:
    kinds: dict[int, Counter[VerdictKind]] = {inbox_id: Counter() for inbox_id in inboxes}
    for seated in everybody:
        for seat in seated.seats:
            kinds[seat.inbox.id][seat.verdict.kind] += 1
    return {inbox_id: _funnel(found) for inbox_id, found in kinds.items()}


def _funnel(kinds: Counter[VerdictKind]) -> Funnel:
    members = kinds.total() - kinds[VerdictKind.NOT_A_MEMBER]
    online = members - kinds[VerdictKind.NOT_ONLINE]
    return Funnel(
        members=members,
        online=online,
        under_rate_limit=online - kinds[VerdictKind.RATE_LIMITED],
        with_capacity=kinds[VerdictKind.ELIGIBLE],
    )


def _next_slots(everybody: Collection[CandidatesByInbox]) -> Mapping[int, datetime]:
    found: dict[int, datetime] = {}
    for seated in everybody:
        for seat in seated.seats:
            no = seat.verdict
            if isinstance(no, RateLimited) and no.free_at:
                found[seat.inbox.id] = min(no.free_at, found.get(seat.inbox.id, no.free_at))
    return found
