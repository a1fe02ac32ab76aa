"""Writes a run's record, one for all its batches, and each batch's snapshot (E46)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, text, update

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.engine.model import Snapshot
from dashboard.store.assignment import snapshot_json
from dashboard.store.core.texts import kept
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import RUN_BUCKETS, Counted, CounterKind
from dashboard.store.models import Assignment, Run
from dashboard.store.models.counters import Measure
from dashboard.store.postgres.bulk import json_row, table_of
from dashboard.store.postgres.database import Session

KEEP = text("""
INSERT INTO run_batches (account_id, run_id, number, planned_at, first_position, snapshot)
VALUES (:account_id, :run_id, :number, :at, :first, CAST(:snapshot AS json))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """The result of a run."""

    outcome: Outcome
    reason: Reason | None
    waiting_before: int | None = None
    assigned_count: int = 0
    left_waiting: Mapping[Reason, int]
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """The fields of a run at its start."""

    account_id: int
    inbox_id: int
    source: Source
    actor_id: int | None
    job_id: str | None
    started_at: datetime


# Built once: building it took a tenth of the time of a run with one assignment.
BEGIN = insert(table_of(Run)).values({name: bindparam(name) for name in RunStart.__slots__}).returning(Run.id)
FINISH = (
    update(table_of(Run))
    .where(Run.id == bindparam("run_id"))
    .values({name: bindparam(name) for name in ("finished_at", *RunOutcome.__slots__)})
    .returning(Run.started_at)
)


def begin(session: Session, run: RunStart) -> int:
    """Insert the unfinished record of a run and return its id."""
    run_id: int = session.execute(BEGIN, json_row(run)).scalar_one()
    return run_id


def keep_batch(session: Session, run_id: int, snapshot: Snapshot, *, number: int, first: int, at: datetime) -> None:
    """Write a batch's snapshot; `first` is the position of its first assignment."""
    facts = {"account_id": snapshot.inbox.account_id, "run_id": run_id, "number": number, "first": first, "at": at}
    session.execute(KEEP, {**facts, "snapshot": snapshot_json.dump(snapshot)})


def last_began_at(session: Session, account_id: int, inbox_id: int) -> datetime | None:
    """Return the start of the inbox's last run without an error."""
    went_through = (Run.account_id == account_id, Run.inbox_id == inbox_id, Run.outcome != Outcome.ERROR)
    return session.scalar(select(Run.started_at).where(*went_through).order_by(Run.id.desc()).limit(1))


def assigned(session: Session, run_id: int) -> int | None:
    """Return the number of the run's ledger rows; None if the run has no record."""
    rows = select(func.count(Assignment.id)).where(Assignment.run_id == Run.id).scalar_subquery()
    found: int | None = session.scalar(select(rows).where(Run.id == run_id))
    return found


def finish(session: Session, run_id: int, ending: RunOutcome, at: datetime) -> None:
    """Complete the run's record and count the run in the metrics."""
    left = {reason.value: count for reason, count in ending.left_waiting.items()}
    facts = {**json_row(ending), "left_waiting": left, "finished_at": at, "run_id": run_id}
    facts["message"] = ending.message and kept(ending.message)
    started_at = session.execute(FINISH, facts).scalar_one()
    took = max((at - started_at).total_seconds(), 0.0)
    bucket = metric_counters.bucket_of(took, RUN_BUCKETS)
    kind = CounterKind(measure=Measure.RUNS, word=ending.outcome, reason=ending.reason, bucket=bucket)
    metric_counters.add(session, [Counted(kind=kind, count=1, seconds=took)])
