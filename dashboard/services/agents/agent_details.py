"""An agent's page: presence, memberships with a verdict for each inbox, teams and ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dashboard.engine import gates, planner
from dashboard.engine.decisions import Reason, Verdict
from dashboard.engine.model import Agent, Presence
from dashboard.services.agents import last_seen
from dashboard.services.agents.last_seen import LastSeen
from dashboard.services.board.agent_status import USUAL
from dashboard.services.board.workload import FairShare
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import ledger_page, list_page, memberships_page
from dashboard.store.agents.ledger_page import AgentLedgerLine
from dashboard.store.agents.list_page import AgentFacts
from dashboard.store.agents.memberships_page import MembershipLine, TeamPlace
from dashboard.store.assignment import fair_shares
from dashboard.store.board import agents
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.page_values import Since
from dashboard.store.core.paging import Page
from dashboard.store.inboxes import routing as inbox_routing
from dashboard.store.inboxes.routing import Routing
from dashboard.store.redis.rate_limits import LimitQuery, WindowCount

log = structlog.get_logger()
LEDGER = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMembership:
    """An agent in one inbox: fair share, reason of a pause, and verdict of the gates.

    The verdict is None for an agent that is no member or is inactive, and if presence or limits are unreadable.
    """

    place: MembershipLine
    off: Reason | None
    share: FairShare | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDetails:
    """All values of an agent's page."""

    facts: AgentFacts
    sighting: LastSeen
    seats: Sequence[AgentMembership]
    teams: Sequence[TeamPlace]
    oldest: Since | None
    given: AgentLedgerLine

    @property
    def open_in(self) -> int:
        """Return the number of inboxes in which the agent has open conversations."""
        return sum(1 for seat in self.seats if seat.place.open)


def show(work: UnitOfWork, account_id: int, agent_id: int, *, page: int, now: datetime) -> AgentDetails | None:
    """Return the agent, active or not, and one page of the agent's assignments; None for an unknown agent."""
    session = work.session
    facts = list_page.facts(session, account_id, [agent_id]).get(agent_id)
    if facts is None:
        return None
    sighting = last_seen.of(work, account_id, [facts], now=now)[agent_id]
    places = memberships_page.places(session, account_id, agent_id)
    inbox_ids = [place.inbox_id for place in places]
    return AgentDetails(
        facts=facts,
        sighting=sighting,
        seats=_seats(work, account_id, facts, places=places, presence=sighting.presence, now=now),
        teams=memberships_page.teams(session, account_id, agent_id),
        oldest=agents.oldest_held(session, account_id, [agent_id], inbox_ids).get(agent_id),
        given=ledger_page.given(session, account_id, agent_id, Page(page=page, per_page=LEDGER)),
    )


def _seats(
    work: UnitOfWork,
    account_id: int,
    facts: AgentFacts,
    *,
    places: Sequence[MembershipLine],
    presence: Presence | None,
    now: datetime,
) -> list[AgentMembership]:
    routings = {
        one.inbox.id: one
        for one in inbox_routing.read_many(work.session, account_id, [place.inbox_id for place in places])
    }
    recent = _recent(work, account_id, facts.id, routings=routings.values(), now=now) if presence else None
    known = presence if recent is not None else None
    return [
        _seat(facts, place, routings[place.inbox_id], had=(recent or {}).get(place.inbox_id), presence=known, now=now)
        for place in places
        if place.inbox_id in routings
    ]


def _recent(
    work: UnitOfWork, account_id: int, agent_id: int, *, routings: Iterable[Routing], now: datetime
) -> Mapping[int, WindowCount] | None:
    """Return the agent's assignments within each inbox's rate limit window, None if Redis cannot be read."""
    shares = [
        LimitQuery(inbox_id=one.inbox.id, agent_ids=[agent_id], limit=limit, window=one.policy.window)
        for one in routings
        if one.policy and (limit := one.policy.fair_distribution_limit)
    ]
    try:
        found = fair_shares.recent(work.session, work.limits, shares, account_id=account_id, now=now)
    except StoreUnavailable as error:
        log.warning("limits_unreadable", account=account_id, agent=agent_id, error=str(error))
        return None
    return {inbox_id: by_agent[agent_id] for inbox_id, by_agent in found.items()}


def _seat(
    facts: AgentFacts,
    place: MembershipLine,
    routing: Routing,
    *,
    had: WindowCount | None,
    presence: Presence | None,
    now: datetime,
) -> AgentMembership:
    policy = routing.policy or USUAL
    limit = policy.fair_distribution_limit
    verdict = None
    if presence and place.member and facts.active:
        rules = gates.Rules(policy=policy, team=None, now=now)
        verdict = gates.verdict(gates.Candidate(_agent(facts, place, presence, had)), rules)
    return AgentMembership(
        place=place,
        off=planner.switched_off(routing.inbox, routing.policy),
        share=FairShare(count=had.count or 0, limit=limit, slot_frees_at=had.slot_frees_at) if had and limit else None,
        verdict=verdict,
    )


def _agent(facts: AgentFacts, place: MembershipLine, presence: Presence, had: WindowCount | None) -> Agent:
    return Agent(
        id=facts.id,
        name=facts.name,
        presence=presence,
        member=place.member,
        open_here=place.open,
        open_total=facts.open,
        capacity=place.capacity,
        total_capacity=facts.total_limit,
        recent=had.count if had else 0,
        slot_frees_at=had.slot_frees_at if had else None,
    )
