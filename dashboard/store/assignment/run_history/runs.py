"""Reads runs with their assignments: by id, by inbox, by job."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import Assignment, Inbox, Run
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAssignment:
    """One assignment of a run; positions count from 1."""

    conversation_id: int
    agent_id: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One pass of the engine over one inbox; unfinished while `finished_at` and `outcome` are None (E46)."""

    id: int
    inbox_id: int
    source: Source
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    reason: Reason | None
    waiting_before: int | None
    assigned_count: int
    left_waiting: Mapping[str, int]
    assignments: tuple[RunAssignment, ...]


COLUMNS = [getattr(Run, name) for name in RunRow.__slots__ if name != "assignments"]


def find(session: Session, account_id: int, run_id: int) -> RunRow | None:
    rows = session.execute(_wanted(account_id).where(Run.id == run_id)).all()
    return next(iter(_with_assignments(session, rows)), None)


def finished_by_job(session: Session, account_id: int, job_id: str) -> RunRow | None:
    """Return the job's first finished run; a continuation runs in another job."""
    which = _wanted(account_id).where(Run.job_id == job_id, Run.finished_at.is_not(None))
    rows = session.execute(which.order_by(Run.id).limit(1)).all()
    return next(iter(_with_assignments(session, rows)), None)


def page(session: Session, account_id: int, inbox_id: int, wanted: Page) -> Listed[RunRow] | None:
    """Return one page of an inbox's runs, newest first, in a fixed number of queries; None without such an inbox."""
    if session.scalar(select(Inbox.id).where(Inbox.account_id == account_id, Inbox.id == inbox_id)) is None:
        return None
    count = session.scalar(select(func.count()).select_from(Run).where(Run.inbox_id == inbox_id)) or 0
    rows = _wanted(account_id).where(Run.inbox_id == inbox_id).order_by(Run.id.desc())
    found = session.execute(rows.limit(wanted.per_page).offset(wanted.offset)).all()
    return listed(_with_assignments(session, found), count, wanted)


def _wanted(account_id: int) -> Select[Any]:
    return select(*COLUMNS).where(Run.account_id == account_id)


def _with_assignments(session: Session, rows: Sequence[Row[Any]]) -> list[RunRow]:
    given = _assignments(session, [row.id for row in rows])
    return [RunRow(assignments=given.get(row.id, ()), **row._mapping) for row in rows]


def _assignments(session: Session, run_ids: Collection[int]) -> Mapping[int, tuple[RunAssignment, ...]]:
    found: dict[int, list[RunAssignment]] = {}
    rows = session.execute(
        select(Assignment.run_id, Assignment.conversation_id, Assignment.agent_id, Assignment.position)
        .where(Assignment.run_id == func.any(list(run_ids)))
        .order_by(Assignment.run_id, Assignment.position)
    )
    for row in rows:
        given = RunAssignment(conversation_id=row.conversation_id, agent_id=row.agent_id, position=row.position)
        found.setdefault(row.run_id, []).append(given)
    return {run_id: tuple(given) for run_id, given in found.items()}
