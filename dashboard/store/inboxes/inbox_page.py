"""An inbox's members and capacity limits, for its page."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, func, select

from dashboard.engine.model import Presence, Status
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import AccountUser, CapacityPolicy, Conversation, InboxCapacityLimit, InboxMember
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """An active member with the number of their open conversations in the inbox; runs may pass over them (E57)."""

    id: int
    name: str
    availability: Presence
    auto_offline: bool
    auto_assign: bool
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A capacity policy's limit for the inbox, with the number of affected members and its exclusion rules."""

    policy_id: int
    policy_name: str
    conversation_limit: int
    members: int
    excluded_labels: tuple[str, ...]
    exclude_older_than_hours: int | None


def members(session: Session, account_id: int, inbox_id: int, page: Page) -> Listed[MemberRow]:
    """Return one page of the active members, by name."""
    agent = (AccountUser.account_id == InboxMember.account_id) & (AccountUser.user_id == InboxMember.user_id)
    here = (InboxMember.account_id == account_id, InboxMember.inbox_id == inbox_id, AccountUser.active)
    held = (
        select(func.count())
        .where(
            Conversation.inbox_id == inbox_id,
            Conversation.assignee_id == InboxMember.user_id,
            Conversation.status == Status.OPEN,
        )
        .scalar_subquery()
    )
    facts = (
        InboxMember.user_id.label("id"),
        AccountUser.name,
        AccountUser.availability,
        AccountUser.auto_offline,
        InboxMember.auto_assign,
        held.label("open"),
    )
    count = session.scalar(select(func.count()).select_from(InboxMember).join(AccountUser, agent).where(*here)) or 0
    rows = session.execute(
        select(*facts)
        .select_from(InboxMember)
        .join(AccountUser, agent)
        .where(*here)
        .order_by(func.lower(AccountUser.name), InboxMember.user_id)
        .limit(page.per_page)
        .offset(page.offset)
    )
    return listed((MemberRow(**row._mapping) for row in rows), count, page)


def limits(session: Session, account_id: int, inbox_id: int) -> Sequence[LimitLine]:
    """Return the capacity limits that apply to the inbox."""
    under = (
        select(func.count())
        .select_from(InboxMember)
        .join(
            AccountUser,
            (AccountUser.account_id == InboxMember.account_id) & (AccountUser.user_id == InboxMember.user_id),
        )
        .where(
            InboxMember.inbox_id == inbox_id,
            AccountUser.active,
            AccountUser.agent_capacity_policy_id == CapacityPolicy.id,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            CapacityPolicy.id.label("policy_id"),
            CapacityPolicy.name.label("policy_name"),
            InboxCapacityLimit.conversation_limit,
            under.label("members"),
            CapacityPolicy.excluded_labels,
            CapacityPolicy.exclude_older_than_hours,
        )
        .join(CapacityPolicy, CapacityPolicy.id == InboxCapacityLimit.agent_capacity_policy_id)
        .where(InboxCapacityLimit.account_id == account_id, InboxCapacityLimit.inbox_id == inbox_id)
        .order_by(func.lower(CapacityPolicy.name), CapacityPolicy.id)
    )
    return [_limit(row) for row in rows]


def _limit(row: Row[*tuple[object, ...]]) -> LimitLine:
    return LimitLine(**{**row._mapping, "excluded_labels": tuple(row.excluded_labels)})
