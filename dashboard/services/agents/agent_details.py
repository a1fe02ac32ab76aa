"""An agent's page: presence, memberships with a verdict for each inbox, teams and ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dashboard.engine import planner
from dashboard.engine.decisions import Reason
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.engine.verdicts import ELIGIBLE, AtTeamLimit, Verdict
from dashboard.services.agents import last_seen
from dashboard.services.agents.last_seen import LastSeen
from dashboard.services.board.workload import FairShare, share_of
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import ledger_page, list_page, memberships_page
from dashboard.store.agents.ledger_page import AgentLedgerLine
from dashboard.store.agents.list_page import AgentFacts
from dashboard.store.agents.memberships_page import MembershipLine, TeamPlace
from dashboard.store.assignment import snapshots
from dashboard.store.assignment.snapshots import LiveAgents, RoutedInbox
from dashboard.store.board import agents
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.page_values import Since
from dashboard.store.core.paging import Page
from dashboard.store.inboxes import routing as inbox_routing
from dashboard.store.inboxes.routing import Routing

log = structlog.get_logger()
LEDGER = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMembership:
    """An agent in one inbox: their fair share, which switch is off there, and the planner's verdict on them.

    The verdict is None where nobody asks them, and while presence cannot be read. `maxima` are the verdicts of the
    teams, by name, whose maximum they have reached (E17).
    """

    place: MembershipLine
    off: Reason | None
    share: FairShare | None
    verdict: Verdict | None
    maxima: Mapping[str, AtTeamLimit]


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
        seats=_seats(work, account_id, agent_id, places=places, now=now),
        teams=memberships_page.teams(session, account_id, agent_id),
        oldest=agents.oldest_held(session, account_id, [agent_id], inbox_ids).get(agent_id),
        given=ledger_page.given(session, account_id, agent_id, Page(page=page, per_page=LEDGER)),
    )


def _seats(
    work: UnitOfWork, account_id: int, agent_id: int, *, places: Sequence[MembershipLine], now: datetime
) -> list[AgentMembership]:
    inbox_ids = [place.inbox_id for place in places]
    routings = {one.inbox.id: one for one in inbox_routing.read_many(work.session, account_id, inbox_ids)}
    live = _live(work, account_id, agent_id, routings.values(), now=now)
    return [
        _seat(agent_id, place, routings[place.inbox_id], live, now=now)
        for place in places
        if place.inbox_id in routings
    ]


def _live(
    work: UnitOfWork, account_id: int, agent_id: int, routings: Iterable[Routing], *, now: datetime
) -> LiveAgents:
    """Return the agent where they may be asked, and nothing while that cannot be read."""
    places = [RoutedInbox(inbox=one.inbox, policy=one.policy or DEFAULT_POLICY, uses=one.uses) for one in routings]
    try:
        return snapshots.of_agent(work.session, work.gauges, places, agent_id, now=now)
    except StoreUnavailable as error:
        log.warning("verdicts_unreadable", account=account_id, agent=agent_id, error=str(error))
        return LiveAgents()


def _seat(
    agent_id: int, place: MembershipLine, routing: Routing, live: LiveAgents, *, now: datetime
) -> AgentMembership:
    snapshot = live.snapshots.get(place.inbox_id)
    pools = planner.judged_pools(snapshot, now) if snapshot else {}
    verdicts = {
        team_id: pool.verdicts[agent_id]
        for team_id, pool in pools.items()
        if agent_id in pool.verdicts and pool.state.reason is not Reason.TEAM_MANUAL
    }
    return AgentMembership(
        place=place,
        off=planner.switched_off(routing.inbox, routing.policy, now),
        share=share_of(live.recent.get(place.inbox_id, {}).get(agent_id), routing.policy),
        verdict=next((one for one in verdicts.values() if one is ELIGIBLE), next(iter(verdicts.values()), None)),
        maxima={
            team.name: no
            for team in (snapshot.teams if snapshot else ())
            if isinstance(no := verdicts.get(team.id), AtTeamLimit)
        },
    )
