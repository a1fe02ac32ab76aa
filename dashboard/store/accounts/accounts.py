"""Reads and writes accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, text, update

from dashboard.store.models import Account
from dashboard.store.postgres.database import Session

LOCK = text("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A tenant."""

    id: int
    name: str
    assignment_v2: bool


def find(session: Session, account_id: int) -> AccountRow | None:
    row = session.execute(_wanted(account_id)).one_or_none()
    return AccountRow(id=row.id, name=row.name, assignment_v2=row.assignment_v2) if row else None


def lock(session: Session, account_id: int) -> AccountRow | None:
    """Return the account and lock its row until this transaction ends."""
    row = session.execute(_wanted(account_id).with_for_update(key_share=True)).one_or_none()
    return AccountRow(id=row.id, name=row.name, assignment_v2=row.assignment_v2) if row else None


def hold_all(session: Session) -> None:
    """Block the creation of accounts by others until this transaction ends."""
    session.execute(LOCK)


def add(session: Session, name: str) -> int:
    """Insert an account and return its id."""
    return session.execute(insert(Account).values(name=name).returning(Account.id)).scalar_one()


def change(session: Session, account_id: int, values: Mapping[str, Any]) -> None:
    """Update these columns of the account."""
    session.execute(update(Account).where(Account.id == account_id).values(**values))


def _wanted(account_id: int) -> Any:
    return select(Account.id, Account.name, Account.assignment_v2).where(Account.id == account_id)
