"""A check of the simulator; only the worker for simulations imports it, and numpy with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.trust.simulator_checks import unchecked
from dashboard.simulation.textbooks.cases import CASES, CaseResult
from dashboard.simulation.textbooks.checks import check
from dashboard.store.trust import simulator_checks as store
from dashboard.store.trust.simulator_checks import CheckedCase


def perform(work: UnitOfWork, check_id: int, *, clock: Callable[[], datetime]) -> None:
    """Simulate the textbook's cases and write the results. Finishes the unit of work first: no transaction stays open.

    Done twice, it does nothing, or the same: the seed is stored.
    """
    seed = store.seed_of(work.session, check_id)
    work.finish()
    if seed is not None:
        results = [_checked(result) for result in check(seed, CASES)]
        store.finish(work.session, check_id, results, now=clock())


def _checked(result: CaseResult) -> CheckedCase:
    found = result.simulated
    return replace(unchecked(result.case), simulated=found.mean, low=found.low, high=found.high, agrees=result.agrees)
