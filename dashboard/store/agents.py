"""Agents of an account, each with how much they hold, in one query whatever their number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, update

from dashboard.engine.model import Presence, Role, Status
from dashboard.store.database import Session
from dashboard.store.models import AccountUser, Conversation, User
from dashboard.store.paging import Listed, Page, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """An agent as Postgres knows them."""

    id: int
    name: str
    email: str
    role: Role
    availability: Presence
    auto_offline: bool
    active: bool
    agent_capacity_policy_id: int | None
    open_conversations: int


OPEN = (
    select(func.count())
    .where(
        Conversation.account_id == AccountUser.account_id,
        Conversation.assignee_id == AccountUser.user_id,
        Conversation.status == Status.OPEN,
    )
    .scalar_subquery()
)
JOINED = (AccountUser.created_at, AccountUser.account_id)


def find(session: Session, account_id: int, agent_id: int) -> AgentRow | None:
    """Return the agent, active or not."""
    row = session.execute(_wanted(account_id).where(AccountUser.user_id == agent_id)).one_or_none()
    return _row(row) if row else None


def find_by_address(session: Session, account_id: int, email: str) -> AgentRow | None:
    """Return the account's agent with this address, active or not."""
    row = session.execute(_wanted(account_id).where(User.email == email)).one_or_none()
    return _row(row) if row else None


def lock(session: Session, account_id: int, agent_id: int) -> AgentRow | None:
    """Return the agent, whom nobody else changes or gives anything until this transaction ends."""
    row = (AccountUser.account_id == account_id, AccountUser.user_id == agent_id)
    session.execute(select(AccountUser.user_id).where(*row).with_for_update())
    return find(session, account_id, agent_id)


def page(session: Session, account_id: int, wanted: Page, *, under_policy_id: int | None = None) -> Listed[AgentRow]:
    """Return the agents, the first one first, or the active ones under a capacity policy."""
    which: list[ColumnElement[bool]] = [AccountUser.account_id == account_id]
    if under_policy_id is not None:
        which += [AccountUser.agent_capacity_policy_id == under_policy_id, AccountUser.active.is_(True)]
    count = session.scalar(select(func.count()).select_from(AccountUser).where(*which)) or 0
    rows = _wanted(account_id).where(*which).order_by(AccountUser.user_id)
    return listed(map(_row, session.execute(rows.limit(wanted.per_page).offset(wanted.offset))), count, wanted)


def change(session: Session, account_id: int, agent_id: int, values: Mapping[str, Any]) -> None:
    """Write what changes of the agent in this account."""
    if values:
        which = and_(AccountUser.account_id == account_id, AccountUser.user_id == agent_id)
        session.execute(update(AccountUser).where(which).values(**values))


def change_log_in(session: Session, user_id: int, values: Mapping[str, Any]) -> None:
    """Write what changes of how they log in; a new password ends the sessions that were opened with the old one."""
    if values:
        ended = {"session_epoch": User.session_epoch + 1} if "password_hash" in values else {}
        session.execute(update(User).where(User.id == user_id).values(**values, **ended))


def end_sessions(session: Session, user_id: int) -> None:
    """End every session of the user, for good: none comes back when they are active again."""
    session.execute(update(User).where(User.id == user_id).values(session_epoch=User.session_epoch + 1))


def is_elsewhere(session: Session, account_id: int, user_id: int) -> bool:
    """Say whether the user's log-in is another account's: the first that they joined has it, whoever adds them."""
    first = select(AccountUser.account_id).where(AccountUser.user_id == user_id).order_by(*JOINED).limit(1)
    return session.scalar(first) != account_id


def address_is_taken(session: Session, email: str, *, but: int) -> bool:
    """Say whether somebody else logs in with this address."""
    return bool(session.scalar(select(exists().where(User.email == email, User.id != but))))


def other_administrator(session: Session, account_id: int, *, but: int) -> bool:
    """Say whether the account has an active administrator besides this one."""
    other = exists().where(
        AccountUser.account_id == account_id,
        AccountUser.user_id != but,
        AccountUser.role == Role.ADMINISTRATOR,
        AccountUser.active,
    )
    return bool(session.scalar(select(other)))


def _wanted(account_id: int) -> Select[Any]:
    return (
        select(
            AccountUser.user_id.label("id"),
            AccountUser.name,
            User.email,
            AccountUser.role,
            AccountUser.availability,
            AccountUser.auto_offline,
            AccountUser.active,
            AccountUser.agent_capacity_policy_id,
            OPEN.label("open_conversations"),
        )
        .join(User, User.id == AccountUser.user_id)
        .where(AccountUser.account_id == account_id)
    )


def _row(row: Row[Any]) -> AgentRow:
    return AgentRow(**row._mapping)
