"""One agent's inboxes, as a member or with open conversations, and their teams."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from dashboard.engine.model import AssignmentType
from dashboard.store.postgres.database import Session

PLACES = text(
    """
    SELECT i.id AS inbox_id, i.name AS inbox_name, h.member, h.open, l.conversation_limit AS capacity,
      (SELECT count(*) FROM conversations c
        WHERE c.inbox_id = i.id AND c.status = 'open' AND c.assignee_id IS NULL) AS waiting
    FROM (
      SELECT h.inbox_id, bool_or(h.member) AS member, CAST(sum(h.open) AS int) AS open FROM (
        SELECT m.inbox_id, true AS member, 0 AS open
        FROM inbox_members m WHERE m.account_id = :account_id AND m.user_id = :agent_id
        UNION ALL
        SELECT c.inbox_id, false, count(*) FROM conversations c
        WHERE c.account_id = :account_id AND c.assignee_id = :agent_id AND c.status = 'open' GROUP BY c.inbox_id
      ) h GROUP BY h.inbox_id
    ) h
    JOIN inboxes i ON i.id = h.inbox_id
    JOIN account_users u ON u.account_id = :account_id AND u.user_id = :agent_id
    LEFT JOIN inbox_capacity_limits l
      ON l.agent_capacity_policy_id = u.agent_capacity_policy_id AND l.inbox_id = i.id
    ORDER BY lower(i.name), i.id
    """
)
TEAMS = text(
    """
    SELECT t.id, t.name, t.assignment_type, t.max_auto_assigned_conversations AS maximum,
      (SELECT count(*) FROM conversations c
        WHERE c.team_id = t.id AND c.status = 'open' AND c.assignee_id IS NULL) AS waiting
    FROM team_members m JOIN teams t ON t.id = m.team_id
    WHERE m.account_id = :account_id AND m.user_id = :agent_id
    ORDER BY lower(t.name), t.id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipLine:
    """An inbox of an agent: their membership, open conversations and limit."""

    inbox_id: int
    inbox_name: str
    member: bool
    open: int
    capacity: int | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPlace:
    """A team of an agent; a maximum of 0 means unlimited."""

    id: int
    name: str
    assignment_type: AssignmentType
    maximum: int
    waiting: int


def places(session: Session, account_id: int, agent_id: int) -> Sequence[MembershipLine]:
    rows = session.execute(PLACES, {"account_id": account_id, "agent_id": agent_id})
    return [MembershipLine(**row._mapping) for row in rows]


def teams(session: Session, account_id: int, agent_id: int) -> Sequence[TeamPlace]:
    rows = session.execute(TEAMS, {"account_id": account_id, "agent_id": agent_id})
    return [TeamPlace(**{**row._mapping, "assignment_type": AssignmentType(row.assignment_type)}) for row in rows]
