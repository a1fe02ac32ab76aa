"""A fix that is offered is true: applying it assigns the conversation."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given as examples
from hypothesis import strategies as st

from dashboard.engine import fixes, planner
from dashboard.engine.decisions import Assign
from dashboard.engine.model import AssignmentType, Inbox, Presence, Team
from dashboard.engine.policy import ExclusionRules
from tests.engine.floors import NOON, SUPPORT, a_conversation, a_policy, a_snapshot, an_agent, conversations
from tests.engine.test_planner import floors

PER_HOUR = a_policy(fair_distribution_limit=3)


def offered(snapshot, conversation=None):
    wanted = conversation or snapshot.waiting[-1]
    return [fix.sentence for fix in fixes.smallest(snapshot, wanted.id, NOON)]


@examples(floors(), st.booleans(), st.booleans(), st.booleans())
def test_applying_a_fix_assigns_the_conversation(snapshot, feature, enabled, inbox_on):
    """E48"""
    inbox = replace(snapshot.inbox, assignment_v2=feature, enable_auto_assignment=inbox_on)
    snapshot = replace(snapshot, inbox=inbox, policy=replace(snapshot.policy, enabled=enabled))

    for conversation in snapshot.waiting[:3]:
        for fix in fixes.smallest(snapshot, conversation.id, NOON):
            fixed = snapshot
            for change in fix.changes:
                fixed = change.tried_on(fixed)
            assert isinstance(planner.examine(fixed, conversation.id, NOON).decision, Assign), fix.sentence


@examples(floors())
def test_whatever_has_members_and_only_waits_for_them_can_be_fixed(snapshot):
    """E48"""
    for conversation in snapshot.waiting[:3]:
        decision = planner.examine(snapshot, conversation.id, NOON).decision
        if not isinstance(decision, Assign) and planner.pool_members(snapshot, conversation.team_id):
            assert fixes.smallest(snapshot, conversation.id, NOON)


def test_what_will_be_assigned_anyway_needs_no_fix():
    """E48"""
    assert offered(a_snapshot([an_agent()], [a_conversation()])) == []


def test_a_full_agents_limit_is_raised_by_one():
    """E48"""
    bo = an_agent("Bo", open_here=10, capacity=10)

    assert offered(a_snapshot([bo], [a_conversation()])) == ["Raise Bo's limit in Support from 10 to 11"]


def test_a_limit_is_raised_by_what_goes_first_too():
    """E48"""
    bo = an_agent("Bo", open_here=10, capacity=10)

    assert offered(a_snapshot([bo], conversations(3))) == ["Raise Bo's limit in Support from 10 to 13"]


def test_each_kind_of_limit_has_its_own_words():
    """E48"""
    team = Team(id=7, name="Billing", max_open=4)
    agents = [
        an_agent("Ana", open_total=5, total_capacity=5, team_ids=frozenset({7})),
        an_agent("Bo", open_total=4, team_ids=frozenset({7})),
        an_agent("Cleo", recent=3, slot_frees_at=NOON, team_ids=frozenset({7})),
    ]

    assert offered(a_snapshot(agents, [a_conversation(team_id=7)], teams=[team], policy=PER_HOUR)) == [
        "Raise the maximum of Billing from 4 to 5",
        "Raise the fair-distribution limit of Default from 3 to 4",
    ]


def test_who_is_away_may_be_set_online():
    """E48"""
    dov = an_agent("Dov", presence=Presence.AWAY)

    assert offered(a_snapshot([dov], [a_conversation()])) == ["Set Dov online"]


def test_what_stands_in_the_way_one_behind_the_other_is_one_fix():
    """E48"""
    rule = ExclusionRules(policy_id=1, policy_name="Seniors", excluded_labels=("VIP",), exclude_older_than_hours=24)
    conversation = a_conversation(labels=("VIP",), created_at=NOON - timedelta(hours=30, minutes=1))
    dov = an_agent("Dov", presence=Presence.OFFLINE)

    assert offered(a_snapshot([dov], [conversation], exclusions=[rule])) == [
        "Remove label VIP and raise the age limit of Seniors from 24 to 31 hours and set Dov online"
    ]


def test_a_switch_that_is_off_is_switched_on():
    """E1, E48"""
    off = a_snapshot([an_agent()], [a_conversation()], policy=a_policy(enabled=False))
    inbox_off = replace(off, policy=a_policy(), inbox=replace(SUPPORT, enable_auto_assignment=False))
    feature_off = replace(off, policy=a_policy(), inbox=Inbox(id=1, account_id=1, name="S", assignment_v2=False))

    assert offered(off) == ["Enable the policy Default"]
    assert offered(inbox_off) == ["Switch on assignment for Support"]
    assert offered(feature_off) == ["Switch on assignment for the account"]
    assert offered(replace(off, policy=None)) == ["Link an assignment policy to Support"]


def test_a_manual_team_may_be_given_turns():
    """E12, E48"""
    team = Team(id=7, name="Billing", assignment_type=AssignmentType.MANUAL)
    ana = an_agent(team_ids=frozenset({7}))

    assert offered(a_snapshot([ana], [a_conversation(team_id=7)], teams=[team])) == [
        "Assign the conversations of Billing in turn"
    ]


def test_a_contact_who_is_served_may_be_served_by_several():
    """E10, E48"""
    snapshot = a_snapshot(
        [an_agent()], [a_conversation(contact_id=5)], policy=a_policy(one_agent_per_contact=True), served=[5]
    )

    assert offered(snapshot) == ["Let Default assign several conversations of one contact"]
