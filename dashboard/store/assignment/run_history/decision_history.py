"""A conversation's last assignment, and the batch that decided it (E47)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased

from dashboard.engine.model import Snapshot
from dashboard.store.assignment import snapshot_json
from dashboard.store.models import AccountUser, Assignment, RunBatch
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAssignment:
    """An assignment of a conversation; without `run_id`, a person made it."""

    conversation_id: int
    agent_id: int
    agent_name: str
    actor_name: str | None
    run_id: int | None
    policy_id: int | None
    policy_version: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBatch:
    """A batch's snapshot and the instant of its plan."""

    snapshot: Snapshot
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One of a run's batches; numbers start at 1."""

    number: int
    last_number: int
    kept: KeptBatch


def last_given(session: Session, account_id: int, conversation_id: int) -> PastAssignment | None:
    """Return the conversation's last assignment."""
    here = _rows(account_id).where(Assignment.conversation_id == conversation_id)
    row = session.execute(here.order_by(Assignment.id.desc()).limit(1)).one_or_none()
    return _given(row) if row else None


def given(session: Session, account_id: int, assignment_id: int) -> PastAssignment | None:
    """Return one ledger row that assigned a conversation to an agent."""
    row = session.execute(_rows(account_id).where(Assignment.id == assignment_id)).one_or_none()
    return _given(row) if row else None


def batch_of(session: Session, account_id: int, run_id: int, at: datetime) -> KeptBatch | None:
    """Return the run's batch of this instant; None if it was removed with old runs."""
    row = session.execute(
        select(RunBatch.snapshot, RunBatch.planned_at).where(
            RunBatch.account_id == account_id, RunBatch.run_id == run_id, RunBatch.planned_at == at
        )
    ).first()
    return KeptBatch(snapshot=snapshot_json.load(row.snapshot), at=row.planned_at) if row else None


def batch(session: Session, account_id: int, run_id: int, number: int) -> Batch | None:
    """Return the run's batch with this number, or the last one before it; None if the run has no batch."""
    here = (RunBatch.account_id == account_id, RunBatch.run_id == run_id)
    last = select(func.max(RunBatch.number)).where(*here).scalar_subquery()
    row = session.execute(
        select(RunBatch.number, RunBatch.snapshot, RunBatch.planned_at, last.label("last"))
        .where(*here, RunBatch.number <= number)
        .order_by(RunBatch.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    kept = KeptBatch(snapshot=snapshot_json.load(row.snapshot), at=row.planned_at)
    return Batch(number=row.number, last_number=row.last, kept=kept)


def _rows(account_id: int) -> Select[*tuple[Any, ...]]:
    agent, actor = aliased(AccountUser), aliased(AccountUser)
    return (
        select(Assignment, agent.name.label("agent_name"), actor.name.label("actor_name"))
        .join(agent, (agent.account_id == Assignment.account_id) & (agent.user_id == Assignment.agent_id))
        .outerjoin(actor, (actor.account_id == Assignment.account_id) & (actor.user_id == Assignment.actor_id))
        .where(Assignment.account_id == account_id)
    )


def _given(row: Row[*tuple[Any, ...]]) -> PastAssignment:
    given = row.Assignment
    return PastAssignment(
        conversation_id=given.conversation_id,
        agent_id=given.agent_id,
        agent_name=row.agent_name,
        actor_name=row.actor_name,
        run_id=given.run_id,
        policy_id=given.policy_id,
        policy_version=given.policy_version,
        at=given.at,
    )
