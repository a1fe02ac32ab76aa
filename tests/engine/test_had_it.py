"""A conversation that somebody released does not come straight back to the agent who had it."""

from datetime import timedelta

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from dashboard.engine import planner
from dashboard.engine.decisions import Assign
from dashboard.engine.model import Presence
from dashboard.engine.policy import AssignmentOrder
from dashboard.engine.verdicts import ELIGIBLE, HadIt
from tests.engine.floors import NOON, a_conversation, a_policy, a_snapshot, an_agent, decide, given

RELEASED_AT = NOON - timedelta(minutes=1)
BOTH = [a_policy(assignment_order=order) for order in (AssignmentOrder.ROUND_ROBIN, AssignmentOrder.BALANCED)]


@pytest.mark.parametrize("policy", BOTH)
def test_the_agent_who_had_it_is_passed_over_and_keeps_their_turn(policy):
    """E74, E19: Ana is first in turn and holds the least; she had the first one, and gets the second."""
    ana, bo = an_agent("Ana"), an_agent("Bo")
    back, new = a_conversation(5, had_by=ana.id, released_at=RELEASED_AT), a_conversation(4)

    assert given(decide(a_snapshot([ana, bo], [back, new], policy=policy))) == [bo.id, ana.id]


@pytest.mark.parametrize("policy", BOTH)
def test_the_agent_who_had_it_gets_it_back_where_nobody_else_may_take_it(policy):
    """E74"""
    ana, bo = an_agent("Ana"), an_agent("Bo", presence=Presence.AWAY)
    back = a_conversation(5, had_by=ana.id, released_at=RELEASED_AT)

    assert given(decide(a_snapshot([ana, bo], [back, a_conversation(4)], policy=policy))) == [ana.id, ana.id]


@pytest.mark.parametrize("policy", BOTH)
def test_the_verdict_says_since_when_and_the_funnel_counts_it(policy):
    """E74, E48"""
    ana, bo = an_agent("Ana"), an_agent("Bo")
    back = a_conversation(5, had_by=ana.id, released_at=RELEASED_AT)

    seen = planner.examine(a_snapshot([ana, bo], [back], policy=policy), back.id, NOON)

    assert seen is not None
    assert seen.funnel is not None
    assert seen.verdicts == {ana.id: HadIt(RELEASED_AT), bo.id: ELIGIBLE}
    assert (seen.funnel.online, seen.funnel.under_rate_limit, seen.funnel.with_capacity) == (2, 1, 1)
    assert seen.turns == (bo.id,)


def test_the_agent_who_had_it_and_gets_it_back_is_eligible():
    """E74, E48"""
    ana = an_agent("Ana")
    back = a_conversation(5, had_by=ana.id, released_at=RELEASED_AT)

    seen = planner.examine(a_snapshot([ana], [back]), back.id, NOON)

    assert seen is not None
    assert seen.verdicts == {ana.id: ELIGIBLE}


@examples(
    order=st.sampled_from(AssignmentOrder),
    room=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    had=st.lists(st.none() | st.integers(0, 4), max_size=10),
)
def test_nothing_is_given_back_while_somebody_else_has_room_and_nothing_waits_while_anybody_has(order, room, had):
    """E74, E9: agent 4 is nobody's; the others have this much room, which no plan passes."""
    team = [an_agent(f"Agent {number}", capacity=capacity) for number, capacity in enumerate(room)]
    ids = {number: agent.id for number, agent in enumerate(team)}
    waiting = [
        a_conversation(20 - n, had_by=ids.get(who, 10**6) if who is not None else None) for n, who in enumerate(had)
    ]
    left = {agent.id: agent.capacity or 0 for agent in team}

    for one, decision in zip(
        waiting, decide(a_snapshot(team, waiting, policy=a_policy(assignment_order=order))), strict=True
    ):
        if not any(left.values()):
            assert not isinstance(decision, Assign)
            continue
        assert isinstance(decision, Assign)
        others = sum(room for agent_id, room in left.items() if agent_id != one.had_by)
        assert decision.agent_id != one.had_by or not others
        left[decision.agent_id] -= 1
        assert left[decision.agent_id] >= 0
