"""Inboxes with their members and numbers of conversations, in one query."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, exists, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from dashboard.engine.model import Status
from dashboard.store.models import AccountUser, Conversation, Inbox, InboxMember, PolicyLink
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """An inbox with its counts; `open_count` includes the waiting conversations."""

    id: int
    name: str
    channel: str | None
    enable_auto_assignment: bool
    weight: int
    business_hours: Mapping[str, Any] | None
    assignment_policy_id: int | None
    overrides: Mapping[str, Any]
    member_ids: tuple[int, ...]
    waiting_count: int
    open_count: int


def _count(assigned: bool) -> ColumnElement[int]:
    """Return the count of assigned or waiting conversations; each has its own partial index."""
    nobodys = Conversation.assignee_id.is_(None)
    which = (Conversation.inbox_id == Inbox.id, Conversation.status == Status.OPEN, ~nobodys if assigned else nobodys)
    return select(func.count()).where(*which).scalar_subquery()


NOBODY = literal([], ARRAY(BigInteger))
MEMBERS = (
    select(func.coalesce(func.array_agg(aggregate_order_by(InboxMember.user_id, InboxMember.user_id)), NOBODY))
    .join(
        AccountUser,
        (AccountUser.account_id == InboxMember.account_id) & (AccountUser.user_id == InboxMember.user_id),
    )
    .where(InboxMember.inbox_id == Inbox.id, AccountUser.active)
    .scalar_subquery()
)
POLICY = select(PolicyLink.assignment_policy_id).where(PolicyLink.inbox_id == Inbox.id).scalar_subquery()
OVERRIDES = select(PolicyLink.overrides).where(PolicyLink.inbox_id == Inbox.id).scalar_subquery()

shelf = AccountTable(
    Inbox,
    InboxRow,
    assignment_policy_id=POLICY,
    overrides=func.coalesce(OVERRIDES, literal({}, JSONB), type_=JSONB),
    member_ids=MEMBERS,
    waiting_count=_count(assigned=False),
    open_count=_count(assigned=False) + _count(assigned=True),
)


def of_policy(session: Session, account_id: int, policy_id: int) -> list[InboxRow]:
    """Return the inboxes of the assignment policy."""
    linked = exists().where(PolicyLink.inbox_id == Inbox.id, PolicyLink.assignment_policy_id == policy_id)
    return shelf.all(session, account_id, linked)


def has_conversations(session: Session, inbox_id: int) -> bool:
    """Return True if the inbox has a conversation, in any status."""
    return bool(session.scalar(select(exists().where(Conversation.inbox_id == inbox_id))))
