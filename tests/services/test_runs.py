"""Runs on real stores: what the engine decides is what is written."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from dashboard.config import OnFailure
from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.engine.model import AssignmentType, Status
from dashboard.engine.policy import AssignmentOrder, ConversationPriority
from dashboard.services import assignment, batches
from dashboard.services.assignment import Request
from dashboard.store.models import (
    Account,
    Assignment,
    AssignmentPolicy,
    Conversation,
    Inbox,
    OutboxEvent,
    PolicyLink,
    Run,
    RunBatch,
)
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded


def with_batches_of(acme: Acme, size: int) -> None:
    acme.desk = dataclasses.replace(acme.desk, settings=dataclasses.replace(acme.desk.settings, bulk_limit=size))


def left(acme: Acme, **facts: object) -> dict[Reason, int]:
    return dict(acme.run(**facts).ending.left_waiting)


def test_a_rehearsal_leaves_nothing_behind(acme: Acme):
    tables = (Account, Inbox, Run, RunBatch, Assignment, OutboxEvent)
    before = [acme.desk.session.scalar(select(func.count()).select_from(table)) for table in tables]
    acme.desk.session.commit()

    with statements(acme.desk.session) as said:
        batches.rehearse(acme.desk, now=NOON)

    assert any("INSERT INTO run_batches" in one for one in said)
    assert [acme.desk.session.scalar(select(func.count()).select_from(table)) for table in tables] == before


def test_what_batches_ask_stays_prepared_from_one_to_the_next(acme: Acme):
    """Seen to fail with a rollback at the end of store/locks.py."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(7)
    with_batches_of(acme, 1)

    acme.run()

    prepared = acme.desk.session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert any("UPDATE conversations" in one for one in prepared)


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


def test_each_assignment_has_one_ledger_row_and_two_events(acme: Acme):
    """E26"""
    policy_id = acme.policy()
    acme.online("Ana", "Bo")
    waiting = acme.waiting(5)

    result = acme.run()

    rows = acme.desk.session.execute(select(Assignment).order_by(Assignment.position)).scalars().all()
    assert [row.conversation_id for row in rows] == waiting
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert {(row.run_id, row.policy_id, row.policy_version, row.source) for row in rows} == {
        (result.run_id, policy_id, 1, Source.MANUAL)
    }
    events = acme.desk.session.execute(
        select(OutboxEvent.event, func.count(OutboxEvent.conversation_id.distinct())).group_by(OutboxEvent.event)
    )
    assert dict(map(tuple, events)) == {"assignee_changed": 5, "conversation_updated": 5}


def test_the_event_tells_who_got_what(acme: Acme):
    """E26"""
    acme.policy()
    acme.online("Bo")
    [conversation] = acme.waiting(1)

    result = acme.run()

    body = acme.desk.session.scalar(select(OutboxEvent.body).where(OutboxEvent.event == "assignee_changed"))
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
    acme.desk.session.execute(switch)
    acme.desk.session.commit()

    with statements(acme.desk.session) as seen:
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
            acme.desk.session.execute(update(AssignmentPolicy).values(enabled=False))
            acme.desk.session.commit()
        return NOON

    request = Request(source=Source.MANUAL)
    result = assignment.run_inbox(acme.desk, acme.account_id, acme.support, request=request, now=now)

    assert result.ending.assigned_count == 2


def test_an_unknown_inbox_ends_the_run_quietly(acme: Acme):
    """E3"""
    request = Request(source=Source.MANUAL)

    assert assignment.run_inbox(acme.desk, acme.account_id, 404, request=request) is None
    assert assignment.run_inbox(acme.desk, acme.account_id, acme.stranger_inbox_id, request=request) is None
    assert acme.desk.session.scalar(select(func.count()).select_from(Run)) == 0


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


def test_a_full_batch_is_followed_by_the_next_in_one_record(acme: Acme):
    """E8, E46"""
    acme.policy()
    acme.online("Ana", "Bo")
    waiting = acme.waiting(25)
    with_batches_of(acme, 10)

    ending = acme.run().ending

    assert (ending.assigned_count, ending.waiting_before, ending.left_waiting) == (25, 25, {})
    assert acme.assignees(waiting) == (["Ana", "Bo"] * 13)[:25]
    assert acme.desk.session.scalar(select(func.count()).select_from(Run)) == 1
    assert acme.desk.session.scalars(select(RunBatch.first_position).order_by(RunBatch.number)).all() == [1, 11, 21]


def test_a_run_out_of_time_goes_on_in_a_new_job(acme: Acme, queue: Recorded):
    """E8"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(9)
    with_batches_of(acme, 3)
    ticks = iter(range(0, 99, 4))

    request = Request(source=Source.REALTIME)
    result = assignment.run_inbox(
        acme.desk, acme.account_id, acme.support, request=request, now=lambda: NOON + timedelta(seconds=next(ticks))
    )

    assert result.ending.assigned_count == 6
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


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


def test_presence_is_read_once_per_batch(acme: Acme):
    """E13"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(4)
    with_batches_of(acme, 2)
    moments = iter([NOON, NOON, NOON + timedelta(seconds=61), NOON + timedelta(seconds=61)])

    request = Request(source=Source.MANUAL)
    result = assignment.run_inbox(
        acme.desk, acme.account_id, acme.support, request=request, now=lambda: next(moments, NOON)
    )

    assert (result.ending.assigned_count, dict(result.ending.left_waiting)) == (2, {Reason.NOBODY_ONLINE: 2})


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


def test_a_conversation_that_somebody_is_changing_is_looked_at_again(acme: Acme, queue: Recorded, settings):
    """E25, E30"""
    from dashboard.store import database

    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(2)
    with database.connect(settings.database_url).begin() as somebody:
        somebody.execute(text("SELECT FROM conversations WHERE id = :id FOR UPDATE"), {"id": waiting[0]})
        ending = acme.run().ending

    assert acme.assignees(waiting) == ["-", "Ana"]
    assert ending.left_waiting == {Reason.LOST_RACE: 1}
    assert queue.wakeups == [(acme.account_id, acme.support, NOON + timedelta(seconds=1))]


def test_a_batch_has_one_now_and_every_instant_is_aware(acme: Acme):
    """E45"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(4)
    with_batches_of(acme, 2)
    ticks = iter(range(99))

    request = Request(source=Source.MANUAL)
    assignment.run_inbox(
        acme.desk, acme.account_id, acme.support, request=request, now=lambda: NOON + timedelta(seconds=next(ticks))
    )

    instants = acme.desk.session.scalars(select(Assignment.at).order_by(Assignment.id)).all()
    assert instants[0] == instants[1] < instants[2] == instants[3]
    assert all(at.utcoffset() == timedelta(0) for at in instants)


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

    acme.desk.session.execute(update(AssignmentPolicy).values(fair_distribution_limit=2))
    acme.desk.session.commit()

    assert acme.run().ending.assigned_count == 1


def test_what_is_pending_is_cleared_before_the_list_is_read(acme: Acme, queue: Recorded):
    """E32: a trigger during a run is never lost."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    signals = acme.desk.signals
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

    assert assignment.sweep(acme.desk) == 1
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
        with statements(acme.desk.session) as seen:
            assert acme.run().ending.assigned_count == size
        counts.append(len(seen))

    assert counts[0] == counts[1]


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


class TestStoresThatFail:
    """What cannot be read is never guessed."""

    def broken(self, acme: Acme, key: str) -> None:
        """Make one key of the account unreadable: its type is wrong."""
        client = acme.desk.heartbeats._redis
        client.delete(key)
        client.set(key, "broken") if "rate" not in key else client.hset(key, "a", "b")

    def test_presence_unreadable_assigns_nothing_and_says_so(self, acme: Acme):
        """E40"""
        acme.policy()
        acme.online("Ana")
        waiting = acme.waiting(1)
        self.broken(acme, f"{{acct:{acme.account_id}}}:presence")

        result = acme.run()

        assert (result.ending.outcome, result.ending.reason) == (Outcome.ERROR, Reason.STORE_UNAVAILABLE)
        assert result.worth_retrying
        assert acme.assignees(waiting) == ["-"]

    def test_rate_limits_unreadable_are_skipped(self, acme: Acme):
        """E41"""
        acme.policy(fair_distribution_limit=1)
        acme.online("Ana")
        waiting = acme.waiting(2)
        self.broken(acme, f"{{acct:{acme.account_id}}}:rate:inbox:{acme.support}:agent:{acme.agents['Ana']}")

        acme.run()

        assert acme.assignees(waiting) == ["Ana", "Ana"]

    def test_rate_limits_unreadable_refuse_when_so_set(self, acme: Acme):
        """E41"""
        acme.policy(fair_distribution_limit=1)
        acme.online("Ana")
        acme.waiting(2)
        closed = dataclasses.replace(acme.desk.settings, rate_limit_on_failure=OnFailure.CLOSED)
        acme.desk = dataclasses.replace(acme.desk, settings=closed)
        self.broken(acme, f"{{acct:{acme.account_id}}}:rate:inbox:{acme.support}:agent:{acme.agents['Ana']}")

        assert acme.run().ending.reason is Reason.ALL_RATE_LIMITED

    def test_rotation_unreadable_ends_the_run_and_nothing_is_half_written(self, acme: Acme):
        """E42"""
        acme.policy()
        acme.online("Ana")
        waiting = acme.waiting(1)
        self.broken(acme, f"{{acct:{acme.account_id}}}:rotation:inbox:{acme.support}")

        result = acme.run()

        assert (result.ending.outcome, result.ending.reason) == (Outcome.ERROR, Reason.STORE_UNAVAILABLE)
        assert acme.assignees(waiting) == ["-"]
        assert acme.desk.session.scalar(select(func.count()).select_from(Assignment)) == 0

    def test_a_database_error_ends_the_batch_and_earlier_batches_stay(self, acme: Acme):
        """E43"""
        acme.policy()
        acme.online("Ana")
        waiting = acme.waiting(4)
        with_batches_of(acme, 2)
        trap = f"""
            CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.conversation_id = {waiting[2]} THEN RAISE 'sprung'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER trap BEFORE INSERT ON assignments FOR EACH ROW EXECUTE FUNCTION trap()
        """
        acme.desk.session.execute(text(trap))
        acme.desk.session.commit()

        ending = acme.run().ending
        acme.desk.session.execute(text("DROP FUNCTION trap CASCADE"))
        acme.desk.session.commit()

        assert (ending.outcome, ending.assigned_count) == (Outcome.ERROR, 2)
        assert acme.assignees(waiting) == ["Ana", "Ana", "-", "-"]
        assert acme.desk.session.scalar(select(func.count()).select_from(Run)) == 1


def test_a_conversation_moved_to_a_team_meanwhile_is_not_claimed(acme: Acme):
    """E25"""
    from dashboard.engine.decisions import Assign
    from dashboard.store import claims

    team = acme.team("Billing", "Ana")
    moved, fine = acme.waiting(1, team_id=team) + acme.waiting(1)
    plan = [Assign(moved, acme.agents["Ana"], None), Assign(fine, acme.agents["Ana"], None)]

    won = claims.claim(acme.desk.session, acme.account_id, acme.support, plan, now=NOON)
    acme.desk.session.commit()

    assert won == {fine}
    assert acme.assignees([moved, fine]) == ["-", "Ana"]


def test_another_accounts_conversation_is_not_claimed(acme: Acme):
    """E25"""
    from dashboard.engine.decisions import Assign
    from dashboard.store import claims

    [mine] = acme.waiting(1)

    won = claims.claim(acme.desk.session, acme.account_id + 1, acme.support, [Assign(mine, 1, None)], now=NOON)
    acme.desk.session.rollback()

    assert won == set()
    assert acme.desk.session.get_one(Conversation, mine).assignee_id is None
