"""Each gate refuses with its facts, and the first refusal wins."""

from datetime import timedelta

import pytest

from dashboard.engine import planner
from dashboard.engine.decisions import Funnel, Reason, Stop
from dashboard.engine.model import AssignmentType, PoolKey, Presence, Team
from dashboard.engine.verdicts import (
    ELIGIBLE,
    AtCapacity,
    AtTeamLimit,
    AtTotalCapacity,
    NotAMember,
    NotOnline,
    RateLimited,
)
from tests.engine.floors import NOON, a_conversation, a_policy, a_snapshot, an_agent, conversations, decide, given

PER_HOUR = a_policy(fair_distribution_limit=3, fair_distribution_window=3600)
BILLING = Team(id=7, name="Billing")


def verdicts(snapshot, conversation=None):
    wanted = conversation or snapshot.waiting[0]
    examined = planner.examine(snapshot, wanted.id, NOON)
    return {agent.name: examined.verdicts[agent.id] for agent in snapshot.agents}


def test_a_conversation_nobody_may_take_says_what_stood_in_each_agents_way():
    """E18, E48"""
    asleep = an_agent("Dov", presence=Presence.OFFLINE)
    full = an_agent("Cleo", open_here=3, capacity=3)
    snapshot = a_snapshot([asleep, full], [a_conversation()])

    [decision] = decide(snapshot)

    assert decision.reason is Reason.ALL_AT_CAPACITY
    assert verdicts(snapshot) == {"Dov": NotOnline(Presence.OFFLINE), "Cleo": AtCapacity(open=3, limit=3)}


@pytest.mark.parametrize("presence", [p for p in Presence if p is not Presence.ONLINE])
def test_who_is_anything_but_online_gets_nothing(presence):
    """E13"""
    snapshot = a_snapshot([an_agent(presence=presence)], [a_conversation()])

    assert given(decide(snapshot)) == [None]


def test_a_policy_may_count_the_busy_as_eligible():
    """E13"""
    busy = an_agent(presence=Presence.BUSY)
    policy = a_policy(eligible_presence=frozenset({"online", "busy"}))

    assert given(decide(a_snapshot([busy], [a_conversation()], policy=policy))) == [busy.id]


def test_an_agent_at_the_rate_limit_is_refused_with_the_next_slot():
    """E14"""
    slot = NOON + timedelta(minutes=5)
    snapshot = a_snapshot([an_agent("Bo", recent=3, slot_frees_at=slot)], [a_conversation()], policy=PER_HOUR)

    [decision] = decide(snapshot)

    assert decision.reason is Reason.ALL_RATE_LIMITED
    assert verdicts(snapshot) == {"Bo": RateLimited(count=3, limit=3, free_at=slot)}


def test_what_the_plan_gives_counts_against_the_rate_limit():
    """E14"""
    ana, bo = an_agent("Ana"), an_agent("Bo", recent=2, slot_frees_at=NOON + timedelta(minutes=1))

    plan = planner.plan(a_snapshot([ana, bo], conversations(5), policy=PER_HOUR), NOON)

    assert given(plan) == [ana.id, bo.id, ana.id, ana.id, None]
    assert plan.standings[PoolKey(None)].next_slot_at == NOON + timedelta(minutes=1)


def test_a_slot_used_up_by_the_plan_itself_frees_one_window_from_now():
    """E14"""
    ana = an_agent("Ana")
    policy = a_policy(fair_distribution_limit=1, fair_distribution_window=600)

    plan = planner.plan(a_snapshot([ana], conversations(2), policy=policy), NOON)

    assert plan.standings[PoolKey(None)].next_slot_at == NOON + timedelta(minutes=10)


@pytest.mark.parametrize("limit", [None, 0])
def test_no_limit_means_no_limit(limit):
    """E14"""
    ana = an_agent(recent=100_000)

    assert given(decide(a_snapshot([ana], [a_conversation()], policy=a_policy(fair_distribution_limit=limit)))) == [
        ana.id
    ]


def test_a_window_of_null_is_an_hour():
    """E14"""
    assert a_policy(fair_distribution_window=None).window == timedelta(hours=1)


def test_capacity_is_kept_while_the_run_goes_on():
    """E15"""
    limited, free = an_agent("Ana", capacity=3), an_agent("Bo")

    got = given(decide(a_snapshot([limited, free], conversations(8))))

    assert (got.count(limited.id), got.count(free.id)) == (3, 5)


def test_a_capacity_of_zero_is_never():
    """E15"""
    assert given(decide(a_snapshot([an_agent(capacity=0)], [a_conversation()]))) == [None]


def test_who_holds_more_than_the_limit_is_refused():
    """E15"""
    snapshot = a_snapshot([an_agent("Bo", open_here=12, capacity=10)], [a_conversation()])

    assert given(decide(snapshot)) == [None]
    assert verdicts(snapshot) == {"Bo": AtCapacity(open=12, limit=10)}


def test_capacity_over_all_inboxes_refuses():
    """E16"""
    snapshot = a_snapshot([an_agent("Bo", open_here=1, open_total=5, total_capacity=5)], [a_conversation()])

    assert given(decide(snapshot)) == [None]
    assert verdicts(snapshot) == {"Bo": AtTotalCapacity(open=5, limit=5)}


def test_a_teams_maximum_is_compared_with_everything_the_agent_holds():
    """E17"""
    team = Team(id=7, name="Billing", max_open=4)
    bo = an_agent("Bo", open_here=0, open_total=4, team_ids=frozenset({7}))
    snapshot = a_snapshot([bo], [a_conversation(team_id=7)], teams=[team])

    assert given(decide(snapshot)) == [None]
    assert verdicts(snapshot) == {"Bo": AtTeamLimit(open=4, limit=4)}


def test_a_teams_conversation_goes_to_who_is_in_both():
    """E11"""
    both = an_agent("Ana", team_ids=frozenset({7}))
    only_team = an_agent("Bo", member=False, team_ids=frozenset({7}))
    only_inbox = an_agent("Cleo")
    snapshot = a_snapshot([both, only_team, only_inbox], conversations(2, team_id=7), teams=[BILLING])

    assert given(decide(snapshot)) == [both.id, both.id]
    assert verdicts(snapshot) == {"Ana": ELIGIBLE, "Bo": NotAMember(), "Cleo": NotAMember()}


def test_an_inbox_without_members_leaves_a_teams_conversation_to_the_team():
    """E11"""
    bo = an_agent("Bo", member=False, team_ids=frozenset({7}))

    assert given(decide(a_snapshot([bo], [a_conversation(team_id=7)], teams=[BILLING]))) == [bo.id]


def test_a_manual_teams_conversations_are_left_to_people():
    """E12"""
    team = Team(id=7, name="Billing", assignment_type=AssignmentType.MANUAL)
    bo = an_agent("Bo", team_ids=frozenset({7}))
    waiting = [a_conversation(2, team_id=7), a_conversation(1)]

    first, second = decide(a_snapshot([bo], waiting, teams=[team]))

    assert first == Stop(waiting[0].id, Reason.TEAM_MANUAL)
    assert second.agent_id == bo.id


def test_the_funnel_counts_who_is_left_after_each_gate():
    """E18"""
    asleep = [an_agent(presence=Presence.OFFLINE) for _ in range(3)]
    limited = [an_agent(recent=3, slot_frees_at=NOON) for _ in range(3)]
    full = [an_agent(capacity=1, open_here=1), an_agent(total_capacity=2, open_total=2)]

    [decision] = decide(a_snapshot([*asleep, *limited, *full], [a_conversation()], policy=PER_HOUR))

    assert decision.funnel == Funnel(members=8, auto_assign=8, skilled=8, online=5, under_rate_limit=2, with_capacity=0)
    assert decision.reason is Reason.ALL_AT_CAPACITY


@pytest.mark.parametrize(
    ("agents", "reason"),
    [
        ([], Reason.NO_MEMBERS),
        ([an_agent(presence=Presence.AWAY)], Reason.NOBODY_ONLINE),
        ([an_agent(presence=Presence.AWAY), an_agent(recent=3)], Reason.ALL_RATE_LIMITED),
        ([an_agent(recent=3), an_agent(capacity=0)], Reason.ALL_AT_CAPACITY),
    ],
)
def test_the_reason_is_the_gate_at_which_the_last_candidates_fell(agents, reason):
    """E18"""
    [decision] = decide(a_snapshot(agents, [a_conversation()], policy=PER_HOUR))

    assert decision.reason is reason
