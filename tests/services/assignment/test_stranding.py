"""No conversation is stranded without somebody hearing of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dashboard.engine.decisions import Source
from dashboard.services.assignment import stranded_check
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.models import Account
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded

LATER = NOON + timedelta(seconds=5)


def account(acme: Acme) -> Account:
    acme.work.session.rollback()
    acme.work.session.expire_all()
    return acme.work.session.get_one(Account, acme.account_id)


def test_what_nobody_may_take_is_not_stranded(acme: Acme):
    """E53"""
    acme.policy()
    acme.waiting(3)

    assert stranded_check.suspects(acme.work, now=NOON) == {}
    assert (account(acme).stranded_count, account(acme).stranded_checked_at) == (0, NOON)


def test_what_somebody_could_take_is_named_and_if_still_there_counted_and_woken(acme: Acme, queue: Recorded):
    """E53: the wake-up is suppressed; the check finds the conversations and starts a run."""
    acme.policy()
    acme.capacity("Ana", {"Support": 2})
    acme.online("Ana")
    waiting = acme.waiting(3)

    named = stranded_check.suspects(acme.work, now=NOON)
    count = stranded_check.confirm(acme.work, named, now=LATER)

    assert named == {acme.account_id: {acme.support: waiting[:2]}}
    assert (count, account(acme).stranded_count) == (2, 2)
    assert queue.runs == [(acme.account_id, acme.support, Source.PERIODIC)]


def test_what_was_given_out_meanwhile_was_not_stranded(acme: Acme, queue: Recorded):
    """E53"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(3)

    named = stranded_check.suspects(acme.work, now=NOON)
    acme.run()
    count = stranded_check.confirm(acme.work, named, now=LATER)

    assert (count, account(acme).stranded_count, queue.runs) == (0, 0, [])


def test_a_stale_pending_mark_does_not_keep_the_healing_run_away(acme: Acme, queue: Recorded):
    """E32, E53: the mark's job died with its worker."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    acme.work.signals.wakeups.mark(acme.account_id, acme.support)

    stranded_check.confirm(acme.work, stranded_check.suspects(acme.work, now=NOON), now=LATER)

    assert len(queue.runs) == 1


def test_the_check_costs_as_much_with_many_conversations_as_with_few(acme: Acme):
    """E53"""
    acme.policy()
    acme.online("Ana")
    counts = []
    for size in (5, 500):
        acme.waiting(size)
        with statements(acme.work.session) as seen:
            stranded_check.suspects(acme.work, now=NOON)
        counts.append(len(seen))

    assert counts[0] == counts[1]


def poisoned(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever is read of Acme fail, as rows of another program may."""
    read = stranded_check._assignable

    def reading(work: UnitOfWork, account_id: int, *more: Any) -> dict[int, list[int]]:
        if account_id == acme.account_id:
            raise ValueError("a row that nobody can read")
        return read(work, account_id, *more)

    monkeypatch.setattr(stranded_check, "_assignable", reading)


def test_an_account_that_could_not_be_checked_is_not_noted_as_checked(acme: Acme, monkeypatch: pytest.MonkeyPatch):
    """E43, E53. Seen to fail with all noted that named nothing: checked at noon, and nothing stranded."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    poisoned(acme, monkeypatch)

    assert stranded_check.suspects(acme.work, now=NOON) == {}
    assert account(acme).stranded_checked_at is None


def test_an_account_that_cannot_be_checked_again_hides_no_other(acme: Acme, monkeypatch: pytest.MonkeyPatch):
    """E43, E53. Seen to fail without each account apart: ValueError, and Globex was never noted."""
    poisoned(acme, monkeypatch)
    globex = acme.work.session.scalar(select(Account.id).where(Account.id != acme.account_id))
    assert globex is not None

    stranded_check.confirm(acme.work, {acme.account_id: {acme.support: [1]}, globex: {}}, now=LATER)

    assert account(acme).stranded_checked_at is None
    assert acme.work.session.get_one(Account, globex).stranded_checked_at == LATER


def test_a_check_is_stale_when_it_has_missed_two_turns():
    """E53: they come once a minute, a few seconds late; none at all is no claim that could be old."""
    ages = (timedelta(seconds=65), timedelta(seconds=125), timedelta(seconds=131), timedelta(days=1))

    assert [stranded_check.is_stale(NOON - age, now=NOON) for age in ages] == [False, False, True, True]
    assert not stranded_check.is_stale(None, now=NOON)
