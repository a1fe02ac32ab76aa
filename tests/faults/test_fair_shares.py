"""Fair distribution holds whatever becomes of Redis, because the ledger has what was given (E14, E28)."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import update

from dashboard.engine.decisions import Reason
from dashboard.services.conversations import change
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.store.models import AssignmentPolicy
from tests.desks import NOON, Acme
from tests.faults import invariants
from tests.faults.own import OwnRedis

Refusing = Callable[[OwnRedis], AbstractContextManager[None]]
SOON = NOON + timedelta(seconds=30)


@pytest.fixture
def shared_out(acme: Acme) -> Acme:
    """Ana, who had two of the two that she may have in a minute; two more wait."""
    acme.policy(fair_distribution_limit=2, fair_distribution_window=60)
    acme.online("Ana")
    acme.waiting(4)
    assert acme.run().ending.assigned_count == 2
    return acme


def given_soon(acme: Acme) -> int:
    acme.online("Ana", at=SOON)
    return acme.run(at=SOON).ending.assigned_count


def test_an_emptied_redis_gives_nobody_a_second_share(shared_out: Acme, redis_url: str):
    """Seen to fail while Redis alone was asked: Ana got four."""
    Redis.from_url(redis_url).flushdb()

    assert given_soon(shared_out) == 0
    assert shared_out.run(at=SOON).ending.reason is Reason.ALL_RATE_LIMITED
    invariants.check(shared_out.work.session)


def test_a_limit_that_is_set_later_counts_what_was_given_before(acme: Acme):
    """E14: a changed limit acts at once. Seen to fail while only what was given under a limit was counted."""
    acme.policy(fair_distribution_window=60)
    acme.online("Ana")
    acme.waiting(2)
    acme.run()
    acme.waiting(2)

    change_policy(acme, fair_distribution_limit=2)

    assert given_soon(acme) == 0


def test_a_longer_window_counts_what_the_shorter_one_had_forgotten(shared_out: Acme):
    """E14: a changed limit acts at once. Seen to fail while Redis alone was asked."""
    change_policy(shared_out, fair_distribution_window=20)
    assert given_soon(shared_out) == 2
    change_policy(shared_out, fair_distribution_window=3_600, fair_distribution_limit=4)
    shared_out.waiting(1)

    assert given_soon(shared_out) == 0
    invariants.check(shared_out.work.session)


def test_a_conversation_taken_back_and_given_again_uses_up_two(shared_out: Acme):
    """E14. Seen to fail while an entry was named by its conversation alone: the second took the first one's place."""
    change_policy(shared_out, fair_distribution_limit=3)
    for agent in (shared_out.agents["Dov"], None):
        wanted = ConversationChange(assignee_id=agent)
        shared_out.work.finished(
            change.change(shared_out.work, shared_out.account_id, 1, wanted, actor_id=agent, now=NOON)
        )

    assert given_soon(shared_out) == 1
    assert shared_out.assignees([1]) == ["Ana"]
    assert given_soon(shared_out) == 0
    invariants.check(shared_out.work.session)


@contextmanager
def noting_forbidden(server: OwnRedis) -> Iterator[None]:
    server.forbid("zadd")
    yield
    server.forbid("zadd", allow=True)


@contextmanager
def out_of_memory(server: OwnRedis) -> Iterator[None]:
    server.set("maxmemory", 1)
    yield
    server.set("maxmemory", 0)


@pytest.mark.parametrize("refusing", [noting_forbidden, out_of_memory])
def test_what_redis_would_not_note_is_counted_all_the_same(on_own: Acme, own_redis: OwnRedis, refusing: Refusing):
    """E28: it answers and refuses writes. Seen to fail with _count_by_ledger emptied: Ana got two more.

    Out of memory it lets a script through that begins by removing: seen to fail with what is old removed last as well.
    """
    on_own.policy(fair_distribution_limit=4, fair_distribution_window=60)
    on_own.online("Ana")
    on_own.waiting(2)
    on_own.run()
    on_own.waiting(2)
    on_own.online("Ana", at=SOON)

    with refusing(own_redis):
        assert on_own.run(at=SOON).ending.assigned_count == 2
    on_own.waiting(2)

    assert on_own.run(at=SOON).ending.assigned_count == 0
    invariants.check(on_own.work.session)


def change_policy(acme: Acme, **rules: object) -> None:
    acme.work.session.execute(update(AssignmentPolicy).values(**rules))
    acme.work.session.commit()
