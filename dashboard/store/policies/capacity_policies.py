"""Capacity policies, their limits by inbox, and their agents."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import any_, func, literal, select, update

from dashboard.engine import policy
from dashboard.store.models import AccountUser, CapacityPolicy, InboxCapacityLimit
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityRow:
    """A capacity policy with its number of agents, without its limits by inbox."""

    id: int
    name: str
    description: str | None
    conversation_limit: int | None
    excluded_labels: tuple[str, ...]
    exclude_older_than_hours: int | None
    count_only_unanswered: bool
    version: int
    assigned_agent_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """The maximum of open conversations in one inbox for an agent under the policy (E15)."""

    id: int
    agent_capacity_policy_id: int
    inbox_id: int
    conversation_limit: int


AGENTS = (
    select(func.count())
    .where(
        AccountUser.account_id == CapacityPolicy.account_id,
        AccountUser.agent_capacity_policy_id == CapacityPolicy.id,
        AccountUser.active,
    )
    .scalar_subquery()
)
shelf = AccountTable(CapacityPolicy, CapacityRow, assigned_agent_count=AGENTS)
limits = AccountTable(InboxCapacityLimit, LimitRow)


def limits_of(session: Session, account_id: int, policy_ids: Collection[int]) -> Mapping[int, tuple[LimitRow, ...]]:
    """Return the limits of these policies, in one query."""
    which = InboxCapacityLimit.agent_capacity_policy_id == func.any(list(policy_ids))
    found: dict[int, tuple[LimitRow, ...]] = {}
    for row in limits.all(session, account_id, which):
        found[row.agent_capacity_policy_id] = (*found.get(row.agent_capacity_policy_id, ()), row)
    return found


def excluding(session: Session, account_id: int, label: str) -> list[CapacityRow]:
    """Return the policies that exclude conversations with this label."""
    return shelf.all(session, account_id, literal(label) == any_(CapacityPolicy.excluded_labels))


def named(session: Session, account_id: int, policy_ids: Collection[int]) -> Mapping[int, policy.CapacityPolicyUse]:
    """Return the names of these policies with their numbers of active agents, by id."""
    rows = shelf.some(session, account_id, policy_ids)
    return {row.id: policy.CapacityPolicyUse(name=row.name, agents=row.assigned_agent_count) for row in rows}


def put_under(session: Session, account_id: int, agent_id: int, policy_id: int | None) -> None:
    """Assign a capacity policy to an agent; None removes it."""
    agent = (AccountUser.account_id == account_id, AccountUser.user_id == agent_id)
    session.execute(update(AccountUser).where(*agent).values(agent_capacity_policy_id=policy_id))


def let_go(session: Session, account_id: int, policy_id: int) -> tuple[int, ...]:
    """Remove the policy from all its agents; return their ids."""
    under = update(AccountUser).where(
        AccountUser.account_id == account_id, AccountUser.agent_capacity_policy_id == policy_id
    )
    gone = session.scalars(under.values(agent_capacity_policy_id=None).returning(AccountUser.user_id))
    return tuple(sorted(gone))


def touch(session: Session, policy_id: int, now: datetime) -> None:
    """Increase the policy's version."""
    next_version = {"version": CapacityPolicy.version + 1, "updated_at": now}
    session.execute(update(CapacityPolicy).where(CapacityPolicy.id == policy_id).values(**next_version))
