"""Lists of conversations for pages, with names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from dashboard.engine.model import Hold, Status
from dashboard.store.conversations import search
from dashboard.store.conversations.lists import ConversationFilter, conditions, order_of
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import (
    AccountUser,
    Assignment,
    Contact,
    Conversation,
    Inbox,
    Team,
)
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationListFilter(ConversationFilter):
    """A filter for conversations; `given_after` selects those assigned after this instant."""

    given_after: datetime | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLine:
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
    held_until: datetime | None
    held_for: Hold | None
    had_by_id: int | None
    skill_key: str
    due_at: datetime | None
    returned_from: tuple[int, ...]
    returned_ats: tuple[datetime, ...]


COLUMNS = (
    *(column for column in Conversation.__table__.columns if column.name in ConversationLine.__slots__),
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


def page_of(session: Session, account_id: int, asked: ConversationListFilter, page: Page) -> Listed[ConversationLine]:
    """Return one page of conversations: newest first, or waiting ones in the policy's order (E7)."""
    filters, order = conditions(account_id, asked), order_of(session, account_id, asked)
    if asked.given_after:
        filters.append(_given_after(account_id, asked.given_after))
    if asked.text:
        ids = search.found(session, account_id, asked.text, filters=filters, order=order)
        count, ids = len(ids), ids[page.offset :][: page.per_page]
    else:
        count = session.scalar(select(func.count()).select_from(Conversation).where(*filters)) or 0
        # Names are joined for one page only, not for all earlier rows.
        wanted = select(Conversation.id).where(*filters).order_by(*order).limit(page.per_page).offset(page.offset)
        ids = list(session.scalars(wanted))
    rows = session.execute(LINES.where(Conversation.id.in_(ids)).order_by(*order))
    return listed(map(_line, rows), count, page)


def _given_after(account_id: int, at: datetime) -> ColumnElement[bool]:
    given = select(Assignment.conversation_id).where(
        Assignment.account_id == account_id, Assignment.agent_id.is_not(None), Assignment.at > at
    )
    return Conversation.id.in_(given)


def _line(row: Row[Any]) -> ConversationLine:
    lists = {name: tuple(getattr(row, name)) for name in ("labels", "returned_from", "returned_ats")}
    return ConversationLine(**{**row._mapping, **lists})
