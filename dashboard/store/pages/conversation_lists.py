"""Conversations as pages list them, with the names of all that they belong to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, any_, func, literal, select

from dashboard.engine.model import Status
from dashboard.engine.policy import ConversationPriority
from dashboard.store.database import Session
from dashboard.store.models import (
    AccountUser,
    Assignment,
    AssignmentPolicy,
    Contact,
    Conversation,
    Inbox,
    PolicyLink,
    Team,
)
from dashboard.store.pages import conversation_search
from dashboard.store.paging import Listed, Page, listed
from dashboard.store.waiting import ORDER, WAITING

NEWEST = (Conversation.created_at.desc(), Conversation.id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which conversations are asked for; None asks for all. `given_after` are those given to somebody since then."""

    status: Status | None = None
    waiting: bool = False
    inbox_id: int | None = None
    team_id: int | None = None
    assignee_id: int | None = None
    unassigned: bool = False
    label: str | None = None
    given_after: datetime | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A conversation in a list; it waits while `waiting_since` is set."""

    id: int
    subject: str | None
    external_id: str | None
    status: Status
    inbox_id: int
    inbox_name: str
    team_id: int | None
    team_name: str | None
    contact_id: int | None
    contact_name: str | None
    assignee_name: str | None
    labels: tuple[str, ...]
    created_at: datetime
    last_activity_at: datetime
    waiting_since: datetime | None


COLUMNS = (
    *(column for column in Conversation.__table__.columns if column.name in Line.__slots__),
    Inbox.name.label("inbox_name"),
    Team.name.label("team_name"),
    func.coalesce(Contact.name, Contact.identifier).label("contact_name"),
    AccountUser.name.label("assignee_name"),
)
LINES = (
    select(*COLUMNS)
    .select_from(Conversation)
    .join(Inbox, Inbox.id == Conversation.inbox_id)
    .outerjoin(Team, Team.id == Conversation.team_id)
    .outerjoin(Contact, Contact.id == Conversation.contact_id)
    .outerjoin(
        AccountUser,
        (AccountUser.account_id == Conversation.account_id) & (AccountUser.user_id == Conversation.assignee_id),
    )
)


def page_of(session: Session, account_id: int, asked: Asked, page: Page) -> Listed[Line]:
    """Return a page of conversations: the newest first; what waits in the order of its queue (E7)."""
    filters = [Conversation.account_id == account_id, *_filters(account_id, asked)]
    order = _queue_order(session, account_id, asked.inbox_id) if asked.waiting else NEWEST
    if asked.text:
        ids = conversation_search.found(session, account_id, asked.text, filters=filters, order=order)
        count, ids = len(ids), ids[page.offset :][: page.per_page]
    else:
        count = session.scalar(select(func.count()).select_from(Conversation).where(*filters)) or 0
        # The names are looked up for one page, not for all that come before it.
        wanted = select(Conversation.id).where(*filters).order_by(*order).limit(page.per_page).offset(page.offset)
        ids = list(session.scalars(wanted))
    rows = session.execute(LINES.where(Conversation.id.in_(ids)).order_by(*order))
    return listed(map(_line, rows), count, page)


def _filters(account_id: int, asked: Asked) -> list[ColumnElement[bool]]:
    """Return the conditions for what is asked; what is not asked is no condition."""
    wanted: list[tuple[object, ColumnElement[bool]]] = [
        (asked.status, Conversation.status == asked.status),
        (asked.waiting or None, WAITING),
        (asked.inbox_id, Conversation.inbox_id == asked.inbox_id),
        (asked.team_id, Conversation.team_id == asked.team_id),
        (asked.assignee_id, Conversation.assignee_id == asked.assignee_id),
        (asked.unassigned or None, Conversation.assignee_id.is_(None)),
        (asked.label, literal(asked.label) == any_(Conversation.labels)),
    ]
    found = [condition for said, condition in wanted if said is not None]
    if asked.given_after:
        found.append(_given_after(account_id, asked.given_after))
    return found


def _given_after(account_id: int, at: datetime) -> ColumnElement[bool]:
    given = select(Assignment.conversation_id).where(
        Assignment.account_id == account_id, Assignment.agent_id.is_not(None), Assignment.at > at
    )
    return Conversation.id.in_(given)


def _queue_order(session: Session, account_id: int, inbox_id: int | None) -> tuple[Any, ...]:
    """Return the order of the inbox's policy; over several inboxes, and without a policy, the earliest first."""
    priority = session.scalar(
        select(AssignmentPolicy.conversation_priority)
        .join(PolicyLink, PolicyLink.assignment_policy_id == AssignmentPolicy.id)
        .where(PolicyLink.account_id == account_id, PolicyLink.inbox_id == inbox_id)
    )
    return ORDER[priority or ConversationPriority.EARLIEST_CREATED]


def _line(row: Row[Any]) -> Line:
    return Line(**{**row._mapping, "labels": tuple(row.labels)})
