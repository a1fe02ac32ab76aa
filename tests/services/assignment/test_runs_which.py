"""Which conversations a run takes up, and which it leaves."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from dashboard.engine.decisions import Assign, Reason
from dashboard.engine.model import Status
from dashboard.engine.policy import ConversationPriority
from dashboard.store.assignment import claims
from dashboard.store.models import Conversation
from tests.desks import NOON, Acme, Recorded
from tests.runs import with_batches_of


@pytest.mark.parametrize("status", [Status.PENDING, Status.SNOOZED, Status.RESOLVED])
def test_only_open_conversations_wait(acme: Acme, status):
    """E4"""
    acme.policy()
    acme.online("Ana")
    resolved_at = NOON if status is Status.RESOLVED else None
    others = acme.waiting(2, status=status, waiting_since=None, resolved_at=resolved_at)

    assert acme.run().ending.reason is Reason.NOTHING_WAITING
    assert acme.assignees(others) == ["-", "-"]


def test_an_assigned_conversation_is_never_reassigned(acme: Acme):
    """E4"""
    acme.policy()
    acme.online("Ana")
    held = acme.held("Dov", 2)

    acme.run()

    assert acme.assignees(held) == ["Dov", "Dov"]


@pytest.mark.parametrize(
    ("priority", "first"),
    [(ConversationPriority.EARLIEST_CREATED, "old"), (ConversationPriority.LONGEST_WAITING, "silent")],
)
def test_the_policys_order_decides_who_is_first(acme: Acme, priority, first):
    """E7"""
    acme.policy(conversation_priority=priority)
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana")
    ids = {
        "old": acme.waiting(1, created_at=NOON - timedelta(hours=9), last_activity_at=NOON)[0],
        "silent": acme.waiting(1, last_activity_at=NOON - timedelta(hours=5))[0],
    }

    acme.run()

    assert acme.assignees([ids[first]]) == ["Ana"]
    assert acme.assignees([one for name, one in ids.items() if name != first]) == ["-"]


def test_a_full_teams_conversations_never_hide_one_that_can_be_assigned(acme: Acme):
    """E9"""
    acme.policy()
    acme.online("Ana", "Bo")
    busy = acme.team("Busy", "Bo", max_auto_assigned_conversations=1)
    acme.held("Bo", 1, "Sales")
    acme.waiting(300, team_id=busy)
    [behind] = acme.waiting(1, created_at=NOON)
    with_batches_of(acme, 10)

    ending = acme.run().ending

    assert acme.assignees([behind]) == ["Ana"]
    assert ending.left_waiting == {Reason.ALL_AT_CAPACITY: 300}


def test_excluded_conversations_use_up_no_batch_and_are_counted_by_reason(acme: Acme):
    """E5, E6, E9"""
    acme.policy()
    acme.capacity("Dov", {"Support": 5}, excluded_labels=["VIP"], exclude_older_than_hours=24)
    acme.online("Ana")
    acme.waiting(30, labels=["VIP"])
    acme.waiting(20, created_at=NOON - timedelta(hours=25))
    [behind] = acme.waiting(1, labels=["vip"], created_at=NOON)
    with_batches_of(acme, 5)

    ending = acme.run().ending

    assert acme.assignees([behind]) == ["Ana"]
    assert ending.left_waiting == {Reason.EXCLUDED_LABEL: 30, Reason.EXCLUDED_AGE: 20}


def test_rules_of_a_capacity_policy_without_a_limit_here_do_not_apply(acme: Acme):
    """E5"""
    acme.policy()
    acme.capacity("Ana", {"Sales": 5}, excluded_labels=["VIP"])
    acme.online("Ana")
    waiting = acme.waiting(1, labels=["VIP"])

    acme.run()

    assert acme.assignees(waiting) == ["Ana"]


def test_a_contact_who_is_being_served_is_left_to_who_serves_them(acme: Acme):
    """E10"""
    acme.policy(one_agent_per_contact=True)
    acme.online("Ana")
    contact = acme.contact("caller-1")
    acme.held("Bo", 1, "Sales", contact_id=contact)
    waiting = acme.waiting(1, contact_id=contact)

    ending = acme.run().ending

    assert acme.assignees(waiting) == ["-"]
    assert ending.reason is Reason.CONTACT_BEING_SERVED


def test_a_conversation_that_somebody_is_changing_is_looked_at_again(acme: Acme, queue: Recorded, settings):
    """E25, E30"""
    from dashboard.store.postgres import database

    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(2)
    with database.connect(settings.database_url).begin() as somebody:
        somebody.execute(text("SELECT FROM conversations WHERE id = :id FOR UPDATE"), {"id": waiting[0]})
        ending = acme.run().ending

    assert acme.assignees(waiting) == ["-", "Ana"]
    assert ending.left_waiting == {Reason.LOST_RACE: 1}
    assert queue.wakeups == [(acme.account_id, acme.support, NOON + timedelta(seconds=1))]


def test_a_conversation_moved_to_a_team_meanwhile_is_not_claimed(acme: Acme):
    """E25"""
    team = acme.team("Billing", "Ana")
    moved, fine = acme.waiting(1, team_id=team) + acme.waiting(1)
    plan = [Assign(moved, acme.agents["Ana"], None), Assign(fine, acme.agents["Ana"], None)]

    won = claims.claim(acme.work.session, acme.account_id, acme.support, plan, now=NOON)
    acme.work.session.commit()

    assert won == {fine}
    assert acme.assignees([moved, fine]) == ["-", "Ana"]


def test_another_accounts_conversation_is_not_claimed(acme: Acme):
    """E25"""
    [mine] = acme.waiting(1)

    won = claims.claim(acme.work.session, acme.account_id + 1, acme.support, [Assign(mine, 1, None)], now=NOON)
    acme.work.session.rollback()

    assert won == set()
    assert acme.work.session.get_one(Conversation, mine).assignee_id is None
