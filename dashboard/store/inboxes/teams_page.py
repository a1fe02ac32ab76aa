"""Teams for pages: their rules, members and waiting conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text

from dashboard.engine.model import AssignmentType
from dashboard.store.agents.agent_card import PresentRow
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import Team
from dashboard.store.postgres.database import Session

# With `team_id`, only that team.
TEAMS = text(
    """
    SELECT t.id, t.name, t.assignment_type, t.max_auto_assigned_conversations AS maximum,
      m.members, m.names, c.open, c.waiting
    FROM teams t
    CROSS JOIN LATERAL (
      SELECT count(*) AS members, (array_agg(u.name ORDER BY lower(u.name), u.user_id))[1:3] AS names
      FROM team_members m JOIN account_users u ON u.account_id = m.account_id AND u.user_id = m.user_id
      WHERE m.team_id = t.id AND u.active
    ) m
    CROSS JOIN LATERAL (
      SELECT count(*) AS open, count(*) FILTER (WHERE c.assignee_id IS NULL) AS waiting
      FROM conversations c WHERE c.team_id = t.id AND c.status = 'open'
    ) c
    WHERE t.account_id = :account_id AND (CAST(:team_id AS bigint) IS NULL OR t.id = :team_id)
    ORDER BY lower(t.name), t.id LIMIT :most OFFSET :offset
    """
)
# Candidates are the team's members; if the inbox has members, only those in both (E11).
QUEUES = text(
    """
    SELECT i.id AS inbox_id, i.name AS inbox_name, w.waiting, w.since,
      (SELECT count(*) FROM team_members m
        JOIN account_users u ON u.account_id = m.account_id AND u.user_id = m.user_id AND u.active
        WHERE m.team_id = :team_id AND (
          EXISTS (SELECT FROM inbox_members b WHERE b.inbox_id = i.id AND b.user_id = m.user_id)
          OR NOT EXISTS (SELECT FROM inbox_members b WHERE b.inbox_id = i.id)
        )) AS takers
    FROM (
      SELECT c.inbox_id, count(*) AS waiting, min(c.waiting_since) AS since FROM conversations c
      WHERE c.team_id = :team_id AND c.status = 'open' AND c.assignee_id IS NULL GROUP BY c.inbox_id
    ) w
    JOIN inboxes i ON i.id = w.inbox_id AND i.account_id = :account_id
    ORDER BY lower(i.name), i.id
    """
)
MEMBERS = text(
    """
    SELECT u.user_id AS id, u.name, u.availability, u.availability_since, u.auto_offline, m.auto_assign,
      (SELECT count(*) FROM conversations c
        WHERE c.account_id = u.account_id AND c.assignee_id = u.user_id AND c.status = 'open') AS open
    FROM team_members m JOIN account_users u ON u.account_id = m.account_id AND u.user_id = m.user_id
    WHERE m.account_id = :account_id AND m.team_id = :team_id AND u.active
    ORDER BY lower(u.name), u.user_id LIMIT :most OFFSET :offset
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLine:
    """A team with its member count, first names, and open conversations; a maximum of 0 means unlimited."""

    id: int
    name: str
    assignment_type: AssignmentType
    maximum: int
    members: int
    names: tuple[str, ...]
    open: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamWaiting:
    """A team's waiting conversations in one inbox, the start of the longest wait, and the number of candidates."""

    inbox_id: int
    inbox_name: str
    waiting: int
    since: datetime
    takers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMemberLine(PresentRow):
    """An active member with the number of their open conversations in all inboxes (E17); runs may pass over them."""

    open: int
    auto_assign: bool


def page_of(session: Session, account_id: int, page: Page) -> Listed[TeamLine]:
    """Return one page of teams, by name."""
    count = session.scalar(select(func.count()).select_from(Team).where(Team.account_id == account_id)) or 0
    asked = {"account_id": account_id, "team_id": None, "most": page.per_page, "offset": page.offset}
    return listed(map(_team, session.execute(TEAMS, asked)), count, page)


def one(session: Session, account_id: int, team_id: int) -> TeamLine | None:
    asked = {"account_id": account_id, "team_id": team_id, "most": 1, "offset": 0}
    row = session.execute(TEAMS, asked).one_or_none()
    return _team(row) if row else None


def queues(session: Session, account_id: int, team_id: int) -> Sequence[TeamWaiting]:
    """Return the team's waiting conversations, by inbox."""
    rows = session.execute(QUEUES, {"account_id": account_id, "team_id": team_id})
    return [TeamWaiting(**row._mapping) for row in rows]


def members(session: Session, account_id: int, team: TeamLine, page: Page) -> Listed[TeamMemberLine]:
    """Return one page of the team's active members, by name."""
    asked = {"account_id": account_id, "team_id": team.id, "most": page.per_page, "offset": page.offset}
    rows = session.execute(MEMBERS, asked)
    return listed((TeamMemberLine.of(row) for row in rows), team.members, page)


def _team(row: Row[Any]) -> TeamLine:
    facts = {**row._mapping, "assignment_type": AssignmentType(row.assignment_type), "names": tuple(row.names or ())}
    return TeamLine(**facts)
