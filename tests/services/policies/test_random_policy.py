"""A policy that draws: it decides where it is stored, is explained in its own words, and cannot be chosen yet."""

import pytest
from marshmallow import ValidationError

from dashboard.services.explanations import conversation
from dashboard.services.policies import previews
from dashboard.services.policies.policy_forms import AssignmentPolicyForm
from tests.desks import NOON, Acme


def test_a_run_draws_what_the_preview_drew_and_says_so(acme: Acme) -> None:
    """E46, E47, E50"""
    acme.policy(assignment_order="random")
    acme.online("Ana", "Bo", "Cleo")
    waiting = acme.waiting(12)
    policy = previews.current_policy(acme.work, acme.account_id, acme.support)
    assert policy is not None
    foreseen = previews.preview(acme.work, acme.account_id, acme.support, policy, now=NOON)
    acme.work.session.rollback()

    acme.run()

    assert foreseen is not None
    assert acme.names([foreseen.now.by_conversation[one] for one in waiting]) == acme.assignees(waiting)
    told = conversation.conversation(acme.work, acme.account_id, waiting[-1], now=NOON)
    assert told is not None
    assert told.sentence.endswith("by a run: of 3 eligible agents, the draw chose them.")


def test_a_form_refuses_it_and_names_the_others() -> None:
    with pytest.raises(ValidationError) as refused:
        AssignmentPolicyForm().load({"name": "Fair", "assignment_order": "random"})

    assert refused.value.messages == {"assignment_order": ["Must be one of: round_robin, balanced."]}
