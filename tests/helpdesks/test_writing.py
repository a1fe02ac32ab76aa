"""A decision is written in the helpdesk once, and whoever decided there wins."""

import pytest

from dashboard.engine.decisions import Source
from dashboard.engine.model import Hold
from dashboard.helpdesks.values import NoteSetting
from dashboard.services.conversations import change
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.services.helpdesks.writing import TOO_LATE
from dashboard.store.models.counters import Measure
from dashboard.store.operations import metrics
from tests.handling import ledger
from tests.helpdesks.beside import Beside

WRITES = Measure.HELPDESK_WRITES


@pytest.fixture
def live(beside: Beside) -> Beside:
    """Acme under a policy, synced, with one conversation that has settled."""
    beside.acme.policy("Support")
    beside.poll()
    beside.helpdesk.starts(1)
    beside.poll(minutes=2)
    return beside


def by_hand(live: Beside, name: str) -> None:
    """Assign the conversation here."""
    acme, wanted = live.acme, ConversationChange(assignee_id=live.acme.agents[name])
    acme.work.finished(change.change(acme.work, acme.account_id, live.row(1).id, wanted, actor_id=None, now=live.now))


def test_a_decision_is_written_and_confirmed_by_its_echo(live: Beside):
    """C13"""
    live.decide()
    assert live.writes() == [("claim", "writing", None)]

    live.write()
    live.hear(live.helpdesk.hints[-1:])

    assert live.helpdesk.conversations["u-1"].assignee_id == "41"
    assert live.row(1).assignee_id == live.acme.agents["Ana"]
    assert live.writes() == [("claim", "written", None)]


def test_the_metrics_count_a_write_with_its_seconds_and_the_age_of_the_oldest_reading(live: Beside):
    """C23: a claim lost to somebody there has no seconds."""
    live.decide()
    live.later(seconds=4)
    live.write()
    live.hear(live.helpdesk.hints[-1:])
    live.helpdesk.starts(2)
    live.poll(minutes=2)
    live.decide()
    live.helpdesk.give(2, "43")
    live.write()

    figures = metrics.read(live.acme.work.session)
    ends = {(one.kind.word, one.kind.bucket, one.seconds) for one in figures.done if one.kind.measure is WRITES}

    assert ends == {("written", 5.0, 4.0), ("lost_race", None, 0.0)}
    assert figures.connections == {"ready": 1}
    assert figures.oldest_reading_at is not None


def test_who_takes_it_before_our_write_keeps_it_and_ours_is_given_back(live: Beside):
    """C14"""
    live.decide()
    live.helpdesk.give(1, "42")
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id == "42"
    assert live.row(1).assignee_id == live.acme.agents["Bo"]
    assert live.writes() == [("claim", "lost_race", "lost to Nils")]


def test_whom_we_overwrote_is_put_back_once_and_we_keep_our_hands_off(live: Beside):
    """C15"""
    live.decide()
    live.helpdesk.before_assigning.append(lambda: live.helpdesk.give(1, "43"))
    live.write()
    live.hear(live.helpdesk.hints[-2:])
    live.write()
    live.hear(live.helpdesk.hints[-1:])

    assert live.helpdesk.conversations["u-1"].assignee_id == "43"
    assert [kind for kind, _, _ in live.writes()] == ["claim", "put_back"]
    assert live.row(1).held_for is Hold.HANDS_OFF


def test_a_write_without_an_answer_is_read_again_and_not_made_twice(live: Beside):
    """C13: seen to assign twice without the reading before."""
    live.decide()
    live.helpdesk.is_cut_off = True
    live.write()
    live.later(seconds=31)
    live.write()

    assert live.helpdesk.calls.count("assign") == 1
    assert live.writes() == [("claim", "written", None)]


def test_a_killed_worker_loses_no_write(live: Beside):
    """C13: its lease ends, and the next one reads first."""
    live.decide()
    live.lease()
    live.helpdesk.give(1, "41")
    live.write()
    assert live.writes() == [("claim", "writing", None)]

    live.later(seconds=61)
    live.write()

    assert live.helpdesk.calls.count("assign") == 0
    assert live.writes() == [("claim", "written", None)]


def test_a_decision_that_could_not_be_written_in_time_is_decided_anew(live: Beside):
    """C18"""
    live.decide()
    live.later(seconds=90)
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id is None
    assert live.row(1).is_waiting
    assert live.writes() == [("claim", "failed", TOO_LATE)]
    assert ledger(live.acme)[-1][-1] == "not_written"


def test_a_refused_agent_is_passed_over_for_that_conversation(live: Beside):
    """C13, C22: a helpdesk that refuses an owner says why."""
    live.decide()
    live.helpdesk.refuses = "That user may not own tickets in that queue"
    live.write()
    live.helpdesk.refuses = None
    live.decide()
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id == "42"
    assert live.writes()[0] == ("claim", "refused", "That user may not own tickets in that queue")
    assert ledger(live.acme)[1] == (Source.RELEASE, "Ana", "-", "refused_in_helpdesk")


@pytest.mark.parametrize("minutes", [0, 30])
def test_a_choice_made_here_is_written_without_conditions_also_after_an_outage(live: Beside, minutes: int):
    """C13"""
    by_hand(live, "Ana")
    live.later(minutes=minutes)
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id == "41"
    assert live.writes() == [("by_hand", "written", None)]


def test_a_choice_made_here_overrides_an_earlier_one_there_that_nobody_had_read(live: Beside):
    """C13"""
    live.helpdesk.give(1, "42")
    live.later(seconds=1)
    by_hand(live, "Ana")
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id == "41"


def test_a_choice_made_here_that_was_not_written_loses_to_a_later_one_there(live: Beside):
    """C13, C15: seen to fail with a write by hand that has no conditions at all."""
    by_hand(live, "Ana")
    live.later(seconds=20)
    live.helpdesk.give(1, "42")
    live.later(seconds=20)
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id == "42"
    assert live.row(1).assignee_id == live.acme.agents["Bo"]
    assert live.writes() == [("by_hand", "lost_race", "lost to Nils")]


def test_another_owner_after_a_minute_is_the_later_choice_whatever_the_helpdesks_own_time(live: Beside):
    """C13, C15: seen to fail with the time of the change there alone, which does not move with every change."""
    by_hand(live, "Ana")
    live.helpdesk.silently(1, assignee_id="42", taken=True)
    live.later(minutes=5)
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id == "42"
    assert live.writes() == [("by_hand", "lost_race", "lost to Nils")]


def test_a_later_release_there_stands_against_a_choice_made_here_and_is_left_alone(live: Beside):
    """C13, C15: seen to fail with a lost choice that counts as nobody's release."""
    live.helpdesk.give(1, "42")
    live.hear(live.helpdesk.hints[-1:])
    by_hand(live, "Ana")
    live.later(seconds=20)
    live.helpdesk.give(1, None)
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id is None
    assert live.row(1).held_for is Hold.HANDS_OFF
    assert live.writes() == [("by_hand", "lost_race", "changed in the helpdesk")]


def test_two_choices_made_here_are_written_one_after_the_other(live: Beside):
    """C13: the first one is no choice of somebody there. Seen to fail with the mirrored owner as whom it replaces."""
    by_hand(live, "Ana")
    by_hand(live, "Bo")
    live.later(minutes=5)
    live.write()

    assert live.helpdesk.conversations["u-1"].assignee_id == "42"
    assert [state for _, state, _ in live.writes()] == ["written", "written"]


def test_two_of_our_writes_replaced_at_once_stop_the_writing_in_their_inbox(live: Beside):
    """C16"""
    live.helpdesk.starts(2)
    live.poll(minutes=2)
    live.decide()
    live.write()
    for number in (1, 2):
        live.later(seconds=1)
        live.helpdesk.give(number, "43")
        live.hear(live.helpdesk.hints[-1:])

    assert live.directory().inboxes["1"].stopped_at == live.now


def test_three_owners_within_a_minute_stop_the_writing_in_their_inbox(live: Beside):
    """C16: our own write is not counted."""
    live.decide()
    live.write()
    for agent_id in ("42", "43", "42"):
        live.later(seconds=15)
        assert live.directory().inboxes["1"].stopped_at is None
        live.helpdesk.give(1, agent_id)
        live.hear(live.helpdesk.hints[-1:])

    assert live.directory().inboxes["1"].stopped_at == live.now


def test_an_old_list_does_not_take_back_what_was_written_after_it(live: Beside):
    """C13, C16: seen to release our own assignment without the mark of the write."""
    live.decide()
    listed, asked_at = live.helpdesk.conversations["u-1"], live.now
    live.later(seconds=1)
    live.write()
    live.apply(listed, asked_at=asked_at)

    assert live.row(1).assignee_id == live.acme.agents["Ana"]


def test_a_confirmed_assignment_is_explained_there_exactly_once(live: Beside):
    """C17: not before it is confirmed."""
    live.set(note=NoteSetting.NOTE)
    live.decide()
    live.write()
    live.explain()
    assert live.helpdesk.notes == []

    live.hear(live.helpdesk.hints[-1:])
    live.explain()
    live.explain()

    assert len(live.helpdesk.notes) == 1
    assert live.helpdesk.notes[0].startswith("1: Assigned to Ana")
