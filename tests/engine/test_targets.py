"""Response targets: the order by what is due first, its words, and its place in the older promises."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from dashboard.engine import planner
from dashboard.engine.decisions import Assign
from dashboard.engine.ordering import NEVER
from dashboard.engine.policy import ConversationPriority
from dashboard.engine.policy_fields import ResponseTargets
from dashboard.engine.sentences import decision_text, policy_text
from dashboard.engine.service_level import NONE_DUE, WithinTarget, within_target
from tests.engine.floors import NOON, a_conversation, a_policy, a_snapshot, an_agent, decide

DUE = ConversationPriority.SOONEST_DUE
MINUTE = timedelta(minutes=1)


def due(minutes: float | None, *, waited: float = 10, **facts: object):
    """Return a conversation that is due so many minutes after noon, or never."""
    since = NOON - timedelta(minutes=waited)
    at = None if minutes is None else NOON + timedelta(minutes=minutes)
    return a_conversation(waited, waiting_since=since, due_at=at, **facts)


def order_of(*waiting: object) -> list[int]:
    policy = a_policy(conversation_priority=DUE)
    decisions = decide(a_snapshot([an_agent()], waiting, policy=policy))
    return [one.conversation_id for one in decisions]


def test_what_is_due_first_goes_first_and_what_is_never_due_goes_last():
    """E55"""
    never, later, overdue, soon = due(None, waited=90), due(30), due(-12, waited=1), due(4)

    assert order_of(never, later, overdue, soon) == [overdue.id, soon.id, later.id, never.id]


def test_of_two_that_are_due_together_the_longer_wait_and_then_the_older_id_goes_first():
    """E55"""
    short, long = due(5, waited=1), due(5, waited=2)
    first, second = due(None, waited=3), due(None, waited=3)

    assert order_of(second, short, first, long) == [long.id, short.id, first.id, second.id]


def test_a_target_is_found_by_priority():
    """E54"""
    targets = ResponseTargets(15, 60, None, 480, 240)

    assert [targets.of(one) for one in (1, 2, 3, 4, None)] == [15, 60, None, 480, 240]


def test_a_policy_says_its_targets_in_its_sentence():
    """E54"""
    same = a_policy(conversation_priority=DUE, response_targets=ResponseTargets(60, 60, 60, 60, 60))
    mixed = a_policy(response_targets=ResponseTargets(15, 60, 240, 480, 240))
    one = a_policy(response_targets=ResponseTargets(critical=15))

    assert policy_text.policy(same) == (
        "The conversation that is due first goes to the online agent whose turn is longest ago, within an hour."
    )
    assert policy_text.policy(mixed).endswith(
        "within 15 minutes (critical), an hour (high), 4 hours (medium and without priority) or 8 hours (low)."
    )
    assert policy_text.policy(one).endswith("within 15 minutes (critical).")


@pytest.mark.parametrize(
    ("minutes", "ahead", "said"),
    [
        (None, 3, ""),
        (20, 0, "Due 2026-03-02 12:20:00 UTC; no conversation is due before it."),
        (20, 1, "Due 2026-03-02 12:20:00 UTC; 1 conversation is due before it."),
        (-5, 1200, "Overdue since 2026-03-02 11:55:00 UTC; 1,200 conversations are due before it."),
    ],
)
def test_an_explanation_says_when_it_is_due_and_how_many_are_due_before_it(minutes, ahead, said):
    """E54, E55"""
    assert decision_text.due(due(minutes), ahead=ahead, by_due=True, now=NOON) == said


def test_in_another_order_nothing_is_due_before_it():
    """E54"""
    assert decision_text.due(due(20), ahead=4, by_due=False, now=NOON) == "Due 2026-03-02 12:20:00 UTC."


def test_the_service_level_counts_those_that_wait_past_their_target():
    """E56"""
    morning = within_target(due=8, met=7, overdue=2)

    assert morning + within_target(due=1, met=1, overdue=0) == WithinTarget(met=8, of=11)
    assert within_target(due=0, met=0, overdue=0) == NONE_DUE


AGENTS = st.lists(st.integers(0, 4), min_size=1, max_size=5)
WAITING = st.lists(
    st.tuples(st.none() | st.integers(-600, 600), st.integers(0, 600), st.sampled_from([None, 1])), max_size=20
)
RULES = st.fixed_dictionaries({
    "one_agent_per_contact": st.booleans(),
    "pace_seconds": st.none() | st.just(30),
    "assignment_order": st.sampled_from(["round_robin", "balanced"]),
})  # fmt: skip


@drawn(AGENTS, WAITING, RULES)
def test_on_any_floor_the_order_is_by_due_at_and_nobody_eligible_is_left_out(rooms, drawn_waiting, rules):
    """E55, E18, E27: one snapshot, one plan; a conversation is left only when no agent has room."""
    agents = [an_agent(f"Agent {n}", capacity=room) for n, room in enumerate(rooms)]
    waiting = [due(at, waited=waited, contact_id=contact) for at, waited, contact in drawn_waiting]
    policy = a_policy(**rules, conversation_priority=DUE, response_targets=ResponseTargets(15, 60, 240, 480, 240))
    snapshot = a_snapshot(agents, waiting, policy=policy)

    plan = planner.plan(snapshot, NOON)

    by_id = {one.id: one for one in waiting}
    keys = [(by_id[d.conversation_id].due_at or NEVER, by_id[d.conversation_id].waiting_since) for d in plan.decisions]
    given = [one.agent_id for one in plan.decisions if isinstance(one, Assign)]
    assert keys == sorted(keys)
    assert plan == planner.plan(snapshot, NOON)
    assert all(given.count(agent.id) <= agent.capacity for agent in agents)
    if not rules["one_agent_per_contact"] and not rules["pace_seconds"]:
        assert len(given) == min(len(waiting), sum(rooms))


@drawn(AGENTS, WAITING)
def test_targets_alone_change_no_decision(rooms, drawn_waiting):
    """E54: off is off: only the order `soonest_due` looks at what is due."""
    agents = [an_agent(f"Agent {n}", capacity=room) for n, room in enumerate(rooms)]
    waiting = [due(at, waited=waited, contact_id=contact) for at, waited, contact in drawn_waiting]
    plain, targeted = a_policy(), a_policy(response_targets=ResponseTargets(critical=1))

    plans = [planner.plan(a_snapshot(agents, waiting, policy=one), NOON) for one in (plain, targeted)]

    assert plans[0] == plans[1]


def test_never_is_later_than_any_instant_that_is_stored():
    """E55"""
    assert datetime(9999, 12, 31, 23, 59, tzinfo=UTC) < NEVER
