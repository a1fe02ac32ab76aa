"""Whose turn it is, by identity."""

from collections import Counter

from hypothesis import given as examples
from hypothesis import strategies as st

from dashboard.engine.model import Presence, Team
from dashboard.engine.policy import AssignmentOrder
from dashboard.engine.selectors import reconcile, rotate
from tests.engine.floors import a_conversation, a_policy, a_snapshot, an_agent, conversations, decide, given

BALANCED = a_policy(assignment_order=AssignmentOrder.BALANCED)
IDS = st.lists(st.integers(1, 9), unique=True)


def test_three_agents_and_nine_conversations_make_three_each_in_turn():
    """E19"""
    team = [an_agent(name) for name in ("Ana", "Bo", "Cleo")]

    assert given(decide(a_snapshot(team, conversations(9)))) == [agent.id for agent in team] * 3


def test_the_rotation_goes_on_where_it_was():
    """E19, E22"""
    ana, bo, cleo = (an_agent(name) for name in ("Ana", "Bo", "Cleo"))

    got = given(decide(a_snapshot([ana, bo, cleo], conversations(4), rotations={None: (cleo.id, ana.id, bo.id)})))

    assert got == [cleo.id, ana.id, bo.id, cleo.id]


def test_who_is_passed_over_keeps_their_place():
    """E19"""
    ana, bo, cleo = an_agent("Ana", presence=Presence.AWAY), an_agent("Bo"), an_agent("Cleo")

    got = given(decide(a_snapshot([ana, bo, cleo], conversations(2), rotations={None: (ana.id, bo.id, cleo.id)})))

    assert got == [bo.id, cleo.id]
    assert rotate((ana.id, bo.id, cleo.id), got)[0] == ana.id


def test_newcomers_join_at_the_back_in_id_order_and_leavers_are_dropped():
    """E20"""
    assert reconcile((5, 2, 9), {2, 5, 7, 6}) == (5, 2, 6, 7)


def test_a_fresh_rotation_starts_in_id_order():
    """E20"""
    assert reconcile((), {3, 1, 2}) == (1, 2, 3)


def test_with_one_of_three_flapping_the_steady_two_stay_even():
    """E22: counter % n would give 200/50/50."""
    ana, bo, cleo = (an_agent(name) for name in ("Ana", "Bo", "Cleo"))
    order: tuple[int, ...] = ()
    got: Counter[int | None] = Counter()

    for number in range(300):
        here = [ana, bo, cleo] if number % 2 else [ana, bo]
        chosen = given(decide(a_snapshot(here, [a_conversation()], rotations={None: order})))
        order = rotate(reconcile(order, {agent.id for agent in here}), chosen)
        got.update(chosen)

    assert abs(got[ana.id] - got[bo.id]) <= 1


def test_a_teams_conversations_use_the_teams_rotation():
    """E19"""
    ana, bo = (an_agent(name, team_ids=frozenset({7})) for name in ("Ana", "Bo"))
    waiting = [a_conversation(3, team_id=7), a_conversation(2), a_conversation(1, team_id=7)]
    rotations = {None: (ana.id, bo.id), 7: (bo.id, ana.id)}

    got = given(decide(a_snapshot([ana, bo], waiting, teams=[Team(id=7, name="Billing")], rotations=rotations)))

    assert got == [bo.id, ana.id, ana.id]


def test_balanced_gives_to_the_least_loaded_until_they_no_longer_are():
    """E23"""
    five, three, eight = (an_agent(open_here=load) for load in (5, 3, 8))

    got = given(decide(a_snapshot([five, three, eight], conversations(4), policy=BALANCED)))

    assert got[:2] == [three.id, three.id]
    assert sorted(got[2:]) == sorted([five.id, three.id])


def test_balanced_ties_go_by_rotation_and_never_always_to_the_same():
    """E23"""
    ana, bo, cleo = (an_agent(name) for name in ("Ana", "Bo", "Cleo"))
    rotations = {None: (bo.id, cleo.id, ana.id)}

    got = given(decide(a_snapshot([ana, bo, cleo], conversations(6), policy=BALANCED, rotations=rotations)))

    assert got == [bo.id, cleo.id, ana.id] * 2


def test_balanced_counts_what_another_pool_gave():
    """E23"""
    ana = an_agent("Ana", team_ids=frozenset({7}))
    bo = an_agent("Bo")
    waiting = [*conversations(2, team_id=7), a_conversation(0), a_conversation(0)]

    got = given(decide(a_snapshot([ana, bo], waiting, policy=BALANCED, teams=[Team(id=7, name="Billing")])))

    assert got == [ana.id, ana.id, bo.id, bo.id]


@examples(order=IDS, picks=st.lists(st.integers(1, 9), max_size=20))
def test_moving_is_the_same_as_sending_each_pick_to_the_back_in_turn(order, picks):
    """E19, E20"""
    by_hand = list(order)
    for pick in picks:
        if pick in by_hand:
            by_hand.remove(pick)
            by_hand.append(pick)

    assert rotate(order, picks) == tuple(by_hand)
