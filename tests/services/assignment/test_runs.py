"""Runs on real stores: what the engine decides is what is written."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.services.assignment import batch, run
from dashboard.services.assignment.run import RunRequest
from dashboard.store.models import Account, Assignment, AssignmentPolicy, Inbox, OutboxEvent, PolicyLink, Run, RunBatch
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded
from tests.runs import with_batches_of


def test_a_rehearsal_leaves_nothing_behind(acme: Acme):
    tables = (Account, Inbox, Run, RunBatch, Assignment, OutboxEvent)
    before = [acme.work.session.scalar(select(func.count()).select_from(table)) for table in tables]
    acme.work.session.commit()

    with statements(acme.work.session) as said:
        batch.warm_up(acme.work, now=NOON)

    assert any("INSERT INTO run_batches" in one for one in said)
    assert [acme.work.session.scalar(select(func.count()).select_from(table)) for table in tables] == before


def test_what_batches_ask_stays_prepared_from_one_to_the_next(acme: Acme):
    """Seen to fail with a rollback at the end of store/locks.py."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(7)
    with_batches_of(acme, 1)

    acme.run()

    prepared = acme.work.session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("UPDATE conversations" in one for one in prepared)


def test_each_assignment_has_one_ledger_row_and_two_events(acme: Acme):
    """E26"""
    policy_id = acme.policy()
    acme.online("Ana", "Bo")
    waiting = acme.waiting(5)

    result = acme.run()

    rows = acme.work.session.execute(select(Assignment).order_by(Assignment.position)).scalars().all()
    assert [row.conversation_id for row in rows] == waiting
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert {(row.run_id, row.policy_id, row.policy_version, row.source) for row in rows} == {
        (result.run_id, policy_id, 1, Source.MANUAL)
    }
    events = acme.work.session.execute(
        select(OutboxEvent.event, func.count(OutboxEvent.conversation_id.distinct())).group_by(OutboxEvent.event)
    )
    assert dict(map(tuple, events)) == {"assignee_changed": 5, "conversation_updated": 5}


def test_the_event_tells_who_got_what(acme: Acme):
    """E26"""
    acme.policy()
    acme.online("Bo")
    [conversation] = acme.waiting(1)

    result = acme.run()

    body = acme.work.session.scalar(select(OutboxEvent.body).where(OutboxEvent.event == "assignee_changed"))
    assert body["conversation"]["id"] == conversation
    assert body["conversation"]["assignee_id"] == acme.agents["Bo"]
    assert body["agent"]["name"] == "Bo"
    assert body["run_id"] == result.run_id


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        (update(Account).values(assignment_v2=False), Reason.FEATURE_OFF),
        (delete(PolicyLink), Reason.NO_POLICY),
        (update(AssignmentPolicy).values(enabled=False), Reason.POLICY_DISABLED),
        (update(Inbox).values(enable_auto_assignment=False), Reason.INBOX_OFF),
    ],
)
def test_a_switch_that_is_off_stops_the_run_and_nothing_else_is_read(acme: Acme, switch, reason):
    """E1"""
    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(1)
    acme.work.session.execute(switch)
    acme.work.session.commit()

    with statements(acme.work.session) as seen:
        ending = acme.run().ending

    assert (ending.outcome, ending.reason, ending.waiting_before) == (Outcome.STOP, reason, None)
    assert not any("FROM conversations" in statement for statement in seen)
    assert acme.assignees(waiting) == ["-"]


def test_switching_the_policy_off_stops_a_run_at_the_next_batch(acme: Acme):
    """E2"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(6)
    with_batches_of(acme, 2)
    times = iter(range(99))

    def now():
        if next(times) == 2:  # the start, the first batch, and then the second
            acme.work.session.execute(update(AssignmentPolicy).values(enabled=False))
            acme.work.session.commit()
        return NOON

    request = RunRequest(source=Source.MANUAL)
    result = run.run_inbox(acme.work, acme.account_id, acme.support, request=request, now=now)

    assert result.ending.assigned_count == 2


def test_an_unknown_inbox_ends_the_run_quietly(acme: Acme):
    """E3"""
    request = RunRequest(source=Source.MANUAL)

    assert run.run_inbox(acme.work, acme.account_id, 404, request=request) is None
    assert run.run_inbox(acme.work, acme.account_id, acme.stranger_inbox_id, request=request) is None
    assert acme.work.session.scalar(select(func.count()).select_from(Run)) == 0


def test_a_full_batch_is_followed_by_the_next_in_one_record(acme: Acme):
    """E8, E46"""
    acme.policy()
    acme.online("Ana", "Bo")
    waiting = acme.waiting(25)
    with_batches_of(acme, 10)

    ending = acme.run().ending

    assert (ending.assigned_count, ending.waiting_before, ending.left_waiting) == (25, 25, {})
    assert acme.assignees(waiting) == (["Ana", "Bo"] * 13)[:25]
    assert acme.work.session.scalar(select(func.count()).select_from(Run)) == 1
    assert acme.work.session.scalars(select(RunBatch.first_position).order_by(RunBatch.number)).all() == [1, 11, 21]


def test_a_run_out_of_time_goes_on_in_a_new_job(acme: Acme, queue: Recorded):
    """E8"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(9)
    with_batches_of(acme, 3)
    ticks = iter(range(0, 99, 4))

    request = RunRequest(source=Source.REALTIME)
    result = run.run_inbox(
        acme.work, acme.account_id, acme.support, request=request, now=lambda: NOON + timedelta(seconds=next(ticks))
    )

    assert result.ending.assigned_count == 6
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_presence_is_read_once_per_batch(acme: Acme):
    """E13"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(4)
    with_batches_of(acme, 2)
    moments = iter([NOON, NOON, NOON + timedelta(seconds=61), NOON + timedelta(seconds=61)])

    request = RunRequest(source=Source.MANUAL)
    result = run.run_inbox(acme.work, acme.account_id, acme.support, request=request, now=lambda: next(moments, NOON))

    assert (result.ending.assigned_count, dict(result.ending.left_waiting)) == (2, {Reason.NOBODY_ONLINE: 2})


def test_a_batch_has_one_now_and_every_instant_is_aware(acme: Acme):
    """E45"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(4)
    with_batches_of(acme, 2)
    ticks = iter(range(99))

    request = RunRequest(source=Source.MANUAL)
    run.run_inbox(
        acme.work, acme.account_id, acme.support, request=request, now=lambda: NOON + timedelta(seconds=next(ticks))
    )

    instants = acme.work.session.scalars(select(Assignment.at).order_by(Assignment.id)).all()
    assert instants[0] == instants[1] < instants[2] == instants[3]
    assert all(at.utcoffset() == timedelta(0) for at in instants)


def test_what_is_pending_is_cleared_before_the_list_is_read(acme: Acme, queue: Recorded):
    """E32: a trigger during a run is never lost."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    signals = acme.work.signals
    signals.wake(acme.account_id, [acme.support])
    signals.wake(acme.account_id, [acme.support])
    assert len(queue.runs) == 1

    acme.run()
    signals.wake(acme.account_id, [acme.support])

    assert len(queue.runs) == 2


def test_the_sweep_finds_exactly_the_routed_inboxes_with_work(acme: Acme, queue: Recorded):
    """E33"""
    acme.policy("Support")
    acme.waiting(3)
    acme.waiting(3, "Sales")

    assert run.sweep(acme.work) == 1
    assert queue.runs == [(acme.account_id, acme.support, Source.PERIODIC)]


def test_a_run_makes_as_many_queries_for_a_thousand_as_for_ten(acme: Acme):
    """E9, E26"""
    acme.policy(fair_distribution_limit=1_000)
    acme.capacity("Ana", {"Support": 900}, conversation_limit=1_000)
    acme.online("Ana", "Bo")
    with_batches_of(acme, 2_000)
    acme.waiting(1)
    acme.run()  # the first counts from the ledger what Redis does not know

    counts = []
    for size in (10, 990):
        acme.waiting(size)
        with statements(acme.work.session) as seen:
            assert acme.run().ending.assigned_count == size
        counts.append(len(seen))

    assert counts[0] == counts[1]
