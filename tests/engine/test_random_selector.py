"""Drawing an agent: nobody can foresee it, and whoever plans again draws the same one."""

from collections import Counter
from dataclasses import replace

from hypothesis import given as examples
from hypothesis import strategies as st

from dashboard.engine import planner
from dashboard.engine.policy import POLICY_FIELDS, AssignmentOrder
from tests.engine.floors import NOON, SUPPORT, a_policy, a_snapshot, an_agent, conversations, decide, given

RANDOM = a_policy(assignment_order=AssignmentOrder.RANDOM)


def test_over_many_conversations_everybody_gets_about_as_many():
    team = [an_agent(name) for name in ("Ana", "Bo", "Cleo")]

    got = Counter(given(decide(a_snapshot(team, conversations(3_000), policy=RANDOM))))

    assert all(900 < got[agent.id] < 1_100 for agent in team)


@examples(st.randoms(use_true_random=False))
def test_the_draw_does_not_depend_on_the_rotation(shuffle):
    """The rotation moves with every run: an explanation of before would differ from the run."""
    team, waiting = [an_agent() for _ in range(5)], conversations(20)
    order = [agent.id for agent in team]
    first = given(decide(a_snapshot(team, waiting, policy=RANDOM, rotations={None: tuple(order)})))
    shuffle.shuffle(order)

    assert given(decide(a_snapshot(team, waiting, policy=RANDOM, rotations={None: tuple(order)}))) == first


def test_a_conversation_is_drawn_alike_whatever_waits_before_it():
    team, waiting = [an_agent() for _ in range(5)], conversations(20)
    every = given(decide(a_snapshot(team, waiting, policy=RANDOM)))

    assert [given(decide(a_snapshot(team, [one], policy=RANDOM)))[0] for one in waiting] == every


def test_inboxes_draw_differently():
    team, waiting = [an_agent() for _ in range(5)], conversations(20)
    sales = replace(SUPPORT, id=2, name="Sales")

    first = given(decide(a_snapshot(team, waiting, policy=RANDOM)))

    assert given(decide(a_snapshot(team, waiting, policy=RANDOM, inbox=sales))) != first


def test_who_has_no_room_left_is_not_drawn_again():
    """E9, E15"""
    team = [an_agent(capacity=2) for _ in range(3)]
    snapshot = a_snapshot(team, conversations(7), policy=RANDOM)

    got = given(decide(snapshot))

    assert Counter(got) == {**{agent.id: 2 for agent in team}, None: 1}
    assert given(planner.plan(snapshot, NOON)) == got


def test_random_is_off_the_menu():
    assert AssignmentOrder.RANDOM not in POLICY_FIELDS["assignment_order"].offered
