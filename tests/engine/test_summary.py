"""A policy as one sentence."""

from datetime import timedelta

import pytest

from dashboard.engine.policy import AssignmentOrder, ConversationPriority, ExclusionRules
from dashboard.engine.sentences import policy_text
from tests.engine.floors import a_policy


def test_the_usual_policy_is_one_sentence() -> None:
    """E7, E13, E19"""
    said = policy_text.policy(a_policy(), ["Support"])

    assert said == (
        "In Support, the conversation that was created first goes to the online agent whose turn is longest ago."
    )


def test_every_rule_of_a_policy_is_in_its_sentence() -> None:
    """E7, E10, E13, E14, E23"""
    rules = a_policy(
        assignment_order=AssignmentOrder.BALANCED,
        conversation_priority=ConversationPriority.LONGEST_WAITING,
        fair_distribution_limit=10,
        fair_distribution_window=5_400,
        eligible_presence=frozenset({"busy", "online", "away_manual"}),
        one_agent_per_contact=True,
    )

    assert policy_text.policy(rules) == (
        "The conversation that has been silent longest goes to the agent who is online, busy or away by choice, with"
        " the fewest open conversations in the inbox, at most 10 to each agent per inbox in 90 minutes, but not while"
        " the same contact has an open conversation with an agent."
    )


def test_a_disabled_policy_says_so_first() -> None:
    """E1"""
    assert policy_text.policy(a_policy(enabled=False)).startswith("Disabled, so it assigns nothing. Enabled, the conv")


@pytest.mark.parametrize("limit", [None, 0])
def test_no_limit_is_not_spoken_of(limit: int | None) -> None:
    """E14"""
    assert "at most" not in policy_text.policy(a_policy(fair_distribution_limit=limit))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "a second"),
        (90, "90 seconds"),
        (60, "a minute"),
        (3_600, "an hour"),
        (5_400, "90 minutes"),
        (86_400, "a day"),
        (604_800, "7 days"),
        (86_400_000, "1,000 days"),
    ],
)
def test_a_span_is_said_in_the_largest_unit_that_fits(seconds: int, said: str) -> None:
    assert policy_text.span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["A"], "A"),
        (["A", "B"], "A and B"),
        (["A", "B", "C"], "A, B and C"),
        (["A", "B", "C", "D"], "A, B and 2 more inboxes"),
    ],
)
def test_many_names_stay_short(names: list[str], said: str) -> None:
    assert policy_text.named(names) == said


def test_exclusions_are_one_sentence() -> None:
    """E5, E6"""
    rules = ExclusionRules(
        policy_id=1, policy_name="Calm", excluded_labels=("vip", "legal"), exclude_older_than_hours=48
    )

    assert policy_text.exclusions(rules) == (
        "Excludes conversations that are labelled vip or legal or created more than 2 days ago."
    )
    assert policy_text.exclusions(ExclusionRules(policy_id=1, policy_name="Open")) == ""
