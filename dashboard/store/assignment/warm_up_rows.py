"""An account and an inbox to rehearse in, for a transaction that is never committed."""

from sqlalchemy import insert

from dashboard.engine import model
from dashboard.store.models import Account, Inbox
from dashboard.store.postgres.database import Session


def add_rows(session: Session, inbox: model.Inbox) -> None:
    """Write them under the ids given, which no sequence gives: nobody's are skipped."""
    session.execute(insert(Account).values(id=inbox.account_id, name=inbox.name))
    session.execute(insert(Inbox).values(id=inbox.id, account_id=inbox.account_id, name=inbox.name))
