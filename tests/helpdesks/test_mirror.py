"""The mirror equals the helpdesk, whichever of its webhooks came, how often, and in which order."""

from datetime import timedelta
from random import Random

import pytest

from dashboard.engine.decisions import Source
from dashboard.engine.model import ConnectionMode, Hold, Status
from dashboard.helpdesks.values import WebhookHint
from dashboard.services.helpdesks.polling.failures import CAME_BACK_CHANGED
from dashboard.store.models.connections import ConnectionState
from tests.desks import NOON, Recorded
from tests.handling import ledger
from tests.helpdesks.beside import Beside


def act(beside: Beside, dice: Random) -> None:
    """Let somebody over there do something."""
    there = beside.helpdesk
    numbers = [int(one.display_id) for one in there.conversations.values()]
    beside.later(seconds=dice.choice([0, 0, 1, 40]))
    if not numbers or dice.random() < 0.3:
        there.starts(len(beside.helpdesk.hints) + 1, inbox_id=dice.choice("12"))
        return
    number = dice.choice(numbers)
    acts = [
        lambda: there.give(number, dice.choice(["41", "42", "43", None])),
        lambda: there.bot_takes(number),
        lambda: there.change(number, status=dice.choice(list(Status))),
        lambda: there.change(number, labels=tuple(dice.sample(["vip", "late", "new"], 2))),
        lambda: there.change(number, priority=dice.choice([None, 1, 2])),
        lambda: there.change(number, inbox_id=dice.choice("12")),
        lambda: there.silently(number, assignee_id=None, taken=False),
        lambda: there.delete(number),
    ]
    dice.choice(acts)()


def some(hints: list[WebhookHint], dice: Random) -> list[WebhookHint]:
    """Return a part of the webhooks, some doubled, in any order."""
    kept = [hint for hint in hints for _ in range(dice.choice([0, 1, 1, 2]))]
    dice.shuffle(kept)
    return kept


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.gate) for seed in range(3, 12))])
def test_any_webhooks_in_any_order_and_one_reconciliation_give_the_same_mirror(beside: Beside, seed: int):
    """C7: seen to fail when what a complete reading lacked was not read singly."""
    dice = Random(seed)
    for _ in range(5):
        beside.helpdesk.starts(100 + len(beside.helpdesk.hints))
    beside.poll()
    for _ in range(dice.randint(20, 60)):
        act(beside, dice)
        if dice.random() < 0.3:
            beside.hear(some(beside.helpdesk.hints, dice))
            beside.helpdesk.hints.clear()
        if dice.random() < 0.1:
            beside.helpdesk.fails = dice.randint(1, 4)
            beside.poll(seconds=61)
    beside.helpdesk.fails = 0

    beside.reconcile()
    if beside.agree():
        beside.reconcile()

    assert beside.mirror() == beside.truth()


def test_the_first_sync_ends_before_anything_is_decided(beside: Beside, queue: Recorded):
    """C6"""
    for number in range(1, 8):
        beside.helpdesk.starts(number)

    beside.poll(minutes=1)

    assert beside.connection.imported_at == beside.now
    assert beside.connection.state is ConnectionState.READY
    assert len(beside.mirror()) == 7
    assert beside.acme.support in {inbox_id for _, inbox_id, _ in queue.runs}


def test_a_killed_first_sync_resumes_at_its_page(beside: Beside):
    """C6: what was read before is not asked for again."""
    for number in range(1, 8):
        beside.helpdesk.starts(number)
    beside.poll()
    beside.acme.work.session.rollback()

    assert beside.helpdesk.calls.count("open") == 3


def test_a_reading_is_none_of_an_inbox_that_was_chosen_after_its_beginning(beside: Beside):
    """C6: the next one follows at once. Seen to fail with the end of any reading taken for it."""
    beside.set_inbox("2", mode=ConnectionMode.OFF)
    beside.poll()
    beside.helpdesk.starts(1)
    beside.helpdesk.starts(2, inbox_id="2")
    began_at = beside.now

    def chosen_meanwhile() -> None:
        beside.later(seconds=1)
        beside.set_inbox("2", mode=ConnectionMode.SHADOW, unread_since=beside.now)

    beside.set(open_read_at=None)
    beside.helpdesk.before_reading_open.append(chosen_meanwhile)
    beside.poll()

    assert beside.connection.open_read_at is None
    assert beside.directory().inboxes["2"].unread_since == began_at + timedelta(seconds=1)
    beside.poll()
    assert beside.connection.open_read_at == beside.now
    assert beside.directory().inboxes["2"].unread_since is None
    assert beside.row(2).is_waiting


def test_a_conversation_waits_since_the_first_customer_message_without_an_answer(beside: Beside):
    """C11"""
    beside.helpdesk.starts(1)
    beside.poll(hours=1)

    assert beside.row(1).waiting_since == NOON


def test_a_new_conversation_is_decided_after_three_quiet_seconds(beside: Beside):
    """C11"""
    beside.poll()
    beside.later(minutes=5)
    beside.helpdesk.starts(1)
    beside.hear(beside.helpdesk.hints)

    assert (beside.row(1).held_for, beside.row(1).held_until) == (Hold.SETTLING, beside.now + timedelta(seconds=3))


def test_a_new_conversation_that_never_rests_is_decided_after_ten_seconds(beside: Beside):
    """C11"""
    beside.poll()
    beside.later(minutes=5)
    beside.helpdesk.starts(1)
    beside.hear(beside.helpdesk.hints)
    began_at = beside.now

    for second in range(9):
        beside.later(seconds=1)
        beside.helpdesk.change(1, labels=(f"rule-{second}",))
        beside.hear(beside.helpdesk.hints[-1:])

    assert beside.row(1).held_until == began_at + timedelta(seconds=10)


def test_what_a_bot_has_is_pending_here(beside: Beside):
    """C11"""
    beside.helpdesk.starts(1)
    beside.helpdesk.bot_takes(1)
    beside.poll()

    assert beside.row(1).status is Status.PENDING


def test_who_takes_a_conversation_there_has_it_here(beside: Beside):
    """C7"""
    beside.helpdesk.starts(1)
    beside.poll()
    beside.helpdesk.give(1, "42")
    beside.hear(beside.helpdesk.hints)

    assert beside.row(1).assignee_id == beside.acme.agents["Bo"]
    assert ledger(beside.acme)[-1][0] is Source.BY_HAND


def test_what_a_person_released_there_is_left_alone_for_ten_minutes(beside: Beside):
    """C15"""
    beside.helpdesk.starts(1)
    beside.helpdesk.give(1, "42")
    beside.poll()
    beside.later(minutes=1)
    beside.helpdesk.give(1, None)
    beside.hear(beside.helpdesk.hints)

    row = beside.row(1)
    assert (row.held_for, row.held_until) == (Hold.HANDS_OFF, beside.now + timedelta(minutes=10))


def test_the_customers_next_message_ends_the_ten_minutes(beside: Beside):
    """C15"""
    beside.helpdesk.starts(1)
    beside.helpdesk.give(1, "42")
    beside.helpdesk.change(1, waiting_since=None)
    beside.poll()
    beside.helpdesk.give(1, None)
    beside.hear(beside.helpdesk.hints)
    beside.later(minutes=2)
    beside.helpdesk.change(1, waiting_since=beside.now)
    beside.hear(beside.helpdesk.hints)

    assert beside.row(1).held_for is not Hold.HANDS_OFF


def test_a_message_of_a_customer_who_waits_already_ends_the_ten_minutes(beside: Beside):
    """C15: seen to fail by the beginning of the wait alone, which such a message does not move."""
    released(beside)
    beside.later(minutes=2)
    beside.helpdesk.customer_writes(1)
    beside.hear(beside.helpdesk.hints)

    assert beside.row(1).held_for is not Hold.HANDS_OFF


def test_an_earlier_message_that_is_told_late_does_not_end_the_ten_minutes(beside: Beside):
    """C15: seen to fail with any message that a webhook tells."""
    beside.helpdesk.starts(1)
    beside.helpdesk.customer_writes(1)
    late = beside.helpdesk.hints.pop()
    beside.later(minutes=1)
    released(beside)
    beside.later(minutes=2)
    beside.hear([late])

    assert beside.row(1).held_for is Hold.HANDS_OFF


def released(beside: Beside) -> None:
    """Let a person there take the conversation and release it, while its customer waits."""
    if not beside.helpdesk.conversations:
        beside.helpdesk.starts(1)
    beside.helpdesk.give(1, "42")
    beside.poll()
    beside.helpdesk.give(1, None)
    beside.hear(beside.helpdesk.hints)
    beside.helpdesk.hints.clear()
    assert beside.row(1).held_for is Hold.HANDS_OFF


def test_what_an_agent_had_who_is_gone_there_is_eligible_at_once(beside: Beside):
    """C15: judged after the set-up was read."""
    beside.helpdesk.starts(1)
    beside.helpdesk.give(1, "42")
    beside.poll()
    del beside.helpdesk.agents["42"]
    beside.helpdesk.silently(1, assignee_id=None, taken=False)
    beside.hear(beside.helpdesk.hints)
    assert beside.row(1).held_for is Hold.HANDS_OFF

    beside.helpdesk.marks += 1
    beside.poll(seconds=61)

    assert beside.row(1).held_for is None
    assert beside.row(1).is_waiting


def test_a_deleted_conversation_is_closed_here_with_its_reason(beside: Beside):
    """C12"""
    for number in range(1, 8):
        beside.helpdesk.starts(number)
    beside.helpdesk.give(1, "41")
    beside.poll()
    beside.helpdesk.delete(1)
    beside.reconcile()

    assert beside.row(1).status is Status.RESOLVED
    assert ledger(beside.acme)[-1] == (Source.RELEASE, "Ana", "-", "gone_in_helpdesk")


def test_when_a_fifth_of_the_conversations_vanish_at_once_nothing_changes_and_a_person_is_asked(beside: Beside):
    """C9"""
    for number in range(1, 8):
        beside.helpdesk.starts(number)
    beside.poll()
    for number in (1, 2):
        beside.helpdesk.delete(number)
    beside.reconcile()

    assert beside.row(1).status is Status.OPEN
    assert beside.connection.state is ConnectionState.DEGRADED
    assert beside.connection.sentence.startswith("2 of 7 conversations are missing")


def test_a_half_read_member_list_releases_nobodys_work(beside: Beside):
    """C9"""
    beside.poll()
    before = beside.acme.work.session.connection().exec_driver_sql("SELECT count(*) FROM inbox_members").scalar()
    beside.acme.work.session.rollback()
    inbox = beside.helpdesk.inboxes["1"]
    beside.helpdesk.inboxes["1"] = type(inbox)(id="1", name="Support", member_ids=frozenset())
    beside.reconcile()

    after = beside.acme.work.session.connection().exec_driver_sql("SELECT count(*) FROM inbox_members").scalar()
    beside.acme.work.session.rollback()
    assert after == before
    assert beside.connection.sentence.startswith("2 of 2 members of Support are missing")


def test_a_conversation_that_comes_back_as_another_one_stops_the_connection(beside: Beside):
    """C12"""
    beside.helpdesk.starts(1)
    beside.poll()
    old = beside.helpdesk.conversations.pop("u-1")
    beside.helpdesk.conversations["v-1"] = type(old)(
        id="v-1",
        display_id="1",
        inbox_id="1",
        status=Status.OPEN,
        created_at=NOON,
        updated_at=NOON,
        last_activity_at=NOON,
    )
    beside.reconcile()

    assert beside.connection.state is ConnectionState.BROKEN
    assert beside.connection.sentence == CAME_BACK_CHANGED.format(display_id="1")


def test_of_two_readings_at_about_the_same_time_the_later_state_stands_whichever_is_applied_first(beside: Beside):
    """C7: the call that began first may have been answered last."""
    beside.helpdesk.starts(1)
    beside.poll()
    beside.later(seconds=5)
    older = beside.helpdesk.conversations["u-1"]
    began_at = beside.now
    beside.later(seconds=1)
    beside.helpdesk.give(1, "42")
    newer = beside.helpdesk.conversations["u-1"]

    beside.apply(newer, asked_at=began_at)
    beside.apply(older, asked_at=beside.now)

    assert beside.row(1).assignee_id == beside.acme.agents["Bo"]


def test_a_helpdesk_restored_from_a_backup_is_followed_back(beside: Beside):
    """C7: its own times go back."""
    beside.helpdesk.starts(1)
    older = beside.helpdesk.conversations["u-1"]
    beside.later(hours=1)
    beside.helpdesk.give(1, "42")
    beside.poll()
    beside.helpdesk.conversations["u-1"] = older
    beside.reconcile()

    assert beside.row(1).is_waiting


def test_what_no_webhook_told_is_a_repair_with_its_cause(beside: Beside):
    """C8"""
    beside.helpdesk.starts(1)
    beside.poll()
    beside.helpdesk.starts(2)
    beside.helpdesk.silently(1, labels=("vip",))
    beside.reconcile()

    assert beside.repairs() == ["waiting: new", "waiting: changed"]


def test_what_a_webhook_may_still_tell_and_a_hold_that_ran_out_are_no_repairs(beside: Beside):
    """C8"""
    beside.poll()
    beside.later(minutes=5)
    beside.helpdesk.starts(1)
    beside.hear(beside.helpdesk.hints)
    beside.poll(minutes=16)
    beside.later(minutes=16)
    beside.helpdesk.starts(2)
    beside.helpdesk.give(1, "41")
    beside.poll(seconds=1)

    assert beside.repairs() == []
    assert beside.mirror() == beside.truth()


def test_a_question_is_withdrawn_when_a_reading_is_whole_again(beside: Beside):
    """C9: seen to stay for good, with the connection degraded."""
    beside.poll()
    inbox = beside.helpdesk.inboxes["1"]
    beside.helpdesk.inboxes["1"] = type(inbox)(id="1", name="Support", member_ids=frozenset())
    beside.reconcile()
    assert beside.connection.question is not None

    beside.helpdesk.inboxes["1"] = inbox
    beside.reconcile()

    assert beside.connection.question is None
    assert beside.connection.state is ConnectionState.READY
