"""The event loop: what happens when, as the live engine would have it."""

from datetime import timedelta

from dashboard.engine.hours import BusinessHours, Window
from dashboard.engine.model import Inbox, Team
from dashboard.engine.policy import AssignmentOrder, ExclusionRules
from dashboard.simulation.model import ByHand, RulesChange
from tests.engine.floors import a_policy, an_agent
from tests.simulation.days import MINUTE, an_arrival, at, comes, goes, played, rules, takers, waits

SALES = Inbox(id=2, account_id=1, name="Sales")


def test_an_agent_with_one_slot_takes_the_next_conversation_when_one_ends():
    """T11"""
    ana = an_agent(capacity=1)

    outcomes = played([rules(ana)], [an_arrival(0, lasts=5), an_arrival(1, lasts=3), an_arrival(2, lasts=1)])

    assert waits(outcomes) == [0, 4, 6]


def test_agents_take_turns_as_in_the_live_engine():
    """T11"""
    ana, bo = an_agent("Ana"), an_agent("Bo")

    assert takers(played([rules(ana, bo)], [an_arrival(n) for n in range(4)])) == [ana.id, bo.id, ana.id, bo.id]


def test_whoever_holds_fewest_gets_it_where_the_policy_balances():
    """T11"""
    ana, bo = an_agent("Ana"), an_agent("Bo")
    policy = a_policy(assignment_order=AssignmentOrder.BALANCED)

    outcomes = played([rules(ana, bo, policy=policy)], [an_arrival(0, lasts=60), *(an_arrival(n) for n in (1, 8, 15))])

    assert takers(outcomes) == [ana.id, bo.id, bo.id, bo.id]


def test_conversations_wait_until_somebody_comes_and_nobody_gets_any_after_they_go():
    """T11"""
    ana = an_agent()

    outcomes = played([rules(ana)], [an_arrival(0), an_arrival(12), an_arrival(20)], comes(ana, 10), goes(ana, 15))

    assert waits(outcomes) == [10, 0, None]


def test_a_customer_leaves_when_the_patience_ends_and_takes_no_slot():
    """T11"""
    ana = an_agent(capacity=1)

    outcomes = played(
        [rules(ana)], [an_arrival(0, lasts=10), an_arrival(1, patience=3 * MINUTE), an_arrival(2, patience=60 * MINUTE)]
    )

    assert waits(outcomes) == [0, None, 8]
    assert outcomes[1].left_at == at(4)
    assert [one.left_at for one in (outcomes[0], outcomes[2])] == [None, None]


def test_a_rate_limit_lets_the_next_one_go_when_its_window_ends():
    """T11: a wake-up is an event like any other."""
    policy = a_policy(fair_distribution_limit=2, fair_distribution_window=600)

    outcomes = played([rules(an_agent(), policy=policy)], [an_arrival(n) for n in (0, 1, 2, 3)])

    assert waits(outcomes) == [0, 0, 8, 8]


def test_a_pace_lets_the_next_one_go_when_it_ends():
    """T11"""
    outcomes = played([rules(an_agent(), policy=a_policy(pace_seconds=120))], [an_arrival(0), an_arrival(0.5)])

    assert waits(outcomes) == [0, 1.5]


def test_closed_hours_let_conversations_wait_until_they_open():
    """T11: it is a Monday; the inbox opens at one."""
    hours = BusinessHours(timezone="UTC", weekly=((Window(start=timedelta(hours=13), end=timedelta(hours=18)),),) * 7)
    inbox = Inbox(id=1, account_id=1, name="Support", hours=hours)

    assert waits(played([rules(an_agent(), inbox=inbox)], [an_arrival(5), an_arrival(70)])) == [55, 0]


def test_skills_relax_and_a_conversation_overflows_in_time():
    """T11"""
    team = Team(id=7, name="Others")
    french = frozenset({"french"})
    novice, other = (
        an_agent("Ana", skills=frozenset()),
        an_agent("Bo", member=False, team_ids=frozenset({7}), skills=french),
    )
    relaxing = a_policy(relax_skills_after=4)
    overflowing = a_policy(overflow_team_id=7, overflow_after=6)
    wanted = an_arrival(0, skills=french)

    assert waits(played([rules(novice, policy=relaxing)], [wanted])) == [4]
    assert takers(played([rules(novice, other, policy=overflowing, teams=(team,))], [wanted])) == [other.id]


def test_a_limit_over_all_inboxes_counts_what_is_open_in_the_other_inbox():
    """T11: inboxes of one agent have their turns by id, as the runs after a commit do."""
    ana = an_agent(total_capacity=1)

    outcomes = played(
        [rules(ana), rules(ana, inbox=SALES)], [an_arrival(0, lasts=9), an_arrival(1, inbox=SALES), an_arrival(2)]
    )

    assert waits(outcomes) == [0, 13, 7]


def test_a_contact_has_one_agent_at_a_time_where_the_policy_says_so():
    """T11"""
    ana, bo = an_agent("Ana"), an_agent("Bo")

    outcomes = played(
        [rules(ana, bo, policy=a_policy(one_agent_per_contact=True))],
        [an_arrival(0, lasts=10, contact_id=5), an_arrival(1, contact_id=5), an_arrival(2, contact_id=6)],
    )

    assert waits(outcomes) == [0, 9, 0]


def test_what_a_person_assigned_stays_by_hand_and_counts_in_the_load():
    """T11"""
    ana = an_agent(capacity=1)

    by_hand = an_arrival(0, lasts=10, by_hand=ByHand(at=at(3), agent_id=ana.id))
    outcomes = played([rules(ana)], [by_hand, an_arrival(4)])

    assert waits(outcomes) == [3, 9]
    assert [one.is_by_hand for one in outcomes] == [True, False]


def test_excluded_conversations_wait_until_the_rules_change():
    """T11"""
    ana = an_agent()
    spam = ExclusionRules(policy_id=1, policy_name="Low", excluded_labels=("spam",))

    outcomes = played(
        [rules(ana, exclusions=(spam,))],
        [an_arrival(0, labels=("spam",)), an_arrival(1)],
        RulesChange(at=at(20), rules=rules(ana)),
    )

    assert waits(outcomes) == [20, 0]


def test_rules_hold_from_their_instant_on_and_keep_the_rotation():
    """T11"""
    ana, bo = an_agent("Ana", capacity=1), an_agent("Bo", capacity=1)
    cautious = rules(ana, bo)
    generous = rules(*(an_agent(one.name, id=one.id, capacity=2) for one in (ana, bo)))

    outcomes = played([cautious], [an_arrival(n, lasts=60) for n in range(4)], RulesChange(at=at(10), rules=generous))

    assert takers(outcomes) == [ana.id, bo.id, ana.id, bo.id]
    assert waits(outcomes) == [0, 0, 8, 7]


def test_a_slower_pace_scales_the_handling_times():
    """T11"""
    ana = an_agent(capacity=1)

    assert waits(played([rules(ana)], [an_arrival(0), an_arrival(1)], pace={ana.id: 2})) == [0, 9]
