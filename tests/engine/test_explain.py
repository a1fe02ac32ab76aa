"""Every decision as a sentence."""

from datetime import timedelta

import pytest

from dashboard.engine import planner
from dashboard.engine.decisions import Reason, Stop
from dashboard.engine.model import AssignmentType, Presence, Team
from dashboard.engine.policy import ExclusionRules
from dashboard.engine.sentences import decision_text
from tests.engine.floors import NOON, SUPPORT, a_conversation, a_policy, a_snapshot, an_agent

SENIORS = ExclusionRules(policy_id=1, policy_name="Seniors", excluded_labels=("VIP",), exclude_older_than_hours=24)
FULL, ASLEEP = {"capacity": 0}, {"presence": Presence.OFFLINE}
LIMITED = {"recent": 9, "slot_frees_at": NOON + timedelta(minutes=3)}


def said(snapshot):
    [conversation] = snapshot.waiting
    decision = planner.examine(snapshot, conversation.id, NOON).decision
    return decision_text.sentence(decision, decision_text.ids_mentioned(snapshot, decision, conversation.team_id))


@pytest.mark.parametrize(
    ("agents", "sentence"),
    [
        ([{}], "Waiting for the next run, which gives it to Bo."),
        ([], "Waiting because Support has no members."),
        ([ASLEEP], "Waiting because the only member of Support is not online."),
        ([ASLEEP] * 8, "Waiting because none of the 8 members of Support is online."),
        ([LIMITED] * 2, "Waiting because all 2 online agents of Support have had their fair share."),
        ([FULL, FULL, *[ASLEEP] * 6], "Waiting because all 2 online agents of Support are at capacity."),
        ([FULL], "Waiting because the only online agent of Support is at capacity."),
        (
            [FULL, LIMITED],
            "Waiting because all 2 online agents of Support are at capacity or have had their fair share.",
        ),
    ],
)
def test_the_funnel_is_told_in_a_sentence(agents, sentence):
    """E48"""
    policy = a_policy(fair_distribution_limit=9)

    assert (
        said(a_snapshot([an_agent("Bo", **facts) for facts in agents], [a_conversation()], policy=policy)) == sentence
    )


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"labels": ("VIP",)}, "Waiting because Seniors excludes label VIP."),
        ({"minutes_ago": 60 * 30}, "Waiting because it is older than Seniors allows."),
        ({"contact_id": 5}, "Waiting because its contact is being served already."),
        ({"team_id": 7}, "Waiting because the conversations of Billing are left to people."),
    ],
)
def test_what_keeps_this_conversation_is_told(facts, sentence):
    """E48"""
    team = Team(id=7, name="Billing", assignment_type=AssignmentType.MANUAL)
    policy = a_policy(one_agent_per_contact=True)
    waiting = [a_conversation(**facts)]

    assert said(a_snapshot([an_agent()], waiting, policy=policy, exclusions=[SENIORS], served=[5], teams=[team])) == (
        sentence
    )


@pytest.mark.parametrize("reason", [Reason.FEATURE_OFF, Reason.NO_POLICY, Reason.POLICY_DISABLED, Reason.INBOX_OFF])
def test_a_switch_that_is_off_is_told(reason):
    """E1, E48"""
    told = decision_text.sentence(Stop(7, reason), decision_text.NamesById(inbox=SUPPORT.name, policy="Default"))

    assert told.startswith("Waiting because ")
    assert "{" not in told


def test_the_earliest_slot_is_when_it_may_be_possible():
    """E48"""
    soon, later = NOON + timedelta(minutes=3), NOON + timedelta(minutes=9)
    agents = [an_agent(recent=3, slot_frees_at=at) for at in (later, soon)]
    snapshot = a_snapshot(agents, [a_conversation()], policy=a_policy(fair_distribution_limit=3))

    assert decision_text.next_possible_at(planner.examine(snapshot, snapshot.waiting[0].id, NOON)) == soon
