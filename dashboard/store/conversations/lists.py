"""Lists of conversations, and their ledgers, for the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, any_, cast, func, literal, select

from dashboard.engine.decisions import Source, Via
from dashboard.engine.model import Status
from dashboard.engine.policy import ConversationPriority
from dashboard.store.assignment.waiting import ORDER, WAITING
from dashboard.store.conversations.conversations import ROWS, ConversationRow, as_row
from dashboard.store.conversations.reading_rights import readable_by
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import AccountUser, Assignment, AssignmentPolicy, Conversation, PolicyLink
from dashboard.store.postgres.database import Session

NEWEST = (Conversation.created_at.desc(), Conversation.id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFilter:
    """A filter for conversations; None means all. `seen_by` limits the list to an agent's readable conversations."""

    status: Status | None = None
    inbox_id: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    unassigned: bool = False
    label: str | None = None
    waiting: bool | None = None
    seen_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRow:
    """The person behind a change."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One assignment, transfer or release."""

    id: int
    conversation_id: int
    agent_id: int | None
    previous_agent_id: int | None
    source: Source
    reason: str | None
    run_id: int | None
    position: int | None
    policy_id: int | None
    policy_version: int | None
    via: Via | None
    skills_relaxed: bool
    actor: ActorRow | None
    at: datetime


def find(session: Session, account_id: int, conversation_id: int, *, seen_by: int | None) -> ConversationRow | None:
    """Return the conversation if the account has it and the agent `seen_by`, if any, may read it."""
    wanted = ROWS.where(
        Conversation.id == conversation_id, *conditions(account_id, ConversationFilter(seen_by=seen_by))
    )
    row = session.execute(wanted).one_or_none()
    return as_row(row) if row else None


def page_of(session: Session, account_id: int, wanted: ConversationFilter, page: Page) -> Listed[ConversationRow]:
    """Return one page of conversations: newest first, or waiting ones in the policy's order (E7)."""
    filters = conditions(account_id, wanted)
    count = session.scalar(select(func.count()).select_from(Conversation).where(*filters)) or 0
    order = order_of(session, account_id, wanted)
    wanted_rows = ROWS.where(*filters).order_by(*order).limit(page.per_page).offset(page.offset)
    return listed(map(as_row, session.execute(wanted_rows)), count, page)


def ledger_of(session: Session, account_id: int, conversation_id: int, page: Page) -> Listed[LedgerRow]:
    """Return one page of a conversation's ledger, newest first."""
    of_it = and_(Assignment.account_id == account_id, Assignment.conversation_id == conversation_id)
    count = session.scalar(select(func.count()).select_from(Assignment).where(of_it)) or 0
    actor = and_(AccountUser.account_id == Assignment.account_id, AccountUser.user_id == Assignment.actor_id)
    rows = session.execute(
        select(Assignment, AccountUser.name)
        .outerjoin(AccountUser, actor)
        .where(of_it)
        .order_by(Assignment.id.desc())
        .limit(page.per_page)
        .offset(page.offset)
    )
    return listed((_ledger_row(row.Assignment, row.name) for row in rows), count, page)


def conditions(account_id: int, wanted: ConversationFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter; unset fields add none."""
    asked: list[tuple[object, ColumnElement[bool]]] = [
        (wanted.status, Conversation.status == wanted.status),
        (wanted.inbox_id, Conversation.inbox_id == wanted.inbox_id),
        (wanted.team_id, Conversation.team_id == wanted.team_id),
        (wanted.assignee_id, Conversation.assignee_id == wanted.assignee_id),
        (wanted.unassigned or None, Conversation.assignee_id.is_(None)),
        (wanted.label, literal(wanted.label) == any_(Conversation.labels)),
        (wanted.waiting, WAITING if wanted.waiting else ~WAITING),
        (wanted.seen_by, readable_by(wanted.seen_by)),
    ]
    return [Conversation.account_id == account_id, *(condition for said, condition in asked if said is not None)]


def order_of(session: Session, account_id: int, wanted: ConversationFilter) -> tuple[Any, ...]:
    """Return the order: newest first; for waiting ones the inbox's policy order, else earliest created first (E7)."""
    if not wanted.waiting:
        return NEWEST
    priority = session.scalar(
        select(
            func.coalesce(
                PolicyLink.overrides["conversation_priority"].astext, cast(AssignmentPolicy.conversation_priority, Text)
            )
        )
        .select_from(PolicyLink)
        .join(AssignmentPolicy, AssignmentPolicy.id == PolicyLink.assignment_policy_id)
        .where(PolicyLink.account_id == account_id, PolicyLink.inbox_id == wanted.inbox_id)
    )
    return ORDER[ConversationPriority(priority or ConversationPriority.EARLIEST_CREATED)]


def _ledger_row(row: Assignment, actor_name: str | None) -> LedgerRow:
    columns = {name: getattr(row, name) for name in LedgerRow.__slots__ if name != "actor"}
    actor = ActorRow(id=row.actor_id, name=actor_name) if row.actor_id is not None and actor_name else None
    return LedgerRow(actor=actor, **columns)
