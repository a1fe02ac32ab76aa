"""Assignment policies for pages: linked and possible inboxes, and names for previews."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from dashboard.engine.model import Status
from dashboard.store.models import AccountUser, AssignmentPolicy, Conversation, Inbox, PolicyLink
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChoice:
    """An inbox with its policy, if any, its own values, and the number of its waiting conversations."""

    id: int
    name: str
    policy_id: int | None
    policy_name: str | None
    overrides: Mapping[str, Any]
    waiting: int


WAITING = (
    select(func.count())
    .where(Conversation.inbox_id == Inbox.id, Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None))
    .scalar_subquery()
)


def inboxes(session: Session, account_id: int) -> Sequence[InboxChoice]:
    """Return the account's inboxes by name, each with its policy."""
    found = session.execute(
        select(
            Inbox.id,
            Inbox.name,
            AssignmentPolicy.id.label("policy_id"),
            AssignmentPolicy.name.label("policy_name"),
            func.coalesce(PolicyLink.overrides, literal({}, JSONB), type_=JSONB).label("overrides"),
            WAITING.label("waiting"),
        )
        .outerjoin(PolicyLink, PolicyLink.inbox_id == Inbox.id)
        .outerjoin(AssignmentPolicy, AssignmentPolicy.id == PolicyLink.assignment_policy_id)
        .where(Inbox.account_id == account_id)
        .order_by(func.lower(Inbox.name), Inbox.id)
    )
    return [InboxChoice(**row._mapping) for row in found]


def served(session: Session, account_id: int, policy_ids: Collection[int]) -> Mapping[int, Sequence[str]]:
    """Return the names of each policy's inboxes."""
    found = session.execute(
        select(PolicyLink.assignment_policy_id, func.array_agg(Inbox.name))
        .join(Inbox, Inbox.id == PolicyLink.inbox_id)
        .where(PolicyLink.account_id == account_id, PolicyLink.assignment_policy_id.in_(policy_ids))
        .group_by(PolicyLink.assignment_policy_id)
    )
    return {policy_id: sorted(names, key=str.lower) for policy_id, names in found}


def agent_names(session: Session, account_id: int, agent_ids: Collection[int]) -> Mapping[int, str]:
    """Return these agents' names."""
    which = (AccountUser.account_id == account_id, AccountUser.user_id.in_(agent_ids))
    return {
        row.user_id: row.name for row in session.execute(select(AccountUser.user_id, AccountUser.name).where(*which))
    }


def subjects(session: Session, account_id: int, conversation_ids: Collection[int]) -> Mapping[int, str | None]:
    """Return these conversations' subjects."""
    which = (Conversation.account_id == account_id, Conversation.id.in_(conversation_ids))
    return {row.id: row.subject for row in session.execute(select(Conversation.id, Conversation.subject).where(*which))}
