"""Checks of the simulator: one at a time, done once, and lost ones begin again."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dashboard.config import Settings
from dashboard.services.core.container import build
from dashboard.services.trust import checking, simulator_checks
from dashboard.simulation.textbooks.cases import CASES
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.models import SimulatorCheck
from tests.desks import NOON, Acme, Recorded, own_session

SMALL = [replace(case, batch=40) for case in CASES if case.queue.agents < 5]
LATER = NOON + simulator_checks.LOST_AFTER + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def small_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "CASES", SMALL)


def requested(acme: Acme, *, now=NOON) -> list[int]:
    """Request a check and return the ids of all checks that were started."""
    simulator_checks.request(acme.work, now=now)
    acme.work.finish()
    return acme.work.signals.queue.checks


def test_a_check_keeps_its_results_and_their_date(acme: Acme) -> None:
    """T20"""
    [check_id] = requested(acme)
    under_way = simulator_checks.view(acme.work)

    checking.perform(acme.work, check_id, clock=lambda: LATER)
    done = simulator_checks.view(acme.work)

    assert (under_way.requested_at, under_way.checked_at, under_way.agrees) == (NOON, None, None)
    assert [case.simulated for case in under_way.cases] == [None] * len(CASES)
    assert (done.requested_at, done.checked_at, done.agrees) == (None, LATER, True)
    assert [round(case.closed_form, 5) for case in done.cases] == [0.50943, 0.9]
    assert all(case.low < case.closed_form < case.high for case in done.cases)


def test_the_last_result_stays_while_the_next_check_is_under_way(acme: Acme) -> None:
    """T20"""
    [first] = requested(acme)
    checking.perform(acme.work, first, clock=lambda: NOON)
    requested(acme, now=LATER)

    view = simulator_checks.view(acme.work)

    assert (view.checked_at, view.agrees, view.requested_at) == (NOON, True, LATER)


def test_one_check_is_under_way_however_often_it_is_requested(acme: Acme) -> None:
    """T20"""
    assert requested(acme) == requested(acme, now=NOON + timedelta(minutes=1))
    assert acme.work.session.scalar(select(func.count()).select_from(SimulatorCheck)) == 1


def test_a_lost_check_is_started_again(acme: Acme) -> None:
    """T20: Redis lost the job, or no worker took it."""
    [first] = requested(acme)

    assert requested(acme, now=LATER) == [first, first]


def test_a_check_that_is_performed_twice_keeps_the_first_result(acme: Acme) -> None:
    """T20: RQ may repeat a job."""
    [check_id] = requested(acme)

    for at in (NOON, LATER):
        checking.perform(acme.work, check_id, clock=lambda at=at: at)

    assert simulator_checks.view(acme.work).checked_at == NOON


class Down(Recorded):
    """A queue whose Redis does not answer."""

    def check_simulator(self, check_id: int) -> None:
        raise StoreUnavailable("jobs: down")


def test_a_check_that_redis_did_not_accept_is_no_error(acme: Acme, settings: Settings) -> None:
    """T20: it can be requested again later."""
    work = build(settings, Down()).work(acme.work.session)

    assert simulator_checks.request(work, now=NOON)
    work.finish()

    assert len(requested(acme, now=LATER)) == 1


def test_eight_requests_at_once_begin_one_check(acme: Acme, settings: Settings) -> None:
    """T20: of eight transactions at once, one begins. Seen to fail without the unique index."""
    barrier, begun = threading.Barrier(8), []

    def ask() -> None:
        with own_session(settings) as session:
            work = build(settings, Recorded()).work(session)
            barrier.wait()
            begun.append(simulator_checks.request(work, now=NOON))
            work.finish()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(begun) == [False] * 7 + [True]
