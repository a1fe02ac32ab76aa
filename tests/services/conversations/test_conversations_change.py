"""What becomes of a conversation when people, customers and rules touch it, and which runs follow."""

import pytest
from sqlalchemy import select, update

from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations.conversation_forms import ConversationChange, Message, MessageType
from dashboard.services.core.refusals import Invalid
from dashboard.store.conversations.contacts import ContactDraft, ensure
from dashboard.store.models import AccountUser, Assignment, Conversation
from tests.desks import NOON, Acme, Recorded
from tests.handling import LATER, change, events, leave, ledger


def test_assigning_transferring_and_releasing_by_hand_are_each_recorded_with_who_did_it(acme: Acme):
    """E29"""
    [one] = acme.waiting(1)

    change(acme, one, assignee_id=acme.agents["Bo"])
    change(acme, one, assignee_id=acme.agents["Cleo"])
    released = change(acme, one, assignee_id=None)

    assert ledger(acme) == [
        (Source.BY_HAND, "-", "Bo", None),
        (Source.BY_HAND, "Bo", "Cleo", None),
        (Source.RELEASE, "Cleo", "-", "by_hand"),
    ]
    assert set(acme.work.session.scalars(select(Assignment.actor_id))) == {acme.agents["Ana"]}
    assert (released.waiting_since, released.assigned_at) == (LATER, None)
    assert events(acme) == ["assignee_changed", "conversation_updated"] * 3


def test_nobody_s_limits_or_presence_stand_in_the_way_of_a_person(acme: Acme):
    """E29"""
    acme.policy()
    acme.capacity("Dov", {"Support": 0})
    [one] = acme.waiting(1)

    after = change(acme, one, assignee_id=acme.agents["Dov"])

    assert after.assignee_id == acme.agents["Dov"]


@pytest.mark.parametrize("wanted", [{"status": Status.OPEN}, {"labels": ()}, {"subject": None}, {}])
def test_what_changes_nothing_writes_nothing_and_starts_nothing(acme: Acme, queue: Recorded, wanted: dict[str, object]):
    """E29"""
    [one] = acme.held("Bo", 1)

    change(acme, one, assignee_id=acme.agents["Bo"], **wanted)

    assert (ledger(acme), events(acme), queue.runs) == ([], [], [])


def test_a_release_starts_a_run_of_its_inbox(acme: Acme, queue: Recorded):
    """E30"""
    [one] = acme.held("Cleo", 1)

    change(acme, one, assignee_id=None)

    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


@pytest.mark.parametrize(
    "wanted", [{"status": Status.RESOLVED}, {"status": Status.SNOOZED}, {"status": Status.PENDING}]
)
def test_room_that_was_made_starts_runs_wherever_its_agent_may_get_something(
    acme: Acme, queue: Recorded, wanted: dict[str, object]
):
    """E30: Ana answers both inboxes, and a limit over all of them may have kept her from either."""
    acme.waiting(1, "Sales")
    acme.waiting(1, "Support")
    [held] = acme.held("Ana", 1, "Support")

    change(acme, held, **wanted)

    assert [inbox for _, inbox, _ in queue.runs] == [acme.support, acme.sales]


def test_a_transfer_makes_room_for_the_team_s_work_too(acme: Acme, queue: Recorded):
    """E30"""
    team = acme.team("Tier 2", "Cleo")
    acme.waiting(1, "Sales", team_id=team)
    [held] = acme.held("Cleo", 1, "Support")

    change(acme, held, assignee_id=acme.agents["Bo"])

    assert [inbox for _, inbox, _ in queue.runs] == [acme.sales]


def test_where_nothing_waits_room_starts_no_run(acme: Acme, queue: Recorded):
    [held] = acme.held("Ana", 1)

    change(acme, held, status=Status.RESOLVED)

    assert queue.runs == []


def test_a_contact_who_is_served_no_more_frees_what_waited_for_that(acme: Acme, queue: Recorded):
    """E10, E30: Cleo does not answer Sales, but her conversation was what kept it from being given out."""
    acme.policy("Sales", one_agent_per_contact=True)
    [waiting] = acme.waiting(1, "Sales")
    held = acme.held("Cleo", 1, "Support")
    _same_contact(acme, [waiting, *held])

    change(acme, held[0], status=Status.RESOLVED)

    assert [inbox for _, inbox, _ in queue.runs] == [acme.sales]


def _same_contact(acme: Acme, ids: list[int]) -> None:
    contact = ensure(acme.work.session, acme.account_id, [ContactDraft(identifier="kim")])["kim"]
    acme.work.session.execute(update(Conversation).where(Conversation.id.in_(ids)).values(contact_id=contact))
    acme.work.session.commit()


def test_a_label_that_is_taken_off_starts_a_run_and_one_that_is_put_on_does_not(acme: Acme, queue: Recorded):
    """E30"""
    [one] = acme.waiting(1, labels=["vip"])

    change(acme, one, labels=("vip", "urgent"))
    put_on = list(queue.runs)
    after = change(acme, one, labels=("urgent", "urgent"))

    assert put_on == []
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]
    assert after.labels == ("urgent",)


def test_resolving_keeps_the_agent_and_reopening_gives_it_back_to_them(acme: Acme):
    [one] = acme.held("Bo", 1)

    resolved = change(acme, one, status=Status.RESOLVED)
    reopened = change(acme, one, status=Status.OPEN)

    assert (resolved.assignee_id, resolved.resolved_at) == (acme.agents["Bo"], LATER)
    assert (reopened.assignee_id, reopened.resolved_at, reopened.waiting_since) == (acme.agents["Bo"], None, None)
    assert events(acme) == ["conversation_status_changed", "conversation_updated"] * 2


def test_moved_to_a_team_the_agent_stays_only_if_they_belong_to_it(acme: Acme):
    team = acme.team("Tier 2", "Bo")
    [with_bo], [with_cleo] = acme.held("Bo", 1), acme.held("Cleo", 1)

    stays, goes = change(acme, with_bo, team_id=team), change(acme, with_cleo, team_id=team)

    assert (stays.assignee_id, goes.assignee_id) == (acme.agents["Bo"], None)
    assert ledger(acme) == [(Source.RELEASE, "Cleo", "-", "team_moved")]


def test_a_waiting_conversation_that_moves_to_a_team_starts_a_run(acme: Acme, queue: Recorded):
    [one] = acme.waiting(1)

    change(acme, one, team_id=acme.team("Tier 2", "Bo"))

    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_what_a_run_gave_to_somebody_who_left_the_inbox_is_released_at_its_next_save(acme: Acme, queue: Recorded):
    """E31"""
    acme.policy()
    acme.online("Bo")
    [one] = acme.waiting(1)
    acme.run()
    leave(acme, "Bo")

    after = change(acme, one, subject="Still no sound")

    assert (after.assignee_id, after.waiting_since) == (None, LATER)
    assert ledger(acme)[-1] == (Source.RELEASE, "Bo", "-", "left_inbox")
    assert set(acme.work.session.scalars(select(Assignment.actor_id))) == {None}
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_what_a_person_gave_to_somebody_who_left_the_inbox_stands(acme: Acme):
    """E31"""
    [one] = acme.waiting(1)
    change(acme, one, assignee_id=acme.agents["Bo"])
    leave(acme, "Bo")

    after = change(acme, one, subject="Still no sound")

    assert after.assignee_id == acme.agents["Bo"]


def test_a_conversation_reopened_to_a_deactivated_agent_is_released(acme: Acme):
    """E31"""
    [one] = acme.held("Bo", 1, status=Status.RESOLVED, resolved_at=NOON)
    acme.work.session.execute(update(AccountUser).where(AccountUser.user_id == acme.agents["Bo"]).values(active=False))
    acme.work.session.commit()

    after = change(acme, one, status=Status.OPEN)

    assert after.is_waiting
    assert ledger(acme) == [(Source.RELEASE, "Bo", "-", "agent_removed")]


def test_a_stranger_s_conversation_is_not_there_and_a_stranger_is_no_assignee(acme: Acme):
    [one] = acme.waiting(1)
    globex, incoming = acme.account_id + 1, Message(message_type=MessageType.INCOMING)

    not_there = acme.work.finished(
        change_conversation.change(acme.work, globex, one, ConversationChange(subject="Mine"), actor_id=None, now=NOON)
    )
    silent = acme.work.finished(change_conversation.message(acme.work, globex, one, incoming, actor_id=None, now=NOON))
    refused = acme.work.finished(
        change_conversation.change(
            acme.work,
            acme.account_id,
            one,
            ConversationChange(assignee_id=acme.stranger_id, team_id=99),
            actor_id=None,
            now=NOON,
        )
    )

    assert (not_there, silent) == (None, None)
    assert isinstance(refused, Invalid)
    assert set(refused.errors) == {"assignee_id", "team_id"}
