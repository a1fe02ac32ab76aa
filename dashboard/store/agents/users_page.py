"""An account's users for the administrators' page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select

from dashboard.engine.model import Role, Status
from dashboard.store.accounts import log_ins
from dashboard.store.accounts.log_ins import LogIn
from dashboard.store.agents.agents import INVITED, LOG_IN, OPEN
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import AccountUser, ApiToken, Conversation, Inbox, Invitation, User
from dashboard.store.postgres.database import Session

TOKENS = (
    select(func.count())
    .where(
        ApiToken.account_id == AccountUser.account_id,
        ApiToken.user_id == AccountUser.user_id,
        ApiToken.revoked_at.is_(None),
    )
    .scalar_subquery()
)
MEMBER = (AccountUser.user_id.label("id"), AccountUser.name, AccountUser.email, AccountUser.role, AccountUser.active)
IN_ORDER = (AccountUser.active.desc(), func.lower(AccountUser.name), AccountUser.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A user with the number of their open conversations and tokens.

    `has_logged_in` is True once the person has used the log-in; `invited_until` is the end of a valid invitation.
    """

    id: int
    name: str
    email: str
    role: Role
    active: bool
    open: int
    tokens: int
    log_in: LogIn
    has_logged_in: bool
    invited_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCount:
    """The number of a user's open conversations in one inbox."""

    inbox_id: int
    inbox_name: str
    open: int


def page_of(session: Session, account_id: int, text: str, page: Page, *, now: datetime) -> Listed[UserLine]:
    """Return one page of users by name, deactivated ones last; a text filters by name and address."""
    which = [AccountUser.account_id == account_id, *_with_text(text)]
    counted = select(func.count()).select_from(AccountUser).where(*which)
    rows = session.execute(_lines().where(*which).order_by(*IN_ORDER).limit(page.per_page).offset(page.offset))
    return listed((_line(row, now) for row in rows), session.scalar(counted) or 0, page)


def one(session: Session, account_id: int, user_id: int, *, now: datetime) -> UserLine | None:
    which = (AccountUser.account_id == account_id, AccountUser.user_id == user_id)
    row = session.execute(_lines().where(*which)).one_or_none()
    return _line(row, now) if row else None


def held(session: Session, account_id: int, user_id: int) -> Sequence[HeldCount]:
    """Return the user's open conversations by inbox, the largest number first."""
    rows = session.execute(
        select(Inbox.id.label("inbox_id"), Inbox.name.label("inbox_name"), func.count().label("open"))
        .join(Conversation, Conversation.inbox_id == Inbox.id)
        .where(
            Conversation.account_id == account_id,
            Conversation.assignee_id == user_id,
            Conversation.status == Status.OPEN,
        )
        .group_by(Inbox.id)
        .order_by(func.count().desc(), func.lower(Inbox.name))
    )
    return [HeldCount(**row._mapping) for row in rows]


def _lines() -> Any:
    facts = (OPEN.label("open"), TOKENS.label("tokens"))
    wanted = select(*MEMBER, *facts, *LOG_IN).join(User, User.id == AccountUser.log_in_id)
    return wanted.outerjoin(Invitation, INVITED)


def _line(row: Row[Any], now: datetime) -> UserLine:
    facts: dict[str, Any] = dict(row._mapping)
    until = facts["invited_until"] if facts["invited_until"] and facts["invited_until"] > now else None
    log_in = log_ins.state(has_password=facts.pop("has_password"), invited_until=until, now=now)
    return UserLine(**facts | {"invited_until": until, "log_in": log_in})


def _with_text(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    return [or_(AccountUser.name.icontains(text, autoescape=True), AccountUser.email.icontains(text, autoescape=True))]
