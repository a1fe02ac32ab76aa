"""The rules that people ask for: who is asked, in which order, and what each refusal says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, AssignedHow, Funnel, Reason, Skip, Stop, Via
from dashboard.engine.model import AssignmentType, Inbox, PoolKey, Presence, Team
from dashboard.engine.policy import AssignmentOrder
from dashboard.engine.sentences import decision_text
from dashboard.engine.sentences.decision_text import NamesById
from dashboard.engine.verdicts import ELIGIBLE, AtTeamLimit, AtTotalCapacity, LacksSkill, NotAMember, OptedOut, Paced
from tests.engine.floors import NOON, a_conversation, a_policy, a_snapshot, an_agent, conversations, decide, given

FRENCH = frozenset({"french"})
NAMES = NamesById(inbox="Support")


def asked(minutes: float = 10, **facts):
    """Return a conversation that has waited this long."""
    return a_conversation(minutes, waiting_since=NOON - timedelta(minutes=minutes), **facts)


def verdicts(snapshot):
    return planner.examine(snapshot, snapshot.waiting[0].id, NOON).verdicts


def test_a_member_who_is_switched_off_is_passed_over_and_keeps_their_place():
    """E57"""
    ana, bo = an_agent("Ana", opted_out=True), an_agent("Bo")

    snapshot = a_snapshot([ana, bo], conversations(2))

    assert given(decide(snapshot)) == [bo.id, bo.id]
    assert verdicts(snapshot)[ana.id] == OptedOut()


@pytest.mark.parametrize(
    "facts", [{"opted_out": True}, {"opted_out_team_ids": frozenset({1})}], ids=["in the inbox", "in the team"]
)
def test_with_a_team_both_memberships_must_be_on(facts):
    """E57, E11"""
    billing = Team(id=1, name="Billing")
    ana = an_agent("Ana", team_ids=frozenset({1}), **facts)

    [decision] = decide(a_snapshot([ana], [a_conversation(team_id=1)], teams=[billing]))

    assert decision.reason is Reason.NO_MEMBERS
    assert decision.funnel.auto_assign == 0
    assert decision_text.sentence(decision, NAMES) == "Waiting because runs pass over all members of Support."


def test_where_an_inbox_has_no_members_its_switches_do_not_count():
    """E57, E11"""
    billing = Team(id=1, name="Billing")
    ana = an_agent("Ana", member=False, team_ids=frozenset({1}))

    assert given(decide(a_snapshot([ana], [a_conversation(team_id=1)], teams=[billing]))) == [ana.id]


def test_all_required_skills_are_needed():
    """E58"""
    ana, bo = an_agent("Ana", skills=FRENCH), an_agent("Bo", skills=FRENCH | {"refunds"})

    snapshot = a_snapshot([ana, bo], [asked(skills=FRENCH | {"refunds"}), asked(skills=FRENCH), asked()])

    assert given(decide(snapshot)) == [bo.id, ana.id, bo.id]
    assert verdicts(snapshot)[ana.id] == LacksSkill(("refunds",))


def test_conversations_with_and_without_skills_share_one_rotation():
    """E58, E19: Ana takes a French one, so that the next plain one is Bo's."""
    ana, bo = an_agent("Ana", skills=FRENCH), an_agent("Bo")

    waiting = [asked(9, skills=FRENCH), asked(8), asked(7), asked(6)]

    assert given(decide(a_snapshot([ana, bo], waiting))) == [ana.id, bo.id, ana.id, bo.id]


def test_skills_that_no_member_has_stop_it_and_are_a_reason_of_their_own():
    """E58, E63"""
    ana, dov = an_agent("Ana"), an_agent("Dov", presence=Presence.OFFLINE)

    [decision] = decide(a_snapshot([ana, dov], [asked(skills=FRENCH)]))

    assert decision == Stop(
        decision.conversation_id,
        Reason.NOBODY_SKILLED,
        Funnel(members=2, auto_assign=2, skilled=0, online=0, under_rate_limit=0, with_capacity=0),
    )
    assert decision_text.sentence(decision, NAMES) == "Waiting because no member of Support has the required skills."


def test_a_skilled_member_who_is_away_is_waited_for_until_the_skills_relax():
    """E58"""
    ana, dov = an_agent("Ana"), an_agent("Dov", presence=Presence.OFFLINE, skills=FRENCH)
    policy = a_policy(relax_skills_after=5)

    early, late = decide(a_snapshot([ana, dov], [asked(5, skills=FRENCH), asked(4.9, skills=FRENCH)], policy=policy))

    assert early == Assign(early.conversation_id, ana.id, None, AssignedHow(skills_relaxed=True))
    assert late.reason is Reason.NOBODY_ONLINE
    assert decision_text.sentence(late, NAMES) == (
        "Waiting because the only member with the required skills of Support is not online."
    )


def test_a_closed_pool_of_skills_does_not_close_the_others():
    """E58, E9"""
    ana = an_agent("Ana")
    french = PoolKey(None, FRENCH)

    snapshot = a_snapshot([ana], [*(asked(20, skills=FRENCH) for _ in range(3)), asked(1)])

    assert given(decide(snapshot)) == [None, None, None, ana.id]
    assert planner.standings(snapshot, NOON).keys() == {PoolKey(None)}
    skilled = a_snapshot([ana], snapshot.waiting)
    assert planner.open_pools(replace(skilled, skilled=(french,)), NOON) == [PoolKey(None)]


OVERFLOW = {"overflow_team_id": 7, "overflow_after": 10}


def test_what_waited_long_enough_goes_to_the_overflow_team_once_its_own_are_full():
    """E59"""
    ana, ula = an_agent("Ana", open_here=1, capacity=2), an_agent("Ula", member=False, team_ids=frozenset({7}))
    policy = a_policy(**OVERFLOW)

    first, second, third = decide(a_snapshot([ana, ula], [asked(12), asked(11), asked(9)], policy=policy))

    assert first == Assign(first.conversation_id, ana.id, None)
    assert second == Assign(second.conversation_id, ula.id, None, AssignedHow(via=Via.OVERFLOW, overflow_team_id=7))
    assert second.turn_of == 7
    assert third.reason is Reason.ALL_AT_CAPACITY


def test_the_overflow_teams_own_type_and_maximum_do_not_apply_and_its_switches_do():
    """E59, E12, E17, E57"""
    nights = Team(id=7, name="Nights", assignment_type=AssignmentType.MANUAL, max_open=1)
    ula = an_agent("Ula", member=False, team_ids=frozenset({7}), open_total=5)
    una = an_agent("Una", member=False, team_ids=frozenset({7}), opted_out_team_ids=frozenset({7}))
    policy = a_policy(**OVERFLOW)

    snapshot = a_snapshot([ula, una], [asked(10)], policy=policy, teams=[nights])

    assert given(decide(snapshot)) == [ula.id]
    assert verdicts(snapshot) == {ula.id: ELIGIBLE, una.id: OptedOut()}


def test_what_a_team_leaves_to_people_never_overflows():
    """E59, E12"""
    manual = Team(id=1, name="VIP", assignment_type=AssignmentType.MANUAL)
    ula = an_agent("Ula", member=False, team_ids=frozenset({7}))

    [decision] = decide(a_snapshot([ula], [asked(99, team_id=1)], policy=a_policy(**OVERFLOW), teams=[manual]))

    assert decision.reason is Reason.TEAM_MANUAL


@pytest.mark.parametrize("order", [AssignmentOrder.ROUND_ROBIN, AssignmentOrder.BALANCED])
def test_the_contacts_agent_comes_first_and_spends_their_turn(order):
    """E60, E19"""
    ana, bo, cleo = an_agent("Ana"), an_agent("Bo"), an_agent("Cleo")
    policy = a_policy(prefer_last_agent=24, assignment_order=order)

    snapshot = a_snapshot([ana, bo, cleo], [asked(9, preferred=bo.id), asked(8), asked(7), asked(6)], policy=policy)

    assert given(decide(snapshot)) == [bo.id, ana.id, cleo.id, bo.id]
    assert decide(snapshot)[0].how.via is Via.PREFERRED


def test_it_is_kept_for_a_contacts_agent_who_cannot_take_it_now_for_so_many_minutes():
    """E60"""
    ana, bo = an_agent("Ana"), an_agent("Bo", open_here=3, capacity=3)
    policy = a_policy(prefer_last_agent=24, wait_for_preferred=10)

    kept, free = decide(a_snapshot([ana, bo], [asked(9, preferred=bo.id), asked(10, preferred=bo.id)], policy=policy))[
        ::-1
    ]

    until = NOON + timedelta(minutes=1)
    assert kept == Skip(kept.conversation_id, Reason.KEPT_FOR_PREFERRED, until=until, agent_id=bo.id)
    assert free == Assign(free.conversation_id, ana.id, None)
    assert decision_text.sentence(kept, NamesById(inbox="Support", agent="Bo")) == (
        "Kept for Bo, who answered this contact before, until 2026-03-02 12:01:00 UTC."
    )


@pytest.mark.parametrize(
    "facts",
    [{"capacity": 0}, {"opted_out": True}, {"member": False}, {"total_capacity": 0}],
    ids=["no capacity here", "passed over by runs", "no member", "no capacity at all"],
)
def test_it_is_kept_for_nobody_who_could_never_take_it(facts):
    """E60"""
    ana, bo = an_agent("Ana"), an_agent("Bo", **facts)
    policy = a_policy(prefer_last_agent=24, wait_for_preferred=10)

    assert given(decide(a_snapshot([ana, bo], [asked(1, preferred=bo.id)], policy=policy))) == [ana.id]


def test_whoever_released_it_is_not_the_contacts_agent():
    """E60, E74"""
    ana, bo = an_agent("Ana"), an_agent("Bo")
    policy = a_policy(prefer_last_agent=24, wait_for_preferred=10)

    assert given(decide(a_snapshot([ana, bo], [asked(1, preferred=bo.id, had_by=bo.id)], policy=policy))) == [ana.id]


def test_a_contact_who_is_served_waits_only_while_the_contacts_agent_may_not_take_it():
    """E60, E10"""
    ana, bo = an_agent("Ana"), an_agent("Bo", open_here=1, capacity=2)
    policy = a_policy(prefer_last_agent=24, one_agent_per_contact=True)
    waiting = [asked(9, preferred=bo.id, contact_id=5), asked(8, preferred=bo.id, contact_id=5)]

    first, second = decide(a_snapshot([ana, bo], waiting, policy=policy, served=[5]))

    assert first.how.via is Via.PREFERRED
    assert second.reason is Reason.CONTACT_BEING_SERVED


def test_each_agent_gets_one_and_then_paces():
    """E61"""
    ana, bo = an_agent("Ana"), an_agent("Bo", last_assigned_at=NOON - timedelta(seconds=29))
    snapshot = a_snapshot([ana, bo], conversations(3), policy=a_policy(pace_seconds=30))

    assert given(decide(snapshot)) == [ana.id, None, None]
    assert verdicts(snapshot)[bo.id] == Paced(NOON + timedelta(seconds=1))
    assert planner.plan(snapshot, NOON).standings[PoolKey(None)].next_slot_at == NOON + timedelta(seconds=1)
    assert decide(snapshot)[1].reason is Reason.ALL_RATE_LIMITED


def test_a_pace_is_over_at_its_end():
    """E61"""
    ana = an_agent("Ana", last_assigned_at=NOON - timedelta(seconds=30))

    assert given(decide(a_snapshot([ana], conversations(1), policy=a_policy(pace_seconds=30)))) == [ana.id]


def test_the_gates_come_in_order_and_the_funnel_counts_each():
    """E63"""
    outside = {"open_here": 1, "capacity": 1}
    agents = [
        an_agent("Out", opted_out=True, **outside),
        an_agent("Plain", presence=Presence.OFFLINE),
        an_agent("Away", presence=Presence.AWAY, skills=FRENCH, recent=9),
        an_agent("Had", skills=FRENCH, recent=2, last_assigned_at=NOON, **outside),
        an_agent("Paced", skills=FRENCH, last_assigned_at=NOON, **outside),
        an_agent("Full", skills=FRENCH, **outside),
    ]
    policy = a_policy(fair_distribution_limit=2, pace_seconds=30)

    [decision] = decide(a_snapshot(agents, [asked(skills=FRENCH)], policy=policy))

    assert decision.funnel == Funnel(members=6, auto_assign=5, skilled=4, online=3, under_rate_limit=1, with_capacity=0)
    assert decision.reason is Reason.ALL_AT_CAPACITY


def test_limits_that_count_only_unanswered_ones_do_not_see_the_others():
    """E67, E17: the team's maximum counts all."""
    ana = an_agent("Ana", open_here=9, open_total=9, capacity=2, total_capacity=2, counted_here=1, counted_total=1)
    team = Team(id=1, name="Billing", max_open=10)

    assert given(decide(a_snapshot([ana], conversations(2)))) == [ana.id, None]
    billed = an_agent("Bo", team_ids=frozenset({1}), open_total=10, counted_total=0)
    [stop] = decide(a_snapshot([billed], [a_conversation(team_id=1)], teams=[team]))
    assert stop.reason is Reason.ALL_AT_CAPACITY


def test_a_heavy_inbox_needs_room_for_its_weight():
    """E68: a limit of ten, six held: a call of four fits once."""
    calls = Inbox(id=1, account_id=1, name="Calls", weight=4)
    ana = an_agent("Ana", open_here=1, open_total=6, total_capacity=10, capacity=2)

    snapshot = a_snapshot([ana], conversations(2), inbox=calls)

    assert given(decide(snapshot)) == [ana.id, None]
    team = Team(id=1, name="Billing", max_open=9)
    bo = an_agent("Bo", team_ids=frozenset({1}), open_total=6)
    billed = a_snapshot([bo], [a_conversation(team_id=1)], inbox=calls, teams=[team])
    assert verdicts(billed)[bo.id] == AtTeamLimit(6, 9)


def test_a_weight_of_one_is_the_rule_as_it_was():
    """E68, E16"""
    ana = an_agent("Ana", open_total=9, total_capacity=10)

    assert given(decide(a_snapshot([ana], conversations(2)))) == [ana.id, None]
    full = a_snapshot([an_agent("Bo", open_total=10, total_capacity=10)], conversations(1))
    assert list(verdicts(full).values()) == [AtTotalCapacity(10, 10)]


def test_an_overflow_agent_is_no_member_while_it_is_too_early():
    """E59, E48"""
    ula = an_agent("Ula", member=False, team_ids=frozenset({7}))

    assert verdicts(a_snapshot([ula], [asked(9)], policy=a_policy(**OVERFLOW))) == {ula.id: NotAMember()}
