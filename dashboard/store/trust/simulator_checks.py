"""Rows of the simulator's checks; the last results are kept for a month."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text, update

from dashboard.simulation.textbooks.cases import QueueModel
from dashboard.store.models import SimulatorCheck
from dashboard.store.postgres.database import Session

KEPT_FOR = timedelta(days=30)
# No row comes back while another check is under way, unless that one is lost.
BEGIN = text("""
INSERT INTO simulator_checks AS under_way (requested_at, seed) VALUES (:now, :seed)
ON CONFLICT ((finished_at IS NULL)) WHERE finished_at IS NULL
DO UPDATE SET requested_at = excluded.requested_at WHERE under_way.requested_at < :lost_before
RETURNING id""")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCase:
    """A textbook case with its closed form; the simulated value and its 95 % interval are None before any check."""

    model: QueueModel
    figure: str
    arrivals_per_minute: float
    handling_minutes: float
    agents: int
    patience_minutes: float | None
    closed_form: float
    simulated: float | None = None
    low: float | None = None
    high: float | None = None
    agrees: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCheck:
    """A finished check; the same seed gives the same results again."""

    finished_at: datetime
    seed: int
    agrees: bool
    cases: Sequence[CheckedCase]


def begin(session: Session, *, seed: int, now: datetime, lost_before: datetime) -> int | None:
    """Write a new check, or take over a lost one, and return its id; None while another is under way."""
    check_id: int | None = session.scalar(BEGIN, {"now": now, "seed": seed, "lost_before": lost_before})
    return check_id


def seed_of(session: Session, check_id: int) -> int | None:
    """Return the seed of an unfinished check."""
    unfinished = SimulatorCheck.id == check_id, SimulatorCheck.finished_at.is_(None)
    return session.scalar(select(SimulatorCheck.seed).where(*unfinished))


def finish(session: Session, check_id: int, cases: Sequence[CheckedCase], *, now: datetime) -> None:
    """Write the results, unless another worker has; remove those of over a month ago."""
    session.execute(
        update(SimulatorCheck)
        .where(SimulatorCheck.id == check_id, SimulatorCheck.finished_at.is_(None))
        .values(finished_at=now, agrees=all(case.agrees for case in cases), cases=[asdict(case) for case in cases])
    )
    session.execute(delete(SimulatorCheck).where(SimulatorCheck.finished_at < now - KEPT_FOR))


def newest(session: Session) -> FinishedCheck | None:
    """Return the last finished check."""
    wanted = select(SimulatorCheck).where(SimulatorCheck.finished_at.is_not(None))
    found = session.scalar(wanted.order_by(SimulatorCheck.finished_at.desc()).limit(1))
    if found is None or found.finished_at is None:
        return None
    cases = [CheckedCase(**{**case, "model": QueueModel(case["model"])}) for case in found.cases or ()]
    return FinishedCheck(finished_at=found.finished_at, seed=found.seed, agrees=bool(found.agrees), cases=cases)


def requested_at(session: Session) -> datetime | None:
    """Return the instant at which the check under way was requested."""
    return session.scalar(select(SimulatorCheck.requested_at).where(SimulatorCheck.finished_at.is_(None)))
