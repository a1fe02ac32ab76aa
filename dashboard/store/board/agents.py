"""Agents for the workload board: availability, open conversations, limits and last assignments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from dashboard.engine.model import Presence
from dashboard.store.core.page_values import Choice, Scope, Since
from dashboard.store.postgres.database import Session

# Each with their inboxes: as a member, or with open conversations only.
PEOPLE = text(
    """
    WITH places AS (
      SELECT h.agent_id, h.inbox_id, bool_or(h.member) AS member, CAST(sum(h.open) AS int) AS open
      FROM (
        SELECT m.user_id AS agent_id, m.inbox_id, true AS member, 0 AS open
        FROM inbox_members m WHERE m.account_id = :account_id
        UNION ALL
        SELECT o.assignee_id, o.inbox_id, false, o.count
        FROM open_counts o WHERE o.account_id = :account_id AND o.assignee_id IS NOT NULL
      ) h
      GROUP BY h.agent_id, h.inbox_id HAVING bool_or(h.member) OR sum(h.open) > 0
    )
    SELECT u.user_id AS id, u.name, u.availability, u.availability_since, u.auto_offline,
      c.conversation_limit AS total_limit,
      EXISTS (SELECT FROM team_members t
        WHERE t.account_id = u.account_id AND t.user_id = u.user_id AND t.team_id = :team_id) AS in_team,
      array_agg(p.inbox_id) AS inbox_ids, array_agg(p.member) AS memberships, array_agg(p.open) AS loads,
      array_agg(l.conversation_limit) AS capacities
    FROM account_users u
    LEFT JOIN agent_capacity_policies c ON c.id = u.agent_capacity_policy_id
    LEFT JOIN places p ON p.agent_id = u.user_id
    LEFT JOIN inbox_capacity_limits l ON l.agent_capacity_policy_id = c.id AND l.inbox_id = p.inbox_id
    WHERE u.account_id = :account_id AND u.active
    GROUP BY u.account_id, u.user_id, c.id
    HAVING bool_or(p.member AND p.inbox_id = ANY(:inbox_ids)) OR CAST(:member_id AS bigint) IS NULL AND EXISTS (
      SELECT FROM team_members m WHERE m.account_id = u.account_id AND m.user_id = u.user_id
    )
    ORDER BY lower(u.name), u.user_id
    """
)
LAST_ASSIGNED = text(
    """
    SELECT agent.id AS agent_id, a.conversation_id, a.at
    FROM unnest(CAST(:agent_ids AS bigint[])) AS agent(id)
    CROSS JOIN LATERAL (
      SELECT a.conversation_id, a.at FROM assignments a
      WHERE a.account_id = :account_id AND a.agent_id = agent.id AND a.inbox_id = ANY(:inbox_ids)
      ORDER BY a.at DESC LIMIT 1
    ) a
    """
)
OLDEST_HELD = text(
    """
    SELECT agent.id AS agent_id, c.id, c.created_at
    FROM unnest(CAST(:agent_ids AS bigint[])) AS agent(id)
    CROSS JOIN LATERAL (
      SELECT c.id, c.created_at FROM conversations c
      WHERE c.account_id = :account_id AND c.assignee_id = agent.id AND c.status = 'open'
        AND c.inbox_id = ANY(:inbox_ids)
      ORDER BY c.created_at, c.id LIMIT 1
    ) c
    """
)
TEAMS = text("SELECT id, name FROM teams WHERE account_id = :account_id ORDER BY lower(name), id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """An agent's open conversations and limit in one inbox."""

    inbox_id: int
    member: bool
    open: int
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An agent on the workload board; `in_team` refers to the team of the query."""

    id: int
    name: str
    availability: Presence
    availability_since: datetime
    auto_offline: bool
    total_limit: int | None
    in_team: bool
    holdings: tuple[Holding, ...]

    @property
    def open(self) -> int:
        """Return the number of open conversations in all inboxes, including inboxes outside the scope."""
        return sum(holding.open for holding in self.holdings)


def people(
    session: Session, scope: Scope, inbox_ids: Collection[int], *, team_id: int | None = None
) -> Sequence[Person]:
    """Return the active members of these inboxes, and of the teams when the scope is the whole account, by name."""
    asked = {
        "account_id": scope.account_id,
        "member_id": scope.member_id,
        "inbox_ids": list(inbox_ids),
        "team_id": team_id,
    }
    return [_person(row) for row in session.execute(PEOPLE, asked).all()]


def last_assigned(
    session: Session, account_id: int, agent_ids: Collection[int], inbox_ids: Collection[int]
) -> Mapping[int, Since]:
    """Return each agent's last assignment in these inboxes, with its instant."""
    asked = {"account_id": account_id, "agent_ids": list(agent_ids), "inbox_ids": list(inbox_ids)}
    rows = session.execute(LAST_ASSIGNED, asked).all()
    return {row.agent_id: Since(conversation_id=row.conversation_id, at=row.at) for row in rows}


def oldest_held(
    session: Session, account_id: int, agent_ids: Collection[int], inbox_ids: Collection[int]
) -> Mapping[int, Since]:
    """Return each agent's oldest open conversation in these inboxes, with its creation."""
    asked = {"account_id": account_id, "agent_ids": list(agent_ids), "inbox_ids": list(inbox_ids)}
    rows = session.execute(OLDEST_HELD, asked).all()
    return {row.agent_id: Since(conversation_id=row.id, at=row.created_at) for row in rows}


def teams(session: Session, account_id: int) -> Sequence[Choice]:
    """Return the account's teams by name."""
    rows = session.execute(TEAMS, {"account_id": account_id})
    return [Choice(id=row.id, name=row.name) for row in rows]


def _person(row: Row[*tuple[Any, ...]]) -> Person:
    # Unpacked in order: for a thousand rows much faster than access by name.
    agent_id, name, availability, since, auto_offline, total_limit, in_team, *places = row
    return Person(
        id=agent_id,
        name=name,
        availability=Presence(availability),
        availability_since=since,
        auto_offline=auto_offline,
        total_limit=total_limit,
        in_team=in_team,
        holdings=tuple(
            Holding(inbox_id=inbox_id, member=member, open=held, capacity=capacity)
            for inbox_id, member, held, capacity in zip(*places, strict=True)
            if inbox_id is not None
        ),
    )
