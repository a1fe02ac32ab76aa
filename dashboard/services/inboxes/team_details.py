"""A team in full: its rules, its members with their presence, and what waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.agents import last_seen
from dashboard.services.agents.last_seen import Sighting
from dashboard.services.core.unit_of_work import Desk
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import teams_page as store
from dashboard.store.inboxes.teams_page import Queue, TeamLine, TeamMember

MEMBERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDetails:
    """All that a team's page shows."""

    team: TeamLine
    queues: Sequence[Queue]
    members: Listed[TeamMember]
    sightings: Mapping[int, Sighting]


def show_all(desk: Desk, account_id: int, page: Page) -> Listed[TeamLine]:
    """Return a page of the teams."""
    return store.page_of(desk.session, account_id, page)


def show(desk: Desk, account_id: int, team_id: int, *, page: int, now: datetime) -> TeamDetails | None:
    """Return the team, and a page of its members."""
    team = store.one(desk.session, account_id, team_id)
    if team is None:
        return None
    members = store.members(desk.session, account_id, team, Page(page=page, per_page=MEMBERS))
    return TeamDetails(
        team=team,
        queues=store.queues(desk.session, account_id, team_id),
        members=members,
        sightings=last_seen.of(desk, account_id, members.data, now=now),
    )
