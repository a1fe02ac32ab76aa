"""Agents as pages name them."""

from dataclasses import dataclass

from sqlalchemy import select

from dashboard.engine.model import Presence
from dashboard.store.database import Session
from dashboard.store.models import AccountUser


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """An active agent, and what they set."""

    id: int
    name: str
    availability: Presence


def card(session: Session, account_id: int, agent_id: int) -> AgentCard | None:
    """Return an active agent of the account."""
    row = session.execute(
        select(AccountUser.user_id.label("id"), AccountUser.name, AccountUser.availability).where(
            AccountUser.account_id == account_id, AccountUser.user_id == agent_id, AccountUser.active
        )
    ).one_or_none()
    return AgentCard(**row._mapping) if row else None
