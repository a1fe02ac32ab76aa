"""Agents' set availability in Postgres, and the inboxes that it affects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update

from dashboard.engine.model import Presence
from dashboard.store.models import AccountUser
from dashboard.store.postgres.database import Session

# A member's inboxes, and the inboxes with conversations that wait for one of their teams (E11).
INBOXES_OF = text(
    """
    SELECT inbox_id FROM inbox_members WHERE account_id = :account_id AND user_id = ANY(:agent_ids)
    UNION
    SELECT i.id FROM team_members m JOIN inboxes i ON i.account_id = m.account_id
    WHERE m.account_id = :account_id AND m.user_id = ANY(:agent_ids) AND EXISTS (
      SELECT FROM conversations c
      WHERE c.inbox_id = i.id AND c.team_id = m.team_id AND c.status = 'open' AND c.assignee_id IS NULL
    )
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentState:
    """An active agent's set availability, and the instant at which it ends, if it has one (E66)."""

    account_id: int
    agent_id: int
    availability: Presence
    auto_offline: bool
    until: datetime | None = None


def lock(session: Session, account_id: int, agent_id: int) -> AgentState | None:
    """Return an active agent's availability and lock their row until this transaction ends."""
    wanted = select(AccountUser).where(
        AccountUser.account_id == account_id, AccountUser.user_id == agent_id, AccountUser.active
    )
    row = session.execute(
        wanted.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    return _state(row) if row else None


def active(session: Session, account_id: int, agent_ids: Collection[int]) -> Sequence[AgentState]:
    """Return the availability of the active ones among these agents."""
    rows = session.execute(
        select(AccountUser)
        .where(
            AccountUser.account_id == account_id, AccountUser.user_id == func.any(list(agent_ids)), AccountUser.active
        )
        .execution_options(populate_existing=True)
    ).scalars()
    return [_state(row) for row in rows]


def write(session: Session, agent: AgentState, now: datetime) -> None:
    """Write an agent's availability and the time of the change."""
    session.execute(
        update(AccountUser)
        .where(AccountUser.account_id == agent.account_id, AccountUser.user_id == agent.agent_id)
        .values(
            availability=agent.availability,
            auto_offline=agent.auto_offline,
            availability_since=now,
            availability_until=agent.until,
        )
    )


def ended(session: Session, now: datetime, *, most: int) -> Sequence[tuple[int, int]]:
    """Return the account and id of active agents whose availability has ended, the earliest end first."""
    rows = session.execute(
        select(AccountUser.account_id, AccountUser.user_id)
        .where(AccountUser.availability_until <= now, AccountUser.active)
        .order_by(AccountUser.availability_until)
        .limit(most)
    )
    return [(row.account_id, row.user_id) for row in rows]


def inboxes_of(session: Session, account_id: int, agent_ids: Collection[int]) -> Sequence[int]:
    """Return the inboxes in which these agents are candidates."""
    rows = session.execute(INBOXES_OF, {"account_id": account_id, "agent_ids": list(agent_ids)})
    return [row.inbox_id for row in rows]


def _state(row: AccountUser) -> AgentState:
    return AgentState(
        account_id=row.account_id,
        agent_id=row.user_id,
        availability=row.availability,
        auto_offline=row.auto_offline,
        until=row.availability_until,
    )
