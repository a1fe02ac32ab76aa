"""API tokens by hash. A token has too much entropy to be guessed from its SHA-256."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The active user of a valid token."""

    account_id: int
    user_id: int
    name: str
    role: Role
    token_id: int
    token_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDraft:
    """A new token, with its hash."""

    account_id: int
    user_id: int
    name: str
    token_hash: str
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token without its text."""

    id: int
    name: str
    user_id: int
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


SHOWN = [getattr(ApiToken, name) for name in TokenRow.__slots__]
# Built once: every call uses this statement, and building it took longer than running it.
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
    """Return the stored hash of a token."""
    return sha256(token.encode()).hexdigest()


def caller(session: Session, token: str, now: datetime) -> Caller | None:
    """Return the token's user; None if it is unknown, revoked or expired, or its user is deactivated."""
    row = session.execute(CALLER, {"token_hash": hashed(token), "now": now}).one_or_none()
    return Caller(**row._mapping) if row else None


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Write the token's last use, unless a later one is written."""
    noted = update(ApiToken).where(
        ApiToken.id == token_id, or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < now)
    )
    session.execute(noted.values(last_used_at=now))


def add(session: Session, new: TokenDraft) -> TokenRow:
    """Insert a token with its hash."""
    return _row(session.execute(insert(ApiToken).values(**json_row(new)).returning(*SHOWN)).one())


def find(session: Session, account_id: int, token_id: int) -> TokenRow | None:
    row = session.execute(_not_revoked(account_id).where(ApiToken.id == token_id)).one_or_none()
    return _row(row) if row else None


def page(session: Session, account_id: int, wanted: Page) -> Listed[TokenRow]:
    """Return one page of valid and expired tokens, newest first; revoked ones are left out."""
    living = _not_revoked(account_id)
    count = session.scalar(select(func.count()).select_from(living.subquery())) or 0
    rows = session.execute(living.order_by(ApiToken.id.desc()).limit(wanted.per_page).offset(wanted.offset))
    return listed(map(_row, rows), count, wanted)


def revoke(session: Session, account_id: int, token_id: int, now: datetime) -> bool:
    """Revoke a token; return False if there is none."""
    revoked = update(ApiToken).where(
        ApiToken.account_id == account_id, ApiToken.id == token_id, ApiToken.revoked_at.is_(None)
    )
    return session.scalar(revoked.values(revoked_at=now).returning(ApiToken.id)) is not None


def revoke_all_of(session: Session, account_id: int, user_id: int, now: datetime) -> Sequence[TokenRow]:
    """Revoke all tokens of the user; return them."""
    living = (ApiToken.account_id == account_id, ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    rows = session.execute(update(ApiToken).where(*living).values(revoked_at=now).returning(*SHOWN))
    return sorted(map(_row, rows), key=lambda row: row.id)


def _not_revoked(account_id: int) -> Select[Any]:
    return select(*SHOWN).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))


def _row(row: Row[Any]) -> TokenRow:
    return TokenRow(**row._mapping)
