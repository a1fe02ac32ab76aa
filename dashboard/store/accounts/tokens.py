"""API tokens: whose they are. Only a hash is kept: a token has too much entropy to be found from its SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, insert, or_, select, update

from dashboard.engine.model import Role
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import AccountUser, ApiToken
from dashboard.store.postgres.bulk import json_row
from dashboard.store.postgres.database import Session

# Noting each use would make a write of every read.


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, by their token: an active user of one account."""

    account_id: int
    user_id: int
    name: str
    role: Role
    token_id: int
    token_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDraft:
    """A token to be kept, by its hash."""

    account_id: int
    user_id: int
    name: str
    token_hash: str
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """What is known of a token without it."""

    id: int
    name: str
    user_id: int
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


SHOWN = [getattr(ApiToken, name) for name in TokenRow.__slots__]
# Made once: each call asks it, and to make it took longer than to ask.
CALLER = (
    select(
        ApiToken.id.label("token_id"),
        ApiToken.last_used_at.label("token_used_at"),
        ApiToken.account_id,
        ApiToken.user_id,
        AccountUser.name,
        AccountUser.role,
    )
    .join(AccountUser, and_(AccountUser.account_id == ApiToken.account_id, AccountUser.user_id == ApiToken.user_id))
    .where(ApiToken.token_hash == bindparam("token_hash"), ApiToken.revoked_at.is_(None), AccountUser.active)
    .where(or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > bindparam("now")))
)


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(token.encode()).hexdigest()


def caller(session: Session, token: str, now: datetime) -> Caller | None:
    """Return whose the token is, unless it is unknown, revoked or expired, or its user deactivated."""
    row = session.execute(CALLER, {"token_hash": hashed(token), "now": now}).one_or_none()
    return Caller(**row._mapping) if row else None


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Note that the token was used, unless somebody else noted that meanwhile."""
    noted = update(ApiToken).where(
        ApiToken.id == token_id, or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < now)
    )
    session.execute(noted.values(last_used_at=now))


def add(session: Session, new: TokenDraft) -> TokenRow:
    """Write a token by its hash."""
    return _row(session.execute(insert(ApiToken).values(**json_row(new)).returning(*SHOWN)).one())


def find(session: Session, account_id: int, token_id: int) -> TokenRow | None:
    """Return a token that was not revoked."""
    row = session.execute(_not_revoked(account_id).where(ApiToken.id == token_id)).one_or_none()
    return _row(row) if row else None


def page(session: Session, account_id: int, wanted: Page) -> Listed[TokenRow]:
    """Return the tokens that were not revoked, newest first."""
    living = _not_revoked(account_id)
    count = session.scalar(select(func.count()).select_from(living.subquery())) or 0
    rows = session.execute(living.order_by(ApiToken.id.desc()).limit(wanted.per_page).offset(wanted.offset))
    return listed(map(_row, rows), count, wanted)


def revoke(session: Session, account_id: int, token_id: int, now: datetime) -> bool:
    """Let a token open nothing any more; false if there is none."""
    revoked = update(ApiToken).where(
        ApiToken.account_id == account_id, ApiToken.id == token_id, ApiToken.revoked_at.is_(None)
    )
    return session.scalar(revoked.values(revoked_at=now).returning(ApiToken.id)) is not None


def revoke_all_of(session: Session, account_id: int, user_id: int, now: datetime) -> Sequence[TokenRow]:
    """Let no token of the user open anything any more; return those that did."""
    living = (ApiToken.account_id == account_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    rows = session.execute(update(ApiToken).where(*living).values(revoked_at=now).returning(*SHOWN))
    return sorted(map(_row, rows), key=lambda row: row.id)


def _not_revoked(account_id: int) -> Select[Any]:
    return select(*SHOWN).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))


def _row(row: Row[Any]) -> TokenRow:
    return TokenRow(**row._mapping)
