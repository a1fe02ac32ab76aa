"""What the stranded check found, kept with each account (E53)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, update

from dashboard.store.models import Account
from dashboard.store.postgres.database import Session


def clear_stranded(session: Session, *, but: Collection[int], now: datetime) -> None:
    """Write that nothing was stranded in any account but these, which are looked at again."""
    session.execute(
        update(Account).where(Account.id != func.all(list(but))).values(stranded_checked_at=now, stranded_count=0)
    )


def set_stranded(session: Session, account_id: int, count: int, now: datetime) -> None:
    """Write how many were stranded in an account."""
    session.execute(
        update(Account).where(Account.id == account_id).values(stranded_checked_at=now, stranded_count=count)
    )
