"""What operations counts, over all accounts: a fixed number of queries, none of which reads what is only kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from dashboard.store import tallies
from dashboard.store.database import Session
from dashboard.store.models import Account, Conversation, WebhookDelivery
from dashboard.store.models.webhooks import PENDING
from dashboard.store.tallies import Counted
from dashboard.store.waiting import WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much waits, since when, what is stranded, what is to be delivered, and what was done since records began."""

    waiting: int
    oldest_wait_since: datetime | None
    stranded: int
    stranded_checked_at: datetime | None
    deliveries_pending: int
    done: Sequence[Counted]


def answers(session: Session) -> bool:
    """Ask Postgres for nothing; whatever it raises, it does not answer."""
    session.execute(text("SELECT 1"))
    return True


def read(session: Session) -> Figures:
    """Return the figures of this moment."""
    queue = session.execute(
        select(func.count().label("waiting"), func.min(Conversation.waiting_since).label("since")).where(WAITING)
    ).one()
    stranded = session.execute(
        select(func.sum(Account.stranded_count).label("found"), func.min(Account.stranded_checked_at).label("since"))
    ).one()
    return Figures(
        waiting=queue.waiting,
        oldest_wait_since=queue.since,
        stranded=int(stranded.found or 0),
        stranded_checked_at=stranded.since,
        deliveries_pending=session.scalar(select(func.count()).select_from(WebhookDelivery).where(PENDING)) or 0,
        done=tallies.read(session),
    )
