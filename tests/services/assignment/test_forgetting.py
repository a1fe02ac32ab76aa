"""Redis lost altogether costs whose turn it was, and the system says so (E42)."""

from datetime import timedelta

from redis import Redis

from dashboard.services.assignment import redis_data_loss
from tests.desks import NOON, Acme
from tests.faults import invariants

LATER = NOON + timedelta(minutes=1)


def empty(acme: Acme) -> None:
    with Redis.from_url(acme.work.settings.redis_url) as client:
        client.flushdb()


def test_an_emptied_redis_costs_turns_and_no_fair_share(acme: Acme) -> None:
    """E14, E42"""
    acme.policy(fair_distribution_limit=2)
    acme.online("Ana", "Bo")
    acme.waiting(3)
    acme.run()
    waiting = acme.waiting(3)

    empty(acme)
    acme.online("Ana", "Bo", at=LATER)
    ran = acme.run(at=LATER).ending

    assert ran.assigned_count == 1
    assert acme.assignees(waiting) == ["Bo", "-", "-"]
    invariants.check(acme.work.session)


def test_that_redis_was_emptied_is_said_for_an_hour(acme: Acme) -> None:
    """E42"""
    acme.policy()
    acme.run()
    before = redis_data_loss.lost_at(acme.work, acme.account_id, now=NOON)
    empty(acme)
    at = NOON + timedelta(minutes=5)
    acme.run(at=at)
    acme.run(at=at + timedelta(minutes=5))

    said = [
        redis_data_loss.lost_at(acme.work, acme.account_id, now=at + after)
        for after in (timedelta(), timedelta(hours=1))
    ]

    assert before is None
    assert said == [at, None]


def test_an_account_that_begins_has_lost_nothing(acme: Acme) -> None:
    acme.policy()
    acme.waiting(1)

    acme.run()
    acme.run()

    assert redis_data_loss.lost_at(acme.work, acme.account_id, now=NOON) is None
