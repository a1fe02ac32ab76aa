"""Lists of agents for pages: filtered by name, inbox and team, with details of the shown ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, func, select, text

from dashboard.engine.model import Presence, Role
from dashboard.store.agents.agent_card import PresentRow
from dashboard.store.core.page_values import Choice
from dashboard.store.models import AccountUser, InboxMember, TeamMember
from dashboard.store.postgres.database import Session

FACTS = text(
    """
    SELECT u.user_id AS id, u.name, u.availability, u.availability_since, u.availability_until, u.auto_offline, u.role,
      u.active, u.email, u.skills,
      p.id AS policy_id, p.name AS policy_name, p.conversation_limit AS total_limit,
      (SELECT count(*) FROM conversations c
        WHERE c.account_id = u.account_id AND c.assignee_id = u.user_id AND c.status = 'open') AS open,
      ARRAY(SELECT json_build_array(i.id, i.name) FROM inbox_members m JOIN inboxes i ON i.id = m.inbox_id
        WHERE m.account_id = u.account_id AND m.user_id = u.user_id ORDER BY lower(i.name), i.id) AS inboxes,
      ARRAY(SELECT json_build_array(t.id, t.name) FROM team_members m JOIN teams t ON t.id = m.team_id
        WHERE m.account_id = u.account_id AND m.user_id = u.user_id ORDER BY lower(t.name), t.id) AS teams
    FROM account_users u
    LEFT JOIN agent_capacity_policies p ON p.id = u.agent_capacity_policy_id
    WHERE u.account_id = :account_id AND u.user_id = ANY(:agent_ids)
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgents:
    """A filter for agents; None means all."""

    text: str = ""
    inbox_id: int | None = None
    team_id: int | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts(PresentRow):
    """An agent with their open conversations, total limit, inboxes and teams."""

    role: Role
    email: str
    skills: tuple[str, ...]
    policy_id: int | None
    policy_name: str | None
    total_limit: int | None
    open: int
    availability_until: datetime | None
    inboxes: tuple[Choice, ...]
    teams: tuple[Choice, ...]


def found(session: Session, account_id: int, asked: AskedAgents) -> Sequence[PresentRow]:
    """Return all matching agents, by name."""
    columns = [getattr(AccountUser, name) for name in PresentRow.__slots__ if name != "id"]
    wanted = select(AccountUser.user_id.label("id"), *columns).where(
        AccountUser.account_id == account_id, AccountUser.active.is_(asked.active)
    )
    if asked.text:
        wanted = wanted.where(AccountUser.name.icontains(asked.text, autoescape=True))
    for member, column, place_id in (
        (InboxMember, InboxMember.inbox_id, asked.inbox_id),
        (TeamMember, TeamMember.team_id, asked.team_id),
    ):
        if place_id is not None:
            same = (member.account_id == AccountUser.account_id, member.user_id == AccountUser.user_id)
            wanted = wanted.where(exists().where(column == place_id, *same))
    rows = session.execute(wanted.order_by(func.lower(AccountUser.name), AccountUser.user_id))
    return [PresentRow.of(row) for row in rows]


def facts(session: Session, account_id: int, agent_ids: Collection[int]) -> Mapping[int, AgentFacts]:
    """Return the details of these agents, by id."""
    rows = session.execute(FACTS, {"account_id": account_id, "agent_ids": list(agent_ids)})
    return {row.id: _facts(row) for row in rows}


def _facts(row: Row[Any]) -> AgentFacts:
    said = {
        **row._mapping,
        "availability": Presence(row.availability),
        "role": Role(row.role),
        "inboxes": _choices(row.inboxes),
        "teams": _choices(row.teams),
    }
    return AgentFacts(**said)


def _choices(pairs: Collection[tuple[int, str]]) -> tuple[Choice, ...]:
    return tuple(Choice(id=place_id, name=name) for place_id, name in pairs)
