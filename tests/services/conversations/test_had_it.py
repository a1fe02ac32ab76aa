"""A release by hand is remembered until the conversation is assigned again."""

import pytest

from dashboard.engine.model import Status
from dashboard.engine.verdicts import HadIt
from dashboard.services.explanations import conversation
from dashboard.store.conversations import conversations
from tests.desks import Acme
from tests.handling import LATER, change, leave, write

MINUTE_LATER = LATER.replace(minute=LATER.minute + 1)


def had_by(acme: Acme, conversation_id: int) -> int | None:
    row = conversations.get(acme.work.session, acme.account_id, conversation_id)
    acme.work.session.rollback()
    return row.had_by_id


@pytest.mark.parametrize("order", ["round_robin", "balanced"])
def test_what_is_released_by_hand_goes_to_somebody_else(acme: Acme, order: str):
    """E74: Ana is first in turn and holds nothing; seen to come straight back to her without the memory."""
    acme.policy(assignment_order=order)
    acme.online("Ana", "Bo", at=MINUTE_LATER)
    [one] = acme.held("Ana", 1)

    change(acme, one, assignee_id=None)
    told = conversation.conversation(acme.work, acme.account_id, one, now=MINUTE_LATER)
    acme.run(at=MINUTE_LATER)

    assert told is not None
    assert {agent.name: verdict for agent, verdict in told.agents}["Ana"] == HadIt(LATER)
    assert acme.assignees([one]) == ["Bo"]
    assert had_by(acme, one) is None


def test_it_is_explained_the_same_afterwards(acme: Acme):
    """E74, E47: the run's record knows who had it."""
    acme.policy()
    acme.online("Ana", "Bo", at=MINUTE_LATER)
    [one] = acme.held("Ana", 1)
    change(acme, one, assignee_id=None)
    acme.run(at=MINUTE_LATER)

    told = conversation.conversation(acme.work, acme.account_id, one, now=MINUTE_LATER)

    assert told is not None
    assert {agent.name: verdict for agent, verdict in told.agents}["Ana"] == HadIt(LATER)
    assert told.sentence == "Assigned to Bo by a run: nobody else was eligible."


def test_it_comes_back_where_nobody_else_may_take_it(acme: Acme):
    """E74"""
    acme.policy()
    acme.online("Ana", at=MINUTE_LATER)
    [one] = acme.held("Ana", 1)

    change(acme, one, assignee_id=None)
    acme.run(at=MINUTE_LATER)

    assert acme.assignees([one]) == ["Ana"]


def test_only_a_release_by_hand_is_remembered(acme: Acme):
    """E74: what a rule takes from an agent, it may give back when they are a member again."""
    [one] = acme.held("Bo", 1, assigned_by_engine=True)
    leave(acme, "Bo")

    released = write(acme, one)

    assert (released.assignee_id, released.had_by_id) == (None, None)


@pytest.mark.parametrize("ends", ["assigned", "resolved"])
def test_the_memory_ends_with_the_next_assignment_or_the_end(acme: Acme, ends: str):
    """E74: passed over once, not for ever."""
    [one] = acme.held("Ana", 1)
    change(acme, one, assignee_id=None)
    assert had_by(acme, one) == acme.agents["Ana"]

    change(acme, one, **({"assignee_id": acme.agents["Bo"]} if ends == "assigned" else {"status": Status.RESOLVED}))

    assert had_by(acme, one) is None
