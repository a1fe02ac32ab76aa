"""No conversation is stranded without somebody hearing of it."""

from datetime import timedelta

from dashboard.engine.decisions import Source
from dashboard.services import stranding
from dashboard.store.models import Account
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded

LATER = NOON + timedelta(seconds=5)


def account(acme: Acme) -> Account:
    acme.desk.session.rollback()
    acme.desk.session.expire_all()
    return acme.desk.session.get_one(Account, acme.account_id)


def test_what_nobody_may_take_is_not_stranded(acme: Acme):
    """E53"""
    acme.policy()
    acme.waiting(3)

    assert stranding.suspects(acme.desk, now=NOON) == {}
    assert (account(acme).stranded_count, account(acme).stranded_checked_at) == (0, NOON)


def test_what_somebody_could_take_is_named_and_if_still_there_counted_and_woken(acme: Acme, queue: Recorded):
    """E53: the wake-up is suppressed; the check finds the conversations and starts a run."""
    acme.policy()
    acme.capacity("Ana", {"Support": 2})
    acme.online("Ana")
    waiting = acme.waiting(3)

    named = stranding.suspects(acme.desk, now=NOON)
    count = stranding.confirm(acme.desk, named, now=LATER)

    assert named == {acme.account_id: {acme.support: waiting[:2]}}
    assert (count, account(acme).stranded_count) == (2, 2)
    assert queue.runs == [(acme.account_id, acme.support, Source.PERIODIC)]


def test_what_was_given_out_meanwhile_was_not_stranded(acme: Acme, queue: Recorded):
    """E53"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(3)

    named = stranding.suspects(acme.desk, now=NOON)
    acme.run()
    count = stranding.confirm(acme.desk, named, now=LATER)

    assert (count, account(acme).stranded_count, queue.runs) == (0, 0, [])


def test_a_stale_pending_mark_does_not_keep_the_healing_run_away(acme: Acme, queue: Recorded):
    """E32, E53: the mark's job died with its worker."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    acme.desk.signals.wakeups.mark(acme.account_id, acme.support)

    stranding.confirm(acme.desk, stranding.suspects(acme.desk, now=NOON), now=LATER)

    assert len(queue.runs) == 1


def test_the_check_costs_as_much_with_many_conversations_as_with_few(acme: Acme):
    """E53"""
    acme.policy()
    acme.online("Ana")
    counts = []
    for size in (5, 500):
        acme.waiting(size)
        with statements(acme.desk.session) as seen:
            stranding.suspects(acme.desk, now=NOON)
        counts.append(len(seen))

    assert counts[0] == counts[1]
