"""Inboxes of a helpdesk: what is held is not decided, and what is not known stops all."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, Reason, Skip
from dashboard.engine.model import FOR_GOOD, ConnectionMode, Hold, Inbox, Presence
from dashboard.engine.policy import ExclusionRules
from dashboard.engine.sentences import decision_text
from dashboard.engine.suggestions import suggestions
from tests.engine.floors import NOON, SUPPORT, a_conversation, a_policy, a_snapshot, an_agent, decide, given

SECOND = timedelta(seconds=1)


def connected(**facts: object) -> Inbox:
    return replace(SUPPORT, **{"mode": ConnectionMode.LIVE, "read_at": NOON, **facts})  # type: ignore[arg-type]


def held(hold: Hold = Hold.SETTLING, until=NOON + SECOND, **facts: object):
    return a_conversation(held_until=until, held_for=hold, **facts)


@pytest.mark.parametrize(("hold", "reason"), [(Hold.SETTLING, Reason.SETTLING), (Hold.HANDS_OFF, Reason.HANDS_OFF)])
def test_a_held_conversation_is_skipped_with_the_reason_and_the_end_of_its_hold(hold, reason):
    """C11, C15, E49"""
    waiting = held(hold)

    assert decide(a_snapshot([an_agent()], [waiting], inbox=connected())) == (
        Skip(waiting.id, reason, until=NOON + SECOND),
    )


@pytest.mark.parametrize(("until", "is_decided"), [(NOON, True), (NOON + timedelta(microseconds=1), False)])
def test_a_hold_until_an_instant_is_decided_at_that_instant(until, is_decided):
    """C11"""
    [decision] = decide(a_snapshot([an_agent()], [held(until=until)], inbox=connected()))

    assert isinstance(decision, Assign) is is_decided


def test_a_hold_is_told_before_an_exclusion_since_nothing_else_is_looked_at():
    """C11"""
    rules = ExclusionRules(policy_id=1, policy_name="Seniors", excluded_labels=("VIP",))
    [decision] = decide(a_snapshot([an_agent()], [held(labels=("VIP",))], inbox=connected(), exclusions=[rules]))

    assert decision.reason is Reason.SETTLING


@pytest.mark.parametrize(
    ("waiting", "sentence", "possible_at"),
    [
        (
            held(),
            "Waiting because it changed in the helpdesk a moment ago; it is decided at 2026-03-02 12:00:01 UTC.",
            NOON + SECOND,
        ),
        (
            held(Hold.HANDS_OFF, NOON + timedelta(minutes=10)),
            "Waiting because it is hands off: a person in the helpdesk decided, until 2026-03-02 12:10:00 UTC.",
            NOON + timedelta(minutes=10),
        ),
        (
            held(Hold.HANDS_OFF, FOR_GOOD),
            "Waiting because it is hands off: a person in the helpdesk decided, until it is resolved or released.",
            None,
        ),
    ],
)
def test_a_hold_is_told_in_a_sentence_with_its_end_and_without_a_fix(waiting, sentence, possible_at):
    """C11, C15, E48"""
    snapshot = a_snapshot([an_agent()], [waiting], inbox=connected())
    examined = planner.examine(snapshot, waiting.id, NOON)

    told = decision_text.sentence(examined.decision, decision_text.ids_mentioned(snapshot, examined.decision, None))
    assert told == sentence
    assert decision_text.next_possible_at(examined) == possible_at
    assert suggestions.smallest(snapshot, waiting.id, NOON) == ()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"mode": ConnectionMode.OFF}, Reason.INBOX_OFF),
        ({"is_stopped": True}, Reason.TWO_ENGINES),
        ({"read_at": None}, Reason.HELPDESK_UNREACHABLE),
        ({"read_at": NOON - timedelta(minutes=2, microseconds=1)}, Reason.HELPDESK_UNREACHABLE),
        ({"read_at": NOON - timedelta(minutes=2)}, None),
        ({"mode": ConnectionMode.SHADOW}, None),
    ],
)
def test_an_inbox_of_a_helpdesk_is_decided_while_it_is_on_and_known(facts, reason):
    """C16, C18, C19, E49"""
    plan = planner.plan(a_snapshot([an_agent()], [a_conversation()], inbox=connected(**facts)), NOON)

    assert plan.stop is reason
    assert (plan.decisions == ()) is (reason is not None)


@pytest.mark.parametrize("facts", [{"mode": ConnectionMode.OFF}, {"is_stopped": True}, {"read_at": None}])
def test_no_fix_is_offered_for_what_only_the_connection_ends(facts):
    """C18, E48"""
    waiting = a_conversation()

    assert suggestions.smallest(a_snapshot([an_agent()], [waiting], inbox=connected(**facts)), waiting.id, NOON) == ()


def test_the_four_switches_are_told_before_the_connection():
    """C18, E1"""
    snapshot = a_snapshot(policy=a_policy(enabled=False), inbox=connected(read_at=None))

    assert planner.plan(snapshot, NOON).stop is Reason.POLICY_DISABLED


def test_an_earlier_shadow_decision_stands_and_spends_no_turn():
    """C19"""
    ana, bo = an_agent("Ana"), an_agent("Bo")
    first, second = a_conversation(20), a_conversation(10)
    snapshot = a_snapshot([ana, bo], [first, second], inbox=connected(), rotations={None: (ana.id, bo.id)})

    plan = planner.plan(replace(snapshot, shadowed={first.id: bo.id}), NOON)

    assert given(plan) == [bo.id, ana.id]


def test_an_earlier_shadow_decision_counts_in_the_load_and_ends_where_a_gate_refuses():
    """C19"""
    ana, bo = an_agent("Ana", capacity=1), an_agent("Bo", presence=Presence.OFFLINE)
    first, second, third = a_conversation(30), a_conversation(20), a_conversation(10)
    snapshot = a_snapshot([ana, bo], [first, second, third], inbox=connected())

    plan = planner.plan(replace(snapshot, shadowed={first.id: ana.id, second.id: bo.id}), NOON)

    assert given(plan) == [ana.id, None, None]
