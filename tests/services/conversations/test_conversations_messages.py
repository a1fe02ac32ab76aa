"""Who writes moves a conversation on: the customer reopens it, and an absent agent loses it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.engine.decisions import Source
from dashboard.engine.model import Presence, Status
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations.conversation_forms import Message, MessageType
from dashboard.store.models import AccountUser
from tests.desks import NOON, Acme, Recorded
from tests.handling import LATER, change, ledger, set_availability, write


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.SNOOZED])
def test_the_customer_s_message_reopens(acme: Acme, queue: Recorded, status: Status):
    """E30"""
    resolved_at = NOON if status is Status.RESOLVED else None
    [one] = acme.waiting(1, status=status, resolved_at=resolved_at, waiting_since=None)

    after = write(acme, one)

    assert (after.status, after.waiting_since, after.last_activity_at) == (Status.OPEN, LATER, LATER)
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_an_agent_s_message_moves_the_last_activity_and_reopens_nothing(acme: Acme):
    [one] = acme.held("Bo", 1, status=Status.RESOLVED, resolved_at=NOON)

    after = write(acme, one, MessageType.OUTGOING)

    assert (after.status, after.last_activity_at) == (Status.RESOLVED, LATER)


def test_a_message_that_comes_late_does_not_move_the_last_activity_back(acme: Acme):
    [one] = acme.waiting(1)
    write(acme, one)

    late = Message(message_type=MessageType.INCOMING, at=NOON)
    after = acme.work.finished(
        change_conversation.message(acme.work, acme.account_id, one, late, actor_id=None, now=LATER)
    )

    assert after is not None
    assert after.last_activity_at == LATER


def test_the_customer_of_an_absent_agent_is_given_to_somebody_else(acme: Acme, queue: Recorded):
    """E36"""
    acme.policy()
    acme.online("Ana", "Bo", at=LATER)
    [one] = acme.held("Bo", 1)
    set_availability(acme, "Bo", Presence.AWAY_AND_REASSIGNING)

    unread = write(acme, one, MessageType.OUTGOING)
    written_to = write(acme, one)
    acme.run(at=LATER)

    assert unread.assignee_id == acme.agents["Bo"]
    assert written_to.is_waiting
    assert ledger(acme)[0] == (Source.RELEASE, "Bo", "-", "customer_wrote_to_absent_agent")
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]
    assert acme.assignees([one]) == ["Ana"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(Presence.AWAY, Presence.ONLINE), (Presence.BUSY, Presence.BUSY), (Presence.OFFLINE, Presence.OFFLINE)],
)
def test_answering_turns_an_idle_agent_online_and_leaves_what_was_chosen(acme: Acme, before: Presence, after: Presence):
    """E38"""
    [one] = acme.held("Bo", 1)
    set_availability(acme, "Bo", before)

    write(acme, one, MessageType.OUTGOING)

    found = select(AccountUser.availability).where(AccountUser.user_id == acme.agents["Bo"])
    assert acme.work.session.scalar(found) is after


@pytest.mark.parametrize("kind", list(MessageType))
@pytest.mark.parametrize("status", [Status.RESOLVED, Status.SNOOZED])
def test_an_automatic_message_moves_the_last_activity_and_reopens_nothing(
    acme: Acme, queue: Recorded, kind: MessageType, status: Status
):
    """E72: seen to reopen while it counted as the customer's."""
    [one] = acme.held("Bo", 1)
    change(acme, one, status=status)
    queue.runs.clear()

    after = write(acme, one, kind, automatic=True)

    assert (after.status, after.assignee_id, after.last_activity_at) == (status, acme.agents["Bo"], LATER)
    assert queue.runs == []


def test_an_automatic_message_of_the_customer_takes_nothing_from_an_absent_agent(acme: Acme):
    """E72, E36"""
    [one] = acme.held("Bo", 1, assigned_by_engine=True)
    set_availability(acme, "Bo", Presence.AWAY_AND_REASSIGNING)

    after = write(acme, one, automatic=True)

    assert after.assignee_id == acme.agents["Bo"]


def test_an_automatic_answer_is_no_activity_of_the_agent(acme: Acme):
    """E72, E38"""
    [one] = acme.held("Bo", 1)
    set_availability(acme, "Bo", Presence.AWAY)

    write(acme, one, MessageType.OUTGOING, automatic=True)

    assert acme.work.session.get_one(AccountUser, (acme.account_id, acme.agents["Bo"])).availability is Presence.AWAY


def test_a_message_from_the_future_counts_as_now(acme: Acme):
    """E74: seen to keep the future instant without the bound."""
    [one] = acme.waiting(1)

    after = write(acme, one, at=LATER + timedelta(days=1))

    assert after.last_activity_at == LATER
