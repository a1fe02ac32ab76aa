"""Names of agents by id."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, select

from dashboard.store.models import AccountUser
from dashboard.store.postgres.database import Session


def of(session: Session, account_id: int, agent_ids: Collection[int]) -> Mapping[int, str]:
    """Return the names of these agents of the account, active or not."""
    which = (AccountUser.account_id == account_id, AccountUser.user_id == func.any(sorted(agent_ids)))
    rows = session.execute(select(AccountUser.user_id, AccountUser.name).where(*which))
    return {row.user_id: row.name for row in rows}
