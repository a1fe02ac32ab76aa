"""Agents of an account, with the number of their open conversations, in one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from dashboard.engine.model import Presence, Role, Status
from dashboard.store.accounts import log_ins
from dashboard.store.core import skill_keys
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import AccountUser, Conversation, Invitation, User
from dashboard.store.models.base import NEW_EPOCH
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """An agent's row: `has_password` and `has_logged_in` describe the log-in, `invited_until` their invitation."""

    id: int
    name: str
    email: str
    role: Role
    availability: Presence
    availability_until: datetime | None
    auto_offline: bool
    active: bool
    agent_capacity_policy_id: int | None
    skills: tuple[str, ...]
    open_conversations: int
    log_in_id: int
    has_password: bool
    has_logged_in: bool
    invited_until: datetime | None


INVITED = and_(Invitation.account_id == AccountUser.account_id, Invitation.user_id == AccountUser.user_id)
LOG_IN = (
    User.password_hash.is_not(None).label("has_password"),
    User.used_at.is_not(None).label("has_logged_in"),
    Invitation.expires_at.label("invited_until"),
)
# What somebody decided of an agent.
DECIDED = ("id", "name", "email", "role", "availability", "auto_offline", "active", "agent_capacity_policy_id",
           "skills")  # fmt: skip
OPEN = (
    select(func.count())
    .where(
        Conversation.account_id == AccountUser.account_id,
        Conversation.assignee_id == AccountUser.user_id,
        Conversation.status == Status.OPEN,
    )
    .scalar_subquery()
)


def find(session: Session, account_id: int, agent_id: int) -> AgentRow | None:
    """Return the agent, active or deactivated."""
    row = session.execute(_wanted(account_id).where(AccountUser.user_id == agent_id)).one_or_none()
    return _row(row) if row else None


def find_by_address(session: Session, account_id: int, email: str) -> AgentRow | None:
    """Return the account's agent with this address, active or deactivated."""
    row = session.execute(_wanted(account_id).where(AccountUser.email == email)).one_or_none()
    return _row(row) if row else None


def lock(session: Session, account_id: int, agent_id: int) -> AgentRow | None:
    """Return the agent and lock their row: no other transaction changes them or assigns to them until this one ends."""
    row = (AccountUser.account_id == account_id, AccountUser.user_id == agent_id)
    session.execute(select(AccountUser.user_id).where(*row).with_for_update())
    return find(session, account_id, agent_id)


def page(session: Session, account_id: int, wanted: Page, *, under_policy_id: int | None = None) -> Listed[AgentRow]:
    """Return one page of agents by id, or of the active agents under a capacity policy."""
    which: list[ColumnElement[bool]] = [AccountUser.account_id == account_id]
    if under_policy_id is not None:
        which += [AccountUser.agent_capacity_policy_id == under_policy_id, AccountUser.active.is_(True)]
    count = session.scalar(select(func.count()).select_from(AccountUser).where(*which)) or 0
    rows = _wanted(account_id).where(*which).order_by(AccountUser.user_id)
    return listed(map(_row, session.execute(rows.limit(wanted.per_page).offset(wanted.offset))), count, wanted)


def add(session: Session, account_id: int, *, email: str, **facts: Any) -> int | None:
    """Insert an agent with a new log-in and return their id; None if another agent of the account has the address.

    Other accounts with this address make no difference.
    """
    [log_in_id] = log_ins.add(session)
    values = {"account_id": account_id, "user_id": log_in_id, "log_in_id": log_in_id, "email": email, **facts}
    new = insert(AccountUser).values(**values).on_conflict_do_nothing()
    return session.scalar(new.returning(AccountUser.user_id))


def change(session: Session, account_id: int, agent_id: int, values: Mapping[str, Any]) -> None:
    """Update these columns of the agent."""
    if values:
        which = and_(AccountUser.account_id == account_id, AccountUser.user_id == agent_id)
        session.execute(update(AccountUser).where(which).values(**values))


def end_sessions(session: Session, account_id: int, agent_id: int) -> None:
    """End every session of this membership, also if it becomes active again later."""
    change(session, account_id, agent_id, {"session_epoch": NEW_EPOCH})


def id_of(session: Session, account_id: int, email: str) -> int | None:
    """Return the id of the active agent with this address."""
    which = (AccountUser.account_id == account_id, AccountUser.active, AccountUser.email == email)
    return session.scalar(select(AccountUser.user_id).where(*which))


def has_skill(session: Session, account_id: int, skill: str) -> bool:
    """Return whether an active agent has this skill, whatever its case."""
    wanted = select(AccountUser.skills).where(
        AccountUser.account_id == account_id, AccountUser.active, func.cardinality(AccountUser.skills) > 0
    )
    return any(skill.casefold() in skill_keys.folded(skills) for skills in session.scalars(wanted))


def other_administrator(session: Session, account_id: int, *, but: int) -> bool:
    """Return True if the account has an active administrator besides this one."""
    other = exists().where(
        AccountUser.account_id == account_id,
        AccountUser.user_id != but,
        AccountUser.role == Role.ADMINISTRATOR,
        AccountUser.active,
    )
    return bool(session.scalar(select(other)))


def _wanted(account_id: int) -> Select[Any]:
    columns: tuple[Any, ...] = (
        AccountUser.user_id.label("id"),
        AccountUser.name,
        AccountUser.email,
        AccountUser.role,
        AccountUser.availability,
        AccountUser.availability_until,
        AccountUser.auto_offline,
        AccountUser.active,
        AccountUser.agent_capacity_policy_id,
        AccountUser.skills,
        OPEN.label("open_conversations"),
        AccountUser.log_in_id,
        *LOG_IN,
    )
    return (
        select(*columns)
        .join(User, User.id == AccountUser.log_in_id)
        .outerjoin(Invitation, INVITED)
        .where(AccountUser.account_id == account_id)
    )


def _row(row: Row[Any]) -> AgentRow:
    return AgentRow(**{**row._mapping, "skills": tuple(row.skills)})
