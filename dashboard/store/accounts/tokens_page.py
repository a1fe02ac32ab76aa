"""API tokens with the names of their users."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from dashboard.engine.model import Role
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import AccountUser, ApiToken
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """A token without its text; revoked tokens are never shown."""

    id: int
    name: str
    user_id: int
    user_name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


LINES = (
    select(
        ApiToken.id,
        ApiToken.name,
        ApiToken.user_id,
        AccountUser.name.label("user_name"),
        AccountUser.role,
        ApiToken.created_at,
        ApiToken.last_used_at,
        ApiToken.expires_at,
    )
    .join(AccountUser, and_(AccountUser.account_id == ApiToken.account_id, AccountUser.user_id == ApiToken.user_id))
    .order_by(ApiToken.id.desc())
)


def page_of(session: Session, account_id: int, page: Page) -> Listed[TokenLine]:
    """Return one page of tokens, newest first."""
    living = (ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
    count = session.scalar(select(func.count()).select_from(ApiToken).where(*living)) or 0
    rows = session.execute(LINES.where(*living).limit(page.per_page).offset(page.offset))
    return listed((TokenLine(**row._mapping) for row in rows), count, page)


def of_user(session: Session, account_id: int, user_id: int) -> Sequence[TokenLine]:
    living = (ApiToken.account_id == account_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    return [TokenLine(**row._mapping) for row in session.execute(LINES.where(*living))]
