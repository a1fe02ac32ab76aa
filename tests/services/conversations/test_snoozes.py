"""A snooze has an end: an instant, or the customer."""

from datetime import datetime, timedelta

import pytest

from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.services.conversations.timed import snoozes
from dashboard.services.core.refusals import Invalid
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from tests.desks import Acme, Recorded
from tests.handling import LATER, change, events, leave, ledger, write

EVENING = LATER + timedelta(hours=6)


def found(acme: Acme, conversation_id: int) -> ConversationRow:
    row = conversations.get(acme.work.session, acme.account_id, conversation_id)
    acme.work.session.rollback()
    return row


def snooze(acme: Acme, conversation_id: int, until: datetime | None = EVENING) -> None:
    change(acme, conversation_id, status=Status.SNOOZED, snoozed_until=until)


def test_a_snooze_ends_at_its_instant_and_its_agent_has_the_conversation_again(acme: Acme, queue: Recorded):
    """E71: seen to stay snoozed for ever without the look."""
    [one] = acme.held("Bo", 1)
    snooze(acme, one)
    queue.runs.clear()

    early = snoozes.end_due(acme.work, now=EVENING - timedelta(seconds=1))
    ended = snoozes.end_due(acme.work, now=EVENING)

    after = found(acme, one)
    assert (early, ended) == (0, 1)
    assert (after.status, after.assignee_id, after.snoozed_until) == (Status.OPEN, acme.agents["Bo"], None)
    assert (ledger(acme), queue.runs) == ([], [])
    assert events(acme)[-2:] == ["conversation_status_changed", "conversation_updated"]


def test_a_conversation_whose_agent_has_left_waits_when_its_snooze_ends(acme: Acme, queue: Recorded):
    """E71: also one that a person assigned."""
    [one] = acme.held("Bo", 1)
    snooze(acme, one)
    leave(acme, "Bo")
    queue.runs.clear()

    snoozes.end_due(acme.work, now=EVENING)

    after = found(acme, one)
    assert (after.is_waiting, after.waiting_since) == (True, EVENING)
    assert ledger(acme) == [(Source.RELEASE, "Bo", "-", "snooze_ended")]
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_a_deactivated_agent_gets_nothing_back_when_a_snooze_ends(acme: Acme):
    """E71"""
    [one] = acme.held("Bo", 1)
    snooze(acme, one)
    acme.change_agent("Bo", active=False)

    snoozes.end_due(acme.work, now=EVENING)

    assert found(acme, one).is_waiting


def test_a_snooze_without_an_agent_ends_in_the_queue(acme: Acme, queue: Recorded):
    """E71"""
    [one] = acme.waiting(1)
    snooze(acme, one)
    queue.runs.clear()

    snoozes.end_due(acme.work, now=EVENING)

    assert found(acme, one).waiting_since == EVENING
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_the_customer_ends_a_snooze_before_its_time(acme: Acme):
    """E71"""
    [one] = acme.held("Bo", 1)
    snooze(acme, one)

    after = write(acme, one)

    assert (after.status, after.snoozed_until) == (Status.OPEN, None)
    assert snoozes.end_due(acme.work, now=EVENING) == 0


def test_a_snooze_without_an_instant_ends_only_when_the_customer_writes(acme: Acme):
    """E71"""
    [one] = acme.held("Bo", 1)
    snooze(acme, one, until=None)

    assert snoozes.end_due(acme.work, now=EVENING + timedelta(days=365)) == 0
    assert write(acme, one).status is Status.OPEN


@pytest.mark.parametrize("status", [Status.OPEN, Status.PENDING, Status.RESOLVED])
def test_whatever_ends_a_snooze_takes_its_instant_with_it(acme: Acme, status: Status):
    """E71: a conversation that is snoozed once more, without an instant, does not come back at the older one."""
    [one] = acme.held("Bo", 1)
    snooze(acme, one)

    change(acme, one, status=status)
    change(acme, one, status=Status.SNOOZED)

    assert found(acme, one).snoozed_until is None


def test_a_snooze_that_somebody_moved_meanwhile_is_left_alone(acme: Acme):
    """E71: the look found it due, and the row says otherwise once it is locked."""
    [one] = acme.held("Bo", 1)
    snooze(acme, one)
    change(acme, one, status=Status.SNOOZED, snoozed_until=EVENING + timedelta(days=1))

    assert not acme.work.finished(change_conversation.end_snooze(acme.work, acme.account_id, one, now=EVENING))
    assert found(acme, one).status is Status.SNOOZED


def test_an_instant_that_has_passed_ends_no_snooze(acme: Acme):
    """E71"""
    [one] = acme.waiting(1)
    wanted = ConversationChange(status=Status.SNOOZED, snoozed_until=LATER)

    refused = acme.work.finished(
        change_conversation.change(acme.work, acme.account_id, one, wanted, actor_id=None, now=LATER)
    )

    assert isinstance(refused, Invalid)
    assert refused.errors == {"snoozed_until": ("This instant has passed.",)}
    assert found(acme, one).status is Status.OPEN
