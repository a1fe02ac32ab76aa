"""The instant by which a conversation should be assigned is kept on its row, whoever writes it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update

from dashboard.engine import planner
from dashboard.engine.policy_fields import ResponseTargets
from dashboard.services.conversations import change, conversations
from dashboard.services.conversations.conversation_forms import ConversationForm, NewConversationForm
from dashboard.services.conversations.conversations import Created
from dashboard.services.conversations.timed import due_renewal
from dashboard.services.inboxes import inboxes
from dashboard.services.inboxes.inbox_forms import InboxForm
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import AssignmentPolicyForm, PolicyChoice
from dashboard.store.assignment.run_history import decision_history
from dashboard.store.models import Assignment, Conversation, DueRenewal, Inbox, PolicyLink
from tests.counting import statements
from tests.desks import NOON, Acme

TARGETS = {"1": 15, "2": 60, "3": None, "4": 480, "none": 240}
MINUTE = timedelta(minutes=1)
# NOON is on a Monday, at 13:00 in Berlin.
HOURS = {"timezone": "Europe/Berlin", "weekly": {"mon": [["09:00", "13:30"]], "tue": [["09:00", "13:30"]]}}
TUESDAY = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)


def set_hours(acme: Acme, hours: Mapping[str, Any] | None) -> None:
    edit = InboxForm(partial=True).load({"business_hours": hours})
    acme.work.finished(inboxes.change(acme.work, acme.account_id, acme.support, edit, actor_id=None, now=NOON))


def set_targets(acme: Acme, targets: Mapping[str, int | None] | None) -> None:
    edit = AssignmentPolicyForm(partial=True).load({"response_targets": targets})
    acme.work.finished(
        assignment_policies.change(acme.work, acme.account_id, acme.policy_id, edit, actor_id=None, now=NOON)
    )


def made(acme: Acme, **facts: Any) -> int:
    draft = NewConversationForm().load({"inbox_id": acme.support, "created_at": NOON.isoformat(), **facts})
    made = acme.work.finished(conversations.create(acme.work, acme.account_id, draft, actor_id=None, now=NOON))
    assert isinstance(made, Created)
    return made.conversation.id


def changed(acme: Acme, conversation_id: int, *, at: datetime = NOON, **facts: Any) -> Any:
    wanted = ConversationForm().load(facts)
    return acme.work.finished(change.change(acme.work, acme.account_id, conversation_id, wanted, actor_id=None, now=at))


def due(acme: Acme, *ids: int) -> list[datetime | None]:
    wanted = select(Conversation.id, Conversation.due_at).where(Conversation.id.in_(ids))
    found = {row.id: row.due_at for row in acme.work.session.execute(wanted)}
    acme.work.session.rollback()
    return [found[one] for one in ids]


def renewed(acme: Acme, *, at: datetime = NOON) -> int:
    return due_renewal.renew(acme.work, now=at)


@pytest.mark.parametrize(("priority", "minutes"), [(1, 15), (2, 60), (3, None), (4, 480), (None, 240)])
def test_a_new_conversation_is_due_after_the_target_of_its_priority(acme: Acme, priority, minutes):
    """E54"""
    acme.policy(response_targets=TARGETS)

    [found] = due(acme, made(acme, priority=priority))

    assert found == (None if minutes is None else NOON + minutes * MINUTE)


def test_its_own_instant_comes_before_any_target(acme: Acme):
    """E54"""
    acme.policy(response_targets=TARGETS)
    own = NOON + 3 * MINUTE

    with_target = made(acme, priority=1, respond_by=own.isoformat())
    acme.work.session.execute(delete(PolicyLink))
    without = made(acme, respond_by=own.isoformat())

    assert due(acme, with_target, without) == [own, own]


def test_only_what_waits_is_due(acme: Acme):
    """E54: each way out of waiting ends it, each way back begins it again."""
    acme.policy(response_targets=TARGETS)
    own = (NOON + MINUTE).isoformat()
    snoozed, resolved, held = made(acme, status="snoozed"), made(acme, status="resolved", respond_by=own), made(acme)
    changed(acme, held, assignee_id=acme.agents["Ana"])
    before = due(acme, snoozed, resolved, held)

    released = changed(acme, held, assignee_id=None, at=NOON + 5 * MINUTE)
    opened = changed(acme, snoozed, status="open", at=NOON + 7 * MINUTE)

    assert before == [None, None, None]
    assert (released.due_at, opened.due_at) == (NOON + 245 * MINUTE, NOON + 247 * MINUTE)
    assert due(acme, held, snoozed) == [released.due_at, opened.due_at]


def test_a_run_ends_it_and_the_ledger_remembers_it(acme: Acme):
    """E54, E56"""
    acme.policy(response_targets=TARGETS)
    acme.online("Ana")
    one = made(acme, priority=1)

    acme.run()

    assert due(acme, one) == [None]
    assert acme.work.session.scalars(select(Assignment.due_at)).all() == [NOON + 15 * MINUTE]


def test_a_change_of_priority_or_of_its_own_instant_renews_it_at_once(acme: Acme):
    """E54"""
    acme.policy(response_targets=TARGETS)
    one = made(acme)

    urgent = changed(acme, one, priority=1)
    own = changed(acme, one, respond_by=(NOON + MINUTE).isoformat())
    without = changed(acme, one, respond_by=None)

    assert [row.due_at for row in (urgent, own, without)] == [NOON + n * MINUTE for n in (15, 1, 15)]


def test_a_move_to_an_inbox_without_targets_ends_it(acme: Acme):
    """E54, E70"""
    acme.policy(response_targets=TARGETS)

    assert changed(acme, made(acme), inbox_id=acme.sales).due_at is None


def test_only_open_hours_count_and_the_answer_has_them_at_once(acme: Acme):
    """E54, E62: half an hour is left on Monday, and the rest of the hour runs on Tuesday from nine."""
    acme.policy(response_targets=TARGETS)
    set_hours(acme, HOURS)

    short, long = made(acme, priority=1), made(acme, priority=2)

    assert due(acme, short, long) == [NOON + 15 * MINUTE, TUESDAY + 30 * MINUTE]
    assert changed(acme, short, priority=2).due_at == TUESDAY + 30 * MINUTE


def test_hours_that_never_open_are_never_due(acme: Acme):
    """E54, E62"""
    acme.policy(response_targets=TARGETS)
    set_hours(acme, {"timezone": "Europe/Berlin", "weekly": {}})

    assert due(acme, made(acme)) == [None]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        # The clocks go from 02:00 to 03:00 on 29 March 2026: the night of these hours has an hour less.
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),
        # On 25 October they go back from 03:00 to 02:00: the hour comes twice, and counts twice.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
    ],
)
def test_it_is_right_over_changes_of_summer_time(acme: Acme, since: datetime, expected: datetime):
    """E54, E62: two open hours are two hours, whatever the clock on the wall does."""
    acme.policy(response_targets={**TARGETS, "none": 120})
    set_hours(acme, {"timezone": "Europe/Berlin", "weekly": {"sun": [["00:00", "24:00"]]}})

    [one] = acme.waiting(1, created_at=since)
    renewed(acme)

    assert due(acme, one) == [expected]


def test_a_window_on_the_wall_clock_opens_earlier_in_utc_after_summer_time_begins(acme: Acme):
    """E54, E62: nine in Berlin is eight UTC on Friday and seven on Monday."""
    acme.policy(response_targets={**TARGETS, "none": 30})
    set_hours(acme, {"timezone": "Europe/Berlin", "weekly": {d: [["09:00", "10:00"]] for d in ("mon", "fri")}})

    before, after = (acme.waiting(1, created_at=datetime(2026, 3, day, 12, 0, tzinfo=UTC))[0] for day in (26, 28))
    renewed(acme)

    assert due(acme, before, after) == [
        datetime(2026, 3, 27, 8, 30, tzinfo=UTC),
        datetime(2026, 3, 30, 7, 30, tzinfo=UTC),
    ]


def test_a_change_of_targets_renews_what_waits_in_batches(acme: Acme, monkeypatch: pytest.MonkeyPatch):
    """E54: the whole is replaced, so that missing keys are null."""
    monkeypatch.setattr(due_renewal, "BATCH", 2)
    acme.policy(response_targets=TARGETS)
    ids = acme.waiting(5, created_at=NOON)

    set_targets(acme, {"none": 10})
    count = renewed(acme)

    assert count == 5
    assert due(acme, *ids) == [NOON + timedelta(minutes=10, seconds=n) for n in range(5)]
    set_targets(acme, {"1": 10})
    renewed(acme)
    assert due(acme, *ids) == [None] * 5


@pytest.mark.parametrize("way", ["link", "unlink", "hours", "delete"])
def test_a_link_and_hours_renew_what_waits(acme: Acme, way: str):
    """E54: a link counts as a change."""
    called = {"actor_id": None, "now": NOON}
    acme.policy(*(["Sales"] if way == "link" else ["Support"]), response_targets=TARGETS)
    [one] = acme.waiting(1, created_at=NOON)
    acts = {
        "link": lambda: assignment_policies.link(
            acme.work, acme.account_id, acme.support, PolicyChoice(assignment_policy_id=acme.policy_id), **called
        ),
        "unlink": lambda: assignment_policies.unlink(acme.work, acme.account_id, acme.support, **called),
        "delete": lambda: assignment_policies.remove(acme.work, acme.account_id, acme.policy_id, **called),
        "hours": lambda: set_hours(acme, HOURS),
    }

    acts[way]()
    acme.work.finish()
    renewed(acme)

    # Half an hour on Monday, three and a half on Tuesday from nine.
    expected = {"link": NOON + 240 * MINUTE, "hours": TUESDAY + 210 * MINUTE}
    assert due(acme, one) == [expected.get(way)]


def test_a_second_round_reaches_what_had_read_the_older_rules(acme: Acme):
    """E54: without the second round this conversation kept the older target for good."""
    acme.policy(response_targets=TARGETS)
    set_targets(acme, {"none": 10})
    renewed(acme)
    [late] = acme.waiting(1, created_at=NOON)
    acme.work.session.execute(update(Conversation).values(due_at=NOON + 240 * MINUTE))
    acme.work.session.commit()
    asked_at = acme.work.session.scalar(select(DueRenewal.asked_at))

    renewed(acme, at=asked_at + 59 * timedelta(seconds=1))
    first = due(acme, late)
    renewed(acme, at=asked_at + MINUTE)

    assert (first, due(acme, late)) == ([NOON + 240 * MINUTE], [NOON + 10 * MINUTE])
    assert acme.work.session.scalar(select(DueRenewal.inbox_id)) is None


def test_without_targets_nothing_is_renewed(acme: Acme):
    """E54: links and hours of an account without targets ask for nothing."""
    acme.policy()
    acme.waiting(1)
    set_hours(acme, HOURS)

    assert acme.work.session.scalar(select(DueRenewal.inbox_id)) is None


def test_an_inbox_is_deleted_with_what_would_have_been_renewed(acme: Acme):
    """E54: neither its link nor its renewal stands in the way."""
    acme.policy(response_targets=TARGETS)
    acme.work.session.execute(update(Inbox).where(Inbox.id == acme.support).values(business_hours=HOURS))
    acme.work.session.execute(delete(Inbox).where(Inbox.id == acme.support))
    acme.work.session.commit()

    assert acme.work.session.scalar(select(DueRenewal.inbox_id)) is None


def test_a_run_counts_the_hours_of_what_nobody_has_counted_yet(acme: Acme):
    """E54, E55: a writer that knows no hours leaves a rough instant, which would be first."""
    acme.policy(response_targets={**TARGETS, "1": 60}, conversation_priority="soonest_due")
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana")
    set_hours(acme, HOURS)
    [rough] = acme.waiting(1, created_at=NOON - 10 * MINUTE, priority=1)
    [own] = acme.waiting(1, created_at=NOON, respond_by=TUESDAY)

    acme.run()

    assert acme.assignees([rough, own]) == ["-", "Ana"]
    assert due(acme, rough) == [TUESDAY + 20 * MINUTE]


def test_a_batch_by_what_is_due_is_replayed_in_its_order(acme: Acme):
    """E47, E54, E55: the stored snapshot has the instants and the targets of that time."""
    acme.policy(response_targets=TARGETS, conversation_priority="soonest_due")
    acme.online("Ana", "Bo")
    low, plain, urgent = (made(acme, priority=priority) for priority in (4, None, 1))

    acme.run()
    set_targets(acme, {"4": 1})

    session = acme.work.session
    rows = session.execute(select(Assignment).order_by(Assignment.position)).scalars().all()
    kept = decision_history.batch_of(session, acme.account_id, rows[0].run_id, rows[0].at)
    assert kept is not None
    assert [row.conversation_id for row in rows] == [urgent, plain, low]
    assert kept.snapshot.policy.response_targets == ResponseTargets(15, 60, None, 480, 240)
    assert [one.conversation_id for one in planner.plan(kept.snapshot, kept.at).decisions] == [urgent, plain, low]


def test_off_a_creation_needs_as_many_statements_as_with_targets(acme: Acme):
    """E54: the trigger asks within the statement, so that the rule costs no further one."""
    acme.policy()
    made(acme)
    counts = []
    for targets in (None, TARGETS):
        set_targets(acme, targets)
        with statements(acme.work.session) as seen:
            made(acme)
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_ten_thousand_that_wait_are_read_in_their_order_without_a_sort(acme: Acme):
    """E55: one index has the order; its first hundred are its first entries."""
    acme.policy(response_targets=TARGETS, conversation_priority="soonest_due")
    session = acme.work.session
    fill = """
    INSERT INTO conversations (account_id, inbox_id, status, priority, created_at, last_activity_at, waiting_since)
    SELECT :account_id, :inbox_id, 'open', nullif(n % 5, 0), :at, :at, :at - n * interval '1 second'
    FROM generate_series(1, 10000) AS n
    """
    session.execute(text(fill), {"account_id": acme.account_id, "inbox_id": acme.support, "at": NOON})
    session.execute(text("ANALYZE conversations"))
    session.commit()
    with statements(session) as seen:
        acme.online("Ana")
        acme.run()
    [reading] = {one for one in seen if "FOR NO KEY UPDATE OF conversations SKIP LOCKED" in one}
    shown = reading.replace("%(now)s::TIMESTAMP WITH TIME ZONE", "now()").replace("%(most)s::INTEGER", "100")

    plan = "\n".join(_explained(acme, shown))

    assert "ix_conversations_waiting_by_due" in plan, plan
    assert "Sort" not in plan, plan


def _explained(acme: Acme, statement: str) -> list[str]:
    """Return the plan of a run's statement, with its parameters as this inbox has them."""
    values = {"account_id_1": acme.account_id, "inbox_id_1": acme.support, "status_1": "open"}
    found = acme.work.session.connection().exec_driver_sql(f"EXPLAIN {statement}", values)
    return [row[0] for row in found]
