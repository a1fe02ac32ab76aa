"""Short forms of agents for pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Row, select

from dashboard.engine.model import Presence
from dashboard.store.models import AccountUser
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """An active agent with their set availability."""

    id: int
    name: str
    availability: Presence
    availability_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentRow:
    """An agent with the fields that determine their presence (E37)."""

    id: int
    name: str
    availability: Presence
    availability_since: datetime
    auto_offline: bool
    active: bool = True

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Return the agent of a row, which may have more columns."""
        return cls(**{**row._mapping, "availability": Presence(row.availability)})


def card(session: Session, account_id: int, agent_id: int) -> AgentCard | None:
    """Return an active agent."""
    row = session.execute(
        select(
            AccountUser.user_id.label("id"),
            AccountUser.name,
            AccountUser.availability,
            AccountUser.availability_until,
        ).where(AccountUser.account_id == account_id, AccountUser.user_id == agent_id, AccountUser.active)
    ).one_or_none()
    return AgentCard(**row._mapping) if row else None
