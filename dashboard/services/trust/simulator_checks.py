"""Requests for checks of the simulator, and their last result (T20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.simulation.textbooks.cases import CASES, TextbookCase
from dashboard.simulation.textbooks.cases import QueueModel as QueueModel  # noqa: PLC0414  a word of its answers
from dashboard.store.trust import simulator_checks as store
from dashboard.store.trust.simulator_checks import CheckedCase

# A check takes ten seconds. One that has not ended after this long may have lost its job or its worker.
LOST_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustView:
    """The last result, None before the first check, and the instant of the request for the check under way."""

    checked_at: datetime | None
    agrees: bool | None
    seed: int | None
    requested_at: datetime | None
    cases: Sequence[CheckedCase]


def request(work: UnitOfWork, *, now: datetime) -> bool:
    """Have the simulator checked with new random numbers; return False if a check is under way."""
    seed = int(now.timestamp())
    check_id = store.begin(work.session, seed=seed, now=now, lost_before=now - LOST_AFTER)
    if check_id is not None:
        work.notes.then(lambda: work.signals.check_simulator(check_id))
    return check_id is not None


def view(work: UnitOfWork) -> TrustView:
    """Return the last result; before the first check, only the closed forms."""
    last = store.newest(work.session)
    return TrustView(
        checked_at=last.finished_at if last else None,
        agrees=last.agrees if last else None,
        seed=last.seed if last else None,
        requested_at=store.requested_at(work.session),
        cases=last.cases if last else [unchecked(case) for case in CASES],
    )


def unchecked(case: TextbookCase) -> CheckedCase:
    """Return a case with its closed form alone."""
    return CheckedCase(
        model=case.model,
        figure=case.figure,
        arrivals_per_minute=case.queue.arrivals_per_minute,
        handling_minutes=case.queue.handling_minutes,
        agents=case.queue.agents,
        patience_minutes=case.queue.patience_minutes,
        closed_form=case.closed_form,
    )
