"""An account and an inbox for the warm-up's rehearsal, in a transaction that is never committed."""

from sqlalchemy import insert

from dashboard.engine import model
from dashboard.store.models import Account, Inbox
from dashboard.store.postgres.database import Session


def add_rows(session: Session, inbox: model.Inbox) -> None:
    """Insert both rows under the given ids, which no sequence returns, so that no ids are skipped."""
    session.execute(insert(Account).values(id=inbox.account_id, name=inbox.name))
    session.execute(insert(Inbox).values(id=inbox.id, account_id=inbox.account_id, name=inbox.name))
