"""What operations counts, over all accounts: a fixed number of queries, each on an index or a small table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.store.database import Session
from dashboard.store.models import Assignment, Conversation, Run
from dashboard.store.waiting import WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCount:
    """How many runs ended so."""

    outcome: Outcome
    reason: Reason | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """How many ledger rows came from this source."""

    source: Source
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much waits, since when, and what was done."""

    waiting: int
    oldest_wait_since: datetime | None
    ledger: Sequence[SourceCount]
    runs: Sequence[RunCount]


def answers(session: Session) -> bool:
    """Ask Postgres for nothing; whatever it raises, it does not answer."""
    session.execute(text("SELECT 1"))
    return True


def read(session: Session) -> Figures:
    """Return the figures of this moment."""
    queue = session.execute(
        select(func.count().label("waiting"), func.min(Conversation.waiting_since).label("since")).where(WAITING)
    ).one()
    ledger = session.execute(select(Assignment.source, func.count().label("number")).group_by(Assignment.source))
    runs = session.execute(
        select(Run.outcome, Run.reason, func.count().label("number"))
        .where(Run.finished_at.is_not(None))
        .group_by(Run.outcome, Run.reason)
    )
    return Figures(
        waiting=queue.waiting,
        oldest_wait_since=queue.since,
        ledger=[SourceCount(source=row.source, count=row.number) for row in ledger],
        runs=[RunCount(outcome=row.outcome, reason=row.reason, count=row.number) for row in runs if row.outcome],
    )
