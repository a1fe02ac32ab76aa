"""Four switches stand before everything else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.engine import planner
from dashboard.engine.decisions import Reason, Stop
from dashboard.engine.hours import BusinessHours, Window
from dashboard.engine.model import Inbox, Snapshot
from dashboard.engine.sentences import decision_text
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


MONDAYS = BusinessHours(
    timezone="Europe/Berlin",
    weekly=((Window(start=timedelta(hours=9), end=timedelta(hours=10)),), *[()] * 6),
)


def test_closed_hours_stop_after_the_switches_and_before_everything_else():
    """E62"""
    closed = replace(SUPPORT, hours=MONDAYS)

    assert planner.switched_off(closed, a_policy(enabled=False), NOON) is Reason.POLICY_DISABLED
    assert planner.switched_off(closed, a_policy(), NOON) is Reason.OUTSIDE_HOURS
    assert planner.switched_off(replace(closed, is_stopped=True), a_policy(), NOON) is Reason.OUTSIDE_HOURS
    assert planner.switched_off(closed, a_policy(), NOON - timedelta(hours=3, minutes=30)) is None


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (MONDAYS, "Outside the hours of Support; they open Monday 9 March 2026, 09:00."),
        (replace(MONDAYS, weekly=MONDAYS.weekly[::-1]), "Outside the hours of Support; they open Sunday 09:00."),
        (replace(MONDAYS, weekly=((),) * 7), "Outside the hours of Support; they do not open within a year."),
    ],
)
def test_closed_hours_are_told_with_their_next_opening_on_their_own_wall_clock(hours, sentence):
    """E62: NOON is on a Monday."""
    snapshot = a_snapshot(inbox=replace(SUPPORT, hours=hours))
    stop = Stop(7, Reason.OUTSIDE_HOURS)

    assert decision_text.sentence(stop, decision_text.ids_mentioned(snapshot, stop, None, NOON)) == sentence


def test_with_all_switches_on_nothing_stops():
    """E1"""
    assert planner.plan(a_snapshot(), NOON).stop is None
