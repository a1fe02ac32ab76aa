"""Runs for pages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, select

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.store.models import AccountUser, Assignment, Conversation, Inbox, Run
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPageRow:
    """One run; its result fields are None until it is finished."""

    id: int
    inbox_id: int
    inbox_name: str
    source: Source
    actor_name: str | None
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    reason: Reason | None
    waiting_before: int | None
    assigned: int
    left: Mapping[Reason, int]
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A conversation of a batch, with its assignment if the ledger has one."""

    subject: str | None
    position: int | None
    waited_for: timedelta | None


WAITED_FOR = (Assignment.at - Assignment.waiting_since).label("waited_for")
RUNS = (
    select(Run, Inbox.name.label("inbox_name"), AccountUser.name.label("actor_name"))
    .join(Inbox, Inbox.id == Run.inbox_id)
    .outerjoin(AccountUser, (AccountUser.account_id == Run.account_id) & (AccountUser.user_id == Run.actor_id))
    .order_by(Run.id)
)


def of_jobs(session: Session, account_id: int, job_ids: Collection[str]) -> Sequence[RunPageRow]:
    """Return the runs of these jobs."""
    found = session.execute(RUNS.where(Run.account_id == account_id, Run.job_id.in_(job_ids)))
    return [_run(row) for row in found]


def of_inbox(session: Session, account_id: int, inbox_id: int, most: int) -> Sequence[RunPageRow]:
    """Return the last runs of an inbox, newest first."""
    here = RUNS.where(Run.account_id == account_id, Run.inbox_id == inbox_id)
    return [_run(row) for row in session.execute(here.order_by(None).order_by(Run.id.desc()).limit(most))]


def of_ids(session: Session, account_id: int, run_ids: Collection[int]) -> tuple[RunPageRow, ...]:
    """Return these runs, newest first."""
    these = RUNS.where(Run.account_id == account_id, Run.id.in_(run_ids))
    return tuple(_run(row) for row in session.execute(these.order_by(None).order_by(Run.id.desc())))


def one(session: Session, account_id: int, run_id: int) -> RunPageRow | None:
    found = session.execute(RUNS.where(Run.account_id == account_id, Run.id == run_id)).one_or_none()
    return _run(found) if found else None


def written(
    session: Session, account_id: int, run_id: int, ids: Collection[int], *, at: datetime
) -> Mapping[int, Written]:
    """Return these conversations with their assignments by the batch of this instant; deleted ones are missing."""
    this = (Assignment.conversation_id == Conversation.id, Assignment.run_id == run_id, Assignment.at == at)
    found = session.execute(
        select(Conversation.id, Conversation.subject, Assignment.position, WAITED_FOR)
        .outerjoin(Assignment, and_(*this))
        .where(Conversation.account_id == account_id, Conversation.id.in_(ids))
    )
    return {row.id: Written(subject=row.subject, position=row.position, waited_for=row.waited_for) for row in found}


def _run(row: Row[*tuple[Any, ...]]) -> RunPageRow:
    run = row.Run
    return RunPageRow(
        id=run.id,
        inbox_id=run.inbox_id,
        inbox_name=row.inbox_name,
        source=run.source,
        actor_name=row.actor_name,
        started_at=run.started_at,
        finished_at=run.finished_at,
        outcome=run.outcome,
        reason=run.reason,
        waiting_before=run.waiting_before,
        assigned=run.assigned_count,
        left={Reason(word): count for word, count in run.left_waiting.items()},
        message=run.message,
    )
