"""Whom a run gives conversations to: in turn, within limits."""

from datetime import timedelta

from sqlalchemy import update

from dashboard.engine.decisions import Reason
from dashboard.engine.model import AssignmentType, Status
from dashboard.engine.policy import AssignmentOrder
from dashboard.store.models import AssignmentPolicy
from tests.desks import NOON, Acme, Recorded
from tests.runs import left


def test_nine_conversations_go_to_three_online_agents_in_turn(acme: Acme):
    """E19"""
    acme.policy()
    acme.online("Ana", "Bo", "Cleo")
    waiting = acme.waiting(9)

    acme.run()

    assert acme.assignees(waiting) == ["Ana", "Bo", "Cleo"] * 3


def test_the_rotation_goes_on_in_the_next_run(acme: Acme):
    """E22"""
    acme.policy()
    acme.online("Ana", "Bo", "Cleo")
    waiting = []

    for _ in range(4):
        waiting += acme.waiting(1)
        acme.run()

    assert acme.assignees(waiting) == ["Ana", "Bo", "Cleo", "Ana"]


def test_who_goes_offline_gets_nothing_and_takes_part_again_once_back(acme: Acme):
    """E13, E37"""
    acme.policy()
    acme.online("Ana", "Bo")
    acme.online("Cleo", at=NOON - timedelta(seconds=60))

    first = acme.waiting(2)
    acme.run()
    acme.online("Cleo")
    second = acme.waiting(1)
    acme.run()

    assert acme.assignees(first) == ["Ana", "Bo"]
    assert acme.assignees(second) == ["Cleo"]


def test_a_deactivated_user_is_no_member(acme: Acme):
    """E11"""
    acme.policy()
    acme.online("Ana", "Bo")
    acme.change_agent("Ana", active=False)
    waiting = acme.waiting(2)

    acme.run()

    assert acme.assignees(waiting) == ["Bo", "Bo"]


def test_a_manual_teams_conversations_stay(acme: Acme):
    """E12"""
    acme.policy()
    acme.online("Ana")
    team = acme.team("VIP", "Ana", assignment_type=AssignmentType.MANUAL)
    acme.waiting(2, team_id=team)

    assert left(acme) == {Reason.TEAM_MANUAL: 2}


def test_a_limit_of_three_against_no_limit_gives_three_and_five(acme: Acme):
    """E15"""
    acme.policy()
    acme.capacity("Ana", {"Support": 3})
    acme.online("Ana", "Bo")
    waiting = acme.waiting(8)

    acme.run()

    assert sorted(acme.assignees(waiting)) == ["Ana"] * 3 + ["Bo"] * 5


def test_only_open_conversations_count_as_load(acme: Acme):
    """E15"""
    acme.policy()
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana")
    acme.held("Ana", 5, status=Status.SNOOZED)
    acme.held("Ana", 5, status=Status.RESOLVED, resolved_at=NOON)
    acme.held("Ana", 5, "Sales")
    waiting = acme.waiting(1)

    acme.run()

    assert acme.assignees(waiting) == ["Ana"]


def test_a_limit_over_all_inboxes_counts_them_all(acme: Acme):
    """E16"""
    acme.policy()
    acme.capacity("Ana", {}, conversation_limit=3)
    acme.online("Ana")
    acme.held("Ana", 2, "Sales")
    acme.waiting(2)

    ending = acme.run().ending

    assert (ending.assigned_count, dict(ending.left_waiting)) == (1, {Reason.ALL_AT_CAPACITY: 1})


def test_balanced_goes_by_what_is_open_in_this_inbox(acme: Acme):
    """E23"""
    acme.policy(assignment_order=AssignmentOrder.BALANCED)
    acme.online("Ana", "Bo", "Cleo")
    acme.held("Ana", 5)
    acme.held("Bo", 3)
    acme.held("Cleo", 8)
    acme.held("Bo", 9, "Sales")
    waiting = acme.waiting(2)

    acme.run()

    assert acme.assignees(waiting) == ["Bo", "Bo"]


def test_the_rate_limit_holds_and_the_next_slot_is_one_wake_up(acme: Acme, queue: Recorded):
    """E14, E30"""
    acme.policy(fair_distribution_limit=3, fair_distribution_window=3600)
    acme.online("Ana", "Bo")
    acme.waiting(10)

    first = acme.run().ending
    again = acme.run(at=NOON + timedelta(seconds=1)).ending

    assert (first.assigned_count, dict(first.left_waiting)) == (6, {Reason.ALL_RATE_LIMITED: 4})
    assert again.reason is Reason.ALL_RATE_LIMITED
    assert queue.wakeups == [(acme.account_id, acme.support, NOON + timedelta(hours=1))]


def test_an_entry_exactly_one_window_old_no_longer_counts(acme: Acme):
    """E14"""
    acme.policy(fair_distribution_limit=1, fair_distribution_window=30)
    acme.online("Ana")
    acme.waiting(2)

    acme.run()
    almost = acme.run(at=NOON + timedelta(seconds=30, microseconds=-1)).ending.assigned_count
    exactly = acme.run(at=NOON + timedelta(seconds=30)).ending.assigned_count

    assert (almost, exactly) == (0, 1)


def test_a_changed_rate_limit_acts_at_once(acme: Acme):
    """E14"""
    acme.policy(fair_distribution_limit=1)
    acme.online("Ana")
    acme.waiting(3)
    acme.run()

    acme.work.session.execute(update(AssignmentPolicy).values(fair_distribution_limit=2))
    acme.work.session.commit()

    assert acme.run().ending.assigned_count == 1


def test_an_agent_who_left_the_rotation_is_dropped_and_a_newcomer_is_last(acme: Acme):
    """E20"""
    acme.policy()
    acme.online("Ana", "Bo", "Cleo")
    acme.waiting(1)
    acme.run()
    acme.leave("Support", "Bo")
    acme.online("Dov")
    waiting = acme.waiting(3)

    acme.run()

    assert acme.assignees(waiting) == ["Cleo", "Dov", "Ana"]
