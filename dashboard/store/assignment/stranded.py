"""Results of the stranded check, per account (E53)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, update

from dashboard.store.models import Account
from dashboard.store.postgres.database import Session


def clear_stranded(session: Session, *, but: Collection[int], now: datetime) -> None:
    """Write zero stranded conversations for all accounts but these, which are checked again."""
    session.execute(
        update(Account).where(Account.id != func.all(list(but))).values(stranded_checked_at=now, stranded_count=0)
    )


def set_stranded(session: Session, account_id: int, count: int, now: datetime) -> None:
    """Write an account's number of stranded conversations."""
    session.execute(
        update(Account).where(Account.id == account_id).values(stranded_checked_at=now, stranded_count=count)
    )
