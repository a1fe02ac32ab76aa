"""Who may log in to an account, as its administrators see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from dashboard.engine.model import Role, Status
from dashboard.store.agents import OPEN
from dashboard.store.database import Session
from dashboard.store.models import AccountUser, ApiToken, Conversation, Inbox, User
from dashboard.store.paging import Listed, Page, listed

TOKENS = (
    select(func.count())
    .where(
        ApiToken.account_id == AccountUser.account_id,
        ApiToken.user_id == AccountUser.user_id,
        ApiToken.revoked_at.is_(None),
    )
    .scalar_subquery()
)
MEMBER = (AccountUser.user_id.label("id"), AccountUser.name, User.email, AccountUser.role, AccountUser.active)
IN_ORDER = (AccountUser.active.desc(), func.lower(AccountUser.name), AccountUser.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A user of the account, how many conversations they hold open, and how many tokens act for them."""

    id: int
    name: str
    email: str
    role: Role
    active: bool
    open: int
    tokens: int
    has_password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How many open conversations of an inbox somebody holds."""

    inbox_id: int
    inbox_name: str
    open: int


def page_of(session: Session, account_id: int, text: str, page: Page) -> Listed[UserLine]:
    """Return a page of the users by name, deactivated ones last; with a text, those whose name or address has it."""
    which = [AccountUser.account_id == account_id, *_with_text(text)]
    counted = select(func.count()).select_from(AccountUser).join(User, User.id == AccountUser.user_id).where(*which)
    rows = session.execute(_lines().where(*which).order_by(*IN_ORDER).limit(page.per_page).offset(page.offset))
    return listed((UserLine(**row._mapping) for row in rows), session.scalar(counted) or 0, page)


def one(session: Session, account_id: int, user_id: int) -> UserLine | None:
    """Return a user of the account."""
    which = (AccountUser.account_id == account_id, AccountUser.user_id == user_id)
    row = session.execute(_lines().where(*which)).one_or_none()
    return UserLine(**row._mapping) if row else None


def held(session: Session, account_id: int, user_id: int) -> Sequence[Held]:
    """Return what the user holds open, the inbox with most of it first."""
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
    return [Held(**row._mapping) for row in rows]


def _lines() -> Any:
    facts = (OPEN.label("open"), TOKENS.label("tokens"), User.password_hash.is_not(None).label("has_password"))
    return select(*MEMBER, *facts).join(User, User.id == AccountUser.user_id)


def _with_text(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    return [or_(AccountUser.name.icontains(text, autoescape=True), User.email.icontains(text, autoescape=True))]
