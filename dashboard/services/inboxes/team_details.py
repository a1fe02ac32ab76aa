"""A team's page: rules, members with presence, and waiting conversations by inbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.agents import last_seen
from dashboard.services.agents.last_seen import LastSeen
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import teams_page as store
from dashboard.store.inboxes.teams_page import TeamLine, TeamMemberLine, TeamWaiting

MEMBERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDetails:
    """All values of a team's page."""

    team: TeamLine
    queues: Sequence[TeamWaiting]
    members: Listed[TeamMemberLine]
    sightings: Mapping[int, LastSeen]


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[TeamLine]:
    """Return one page of the account's teams."""
    return store.page_of(work.session, account_id, page)


def show(work: UnitOfWork, account_id: int, team_id: int, *, page: int, now: datetime) -> TeamDetails | None:
    """Return the team with one page of its members, None for an unknown team."""
    team = store.one(work.session, account_id, team_id)
    if team is None:
        return None
    members = store.members(work.session, account_id, team, Page(page=page, per_page=MEMBERS))
    return TeamDetails(
        team=team,
        queues=store.queues(work.session, account_id, team_id),
        members=members,
        sightings=last_seen.of(work, account_id, members.data, now=now),
    )
