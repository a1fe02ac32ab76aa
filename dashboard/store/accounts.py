"""Accounts, and who logs in to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert

from dashboard.engine.model import Role
from dashboard.store.database import Session
from dashboard.store.models import Account, AccountUser, User


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A tenant."""

    id: int
    name: str
    assignment_v2: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """An address that somebody logs in with, and whether it was new."""

    user_id: int
    password_hash: str | None
    is_new: bool


def find(session: Session, account_id: int) -> AccountRow | None:
    """Return the account."""
    row = session.execute(_wanted(account_id)).one_or_none()
    return AccountRow(id=row.id, name=row.name, assignment_v2=row.assignment_v2) if row else None


def lock(session: Session, account_id: int) -> AccountRow | None:
    """Return the account, which nobody else changes until this transaction ends."""
    row = session.execute(_wanted(account_id).with_for_update(key_share=True)).one_or_none()
    return AccountRow(id=row.id, name=row.name, assignment_v2=row.assignment_v2) if row else None


def add(session: Session, name: str) -> int:
    """Write a new account and return its id."""
    return session.execute(insert(Account).values(name=name).returning(Account.id)).scalar_one()


def change(session: Session, account_id: int, values: Mapping[str, Any]) -> None:
    """Write what changes of the account."""
    session.execute(update(Account).where(Account.id == account_id).values(**values))


def log_in_of(session: Session, email: str, password_hash: str | None) -> LogIn:
    """Return the log-in of an address, made if there is none; an existing one keeps its password."""
    new = postgres_insert(User).values(email=email, password_hash=password_hash).on_conflict_do_nothing()
    made = session.execute(new.returning(User.id)).scalar_one_or_none()
    if made is not None:
        return LogIn(user_id=made, password_hash=password_hash, is_new=True)
    row = session.execute(select(User.id, User.password_hash).where(User.email == email)).one()
    return LogIn(user_id=row.id, password_hash=row.password_hash, is_new=False)


def join(session: Session, account_id: int, user_id: int, *, name: str, role: Role, **facts: Any) -> bool:
    """Make a user one of the account's agents; false if they are one already."""
    new = postgres_insert(AccountUser).values(account_id=account_id, user_id=user_id, name=name, role=role, **facts)
    return session.scalar(new.on_conflict_do_nothing().returning(AccountUser.user_id)) is not None


def user_id_of(session: Session, account_id: int, email: str) -> int | None:
    """Return the active user of the account who has this address."""
    return session.scalar(
        select(AccountUser.user_id)
        .join(User, User.id == AccountUser.user_id)
        .where(AccountUser.account_id == account_id, AccountUser.active, User.email == email)
    )


def _wanted(account_id: int) -> Any:
    return select(Account.id, Account.name, Account.assignment_v2).where(Account.id == account_id)
