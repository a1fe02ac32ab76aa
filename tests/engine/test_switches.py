"""Four switches stand before everything else."""

import pytest

from dashboard.engine import planner
from dashboard.engine.decisions import Reason
from dashboard.engine.model import Inbox, Snapshot
from tests.engine.floors import NOON, SUPPORT, a_conversation, a_policy, a_snapshot, an_agent


@pytest.mark.parametrize(
    ("inbox", "policy", "reason"),
    [
        (Inbox(id=1, account_id=1, name="Support", assignment_v2=False), None, Reason.FEATURE_OFF),
        (SUPPORT, None, Reason.NO_POLICY),
        (SUPPORT, a_policy(enabled=False), Reason.POLICY_DISABLED),
        (Inbox(id=1, account_id=1, name="Support", enable_auto_assignment=False), a_policy(), Reason.INBOX_OFF),
    ],
)
def test_the_first_switch_that_is_off_stops_everything(inbox, policy, reason):
    """E1"""
    snapshot = Snapshot(inbox=inbox, policy=policy, agents=(an_agent(),), waiting=(a_conversation(),))

    plan = planner.plan(snapshot, NOON)

    assert plan.stop is reason
    assert plan.decisions == ()


def test_with_all_switches_on_nothing_stops():
    """E1"""
    assert planner.plan(a_snapshot(), NOON).stop is None
