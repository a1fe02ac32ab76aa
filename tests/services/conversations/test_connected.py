"""Conversations of a helpdesk: who changes what, and what is written there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.engine.decisions import Source
from dashboard.engine.model import ConnectionMode, Hold, Presence, Status
from dashboard.services.agents import agents
from dashboard.services.conversations import bulk_change, change, conversations, release_unattended, save
from dashboard.services.conversations.conversation_forms import (
    ConversationChange,
    ConversationDraft,
    Message,
    MessageType,
)
from dashboard.services.conversations.release_unattended import Holders
from dashboard.services.conversations.timed import snoozes
from dashboard.services.conversations.transitions import Transition
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.store.conversations import conversations as store
from dashboard.store.models import ConnectedAgent
from dashboard.store.models.helpdesk_writes import WriteKind
from tests import handling
from tests.connected import Connected, connect
from tests.desks import NOON, Acme, Recorded
from tests.handling import LATER, leave, ledger, set_availability


def asked(acme: Acme, conversation_id: int, **wanted: object):
    done = change.change(
        acme.work, acme.account_id, conversation_id, ConversationChange(**wanted), actor_id=None, now=LATER
    )
    return acme.work.finished(done)


def rules(acme: Acme, conversation_id: int, *, incoming: bool = False):
    row = store.lock(acme.work.session, acme.account_id, conversation_id)
    return acme.work.finished(change.apply_rules(acme.work, row, incoming=incoming, now=LATER))


def mirrored(acme: Acme, conversation_id: int, **facts: object):
    before = store.lock(acme.work.session, acme.account_id, conversation_id)
    cause = ActorContext(actor_id=None, now=LATER, mirrored=True)
    return acme.work.finished(save.save(acme.work, before, Transition(replace(before, **facts)), cause))


def of_engine(acme: Acme, desk: Connected) -> int:
    return desk.held("Ana", 1, assigned_by_engine=True)[0]


def test_an_assignment_transfer_or_release_by_hand_is_a_write_that_keeps_whom_it_replaces(acme: Acme, queue: Recorded):
    """C13, E29: the owner after the writes before it."""
    desk = connect(acme)
    [one] = desk.waiting(1)

    for name in ("Ana", "Bo", None):
        handling.change(acme, one, assignee_id=acme.agents[name] if name else None)

    writes = desk.writes()
    assert [(w.kind, w.agent_id, w.expected_assignee, w.run_id) for w in writes] == [
        (WriteKind.BY_HAND, acme.agents["Ana"], None, None),
        (WriteKind.BY_HAND, acme.agents["Bo"], f"a{acme.agents['Ana']}", None),
        (WriteKind.BY_HAND, None, f"a{acme.agents['Bo']}", None),
    ]
    assert {(w.at, w.due_at) for w in writes} == {(LATER, LATER)}
    assert queue.writes == [(acme.account_id, desk.id)] * 3


def test_what_changes_nothing_writes_nothing(acme: Acme, queue: Recorded):
    """C13, E29"""
    desk = connect(acme)
    [one] = desk.held("Ana", 1)

    handling.change(acme, one, assignee_id=acme.agents["Ana"], status=Status.OPEN)

    assert (desk.writes(), queue.writes) == ([], [])


def test_a_release_by_a_rule_is_a_write_of_nobody_guarded_by_our_agent(acme: Acme):
    """C13, E31"""
    desk = connect(acme)
    one = of_engine(acme, desk)
    leave(acme, "Ana")

    rules(acme, one)

    [write] = desk.writes()
    assert (write.kind, write.agent_id, write.expected_assignee) == (
        WriteKind.RELEASE,
        None,
        f"a{acme.agents['Ana']}",
    )
    assert ledger(acme) == [(Source.RELEASE, "Ana", "-", "left_inbox")]


def test_a_customers_message_releases_from_who_reassigns(acme: Acme):
    """C13, E36"""
    desk = connect(acme)
    one = of_engine(acme, desk)
    set_availability(acme, "Ana", Presence.AWAY_AND_REASSIGNING)

    rules(acme, one)
    assert desk.writes() == []
    rules(acme, one, incoming=True)
    assert [write.kind for write in desk.writes()] == [WriteKind.RELEASE]


def test_a_deactivated_agents_conversations_are_released_there_too(acme: Acme, queue: Recorded):
    """C13, E31"""
    desk = connect(acme)
    ids = desk.held("Ana", 2)
    acme.held("Ana", 1, "Sales")

    acme.work.finished(agents.deactivate(acme.work, acme.account_id, acme.agents["Ana"], actor_id=None, now=LATER))

    assert [(w.conversation_id, w.kind, w.expected_assignee) for w in desk.writes()] == [
        (one, WriteKind.RELEASE, f"a{acme.agents['Ana']}") for one in ids
    ]
    assert queue.writes == [(acme.account_id, desk.id)]


@pytest.mark.parametrize("mode", [ConnectionMode.SHADOW, ConnectionMode.OFF])
def test_no_rule_touches_what_the_helpdesk_alone_assigns(acme: Acme, mode):
    """C19: leaving live un-assigns nothing."""
    desk = connect(acme, mode=mode)
    one = of_engine(acme, desk)
    leave(acme, "Ana")

    rules(acme, one, incoming=True)
    asked(acme, one, status=Status.OPEN)
    acme.work.finished(agents.deactivate(acme.work, acme.account_id, acme.agents["Ana"], actor_id=None, now=LATER))

    assert acme.assignees([one]) == ["Ana"]
    assert desk.writes() == []


def test_what_comes_from_the_mirror_is_written_nowhere_and_the_ledger_names_the_helpdesk(acme: Acme, queue: Recorded):
    """C13, C16"""
    desk = connect(acme)
    [one] = desk.waiting(1)

    mirrored(acme, one, assignee_id=acme.agents["Ana"])
    mirrored(acme, one, assignee_id=None)

    assert (desk.writes(), queue.writes) == ([], [])
    assert ledger(acme) == [
        (Source.BY_HAND, "-", "Ana", "in_helpdesk"),
        (Source.RELEASE, "Ana", "-", "in_helpdesk"),
    ]


@pytest.mark.parametrize(
    ("until", "runs"),
    [
        ((LATER + timedelta(minutes=9), None), 1),
        ((LATER + timedelta(seconds=3), LATER + timedelta(seconds=1)), 1),
        ((LATER + timedelta(seconds=1), LATER + timedelta(seconds=3)), 0),
        ((None, LATER + timedelta(seconds=3)), 0),
    ],
)
def test_a_hold_that_ends_sooner_starts_a_run(acme: Acme, queue: Recorded, until, runs):
    """C15, E30"""
    desk = connect(acme)
    [one] = desk.waiting(1)
    before, after = until
    desk.hold([one], before)

    mirrored(acme, one, held_until=after, held_for=Hold.SETTLING if after else None)

    assert len(queue.runs) == runs


def test_a_persons_decision_here_ends_a_hold_and_the_mirrors_does_not(acme: Acme):
    """C15"""
    desk = connect(acme)
    mine, theirs = desk.waiting(2)
    desk.hold([mine, theirs], LATER + timedelta(minutes=9), "hands_off")

    ours = handling.change(acme, mine, assignee_id=acme.agents["Ana"])
    kept = mirrored(acme, theirs, assignee_id=acme.agents["Ana"])

    assert (ours.held_until, ours.held_for) == (None, None)
    assert kept.held_for is Hold.HANDS_OFF


@pytest.mark.parametrize("mode", [ConnectionMode.SHADOW, ConnectionMode.OFF])
def test_an_assignment_by_hand_is_refused_where_nothing_is_written(acme: Acme, mode):
    """C13, C19"""
    desk = connect(acme, mode=mode)
    [one] = desk.waiting(1)

    refusal = asked(acme, one, assignee_id=acme.agents["Ana"])

    assert refusal == Conflict(
        sentence=f"This inbox of Our desk is {mode.value}, so nothing is assigned there from here."
    )
    assert acme.assignees([one]) == ["-"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"status": Status.RESOLVED},
        {"status": Status.SNOOZED, "snoozed_until": LATER + timedelta(hours=1)},
        {"priority": 1},
        {"labels": ("vip",)},
        {"subject": "Another"},
        {"labels": ("vip",), "assignee_id": None},
    ],
)
def test_what_the_helpdesk_decides_cannot_be_changed_here(acme: Acme, wanted):
    """C2, C22"""
    desk = connect(acme)
    [one] = desk.held("Ana", 1)

    refusal = asked(acme, one, **wanted)

    assert isinstance(refusal, Conflict)
    assert refusal.sentence.startswith("Our desk decides the status, labels, priority, team and inbox")
    assert desk.writes() == []


def test_neither_team_nor_inbox_of_a_helpdesks_conversation_changes_here(acme: Acme):
    """C2, C22: nor does a conversation of ours move into the helpdesk's inbox."""
    desk = connect(acme)
    [one], [ours] = desk.waiting(1), acme.waiting(1, "Sales")
    team = acme.team("Billing", "Ana")

    refusals = [
        asked(acme, one, team_id=team),
        asked(acme, one, inbox_id=acme.sales),
        asked(acme, ours, inbox_id=acme.support),
    ]

    assert all(isinstance(refusal, Conflict) for refusal in refusals)


def test_values_that_are_there_already_are_no_change(acme: Acme):
    """C22"""
    desk = connect(acme)
    [one] = desk.waiting(1)

    assert asked(acme, one, status=Status.OPEN, priority=None, labels=()).id == one


def test_an_agent_who_is_nobody_in_the_helpdesk_cannot_be_given_its_conversations(acme: Acme):
    """C13"""
    desk = connect(acme)
    [one] = desk.waiting(1)
    rows = acme.work.session.query(ConnectedAgent).filter_by(agent_id=acme.agents["Dov"])
    rows.update({"agent_id": None})
    acme.work.session.commit()

    refusal = asked(acme, one, assignee_id=acme.agents["Dov"])

    assert isinstance(refusal, Invalid)
    assert refusal.errors == {"assignee_id": ("Our desk does not know this agent; match them on its page first.",)}


def test_a_bulk_change_is_refused_as_a_whole(acme: Acme):
    """C2, C13"""
    desk = connect(acme, mode=ConnectionMode.SHADOW)
    ids = desk.waiting(1) + acme.waiting(1, "Sales")
    wanted = ConversationChange(assignee_id=acme.agents["Ana"])

    done = bulk_change.change_all(acme.work, acme.account_id, ids, wanted, actor_id=acme.agents["Ana"], now=LATER)
    acme.work.finished(done)

    assert isinstance(done, Conflict)
    assert acme.assignees(ids) == ["-", "-"]


def test_a_bulk_release_writes_each_of_a_live_inbox_and_signals_once(acme: Acme, queue: Recorded):
    """C13"""
    desk = connect(acme)
    ids = desk.held("Ana", 2) + acme.held("Ana", 1, "Sales")

    done = bulk_change.change_all(
        acme.work, acme.account_id, ids, ConversationChange(assignee_id=None), actor_id=acme.agents["Bo"], now=LATER
    )
    acme.work.finished(done)

    assert [write.conversation_id for write in desk.writes()] == ids[:2]
    assert queue.writes == [(acme.account_id, desk.id)]


def test_unattended_ones_of_a_shadow_inbox_are_not_released(acme: Acme):
    """C19, E75"""
    desk = connect(acme, mode=ConnectionMode.SHADOW)
    desk.held("Ana", 1)

    done = release_unattended.release(
        acme.work, acme.account_id, acme.support, Holders.ABSENT, actor_id=acme.agents["Bo"], now=NOON
    )

    assert isinstance(done, Conflict)


def test_messages_and_new_conversations_of_a_helpdesk_come_from_there_alone(acme: Acme):
    """C2"""
    desk = connect(acme)
    [one] = desk.waiting(1)
    said = Message(message_type=MessageType.INCOMING)

    by = {"actor_id": None, "now": LATER}
    written = change.message(acme.work, acme.account_id, one, said, **by)
    created = conversations.create(acme.work, acme.account_id, ConversationDraft(inbox_id=acme.support), **by)

    assert isinstance(written, Conflict)
    assert isinstance(created, Conflict)


def test_the_helpdesk_ends_its_own_snoozes(acme: Acme):
    """C2, E71"""
    desk = connect(acme)
    snoozed = {"status": Status.SNOOZED, "waiting_since": None, "snoozed_until": NOON}
    theirs, ours = desk.waiting(1, **snoozed), acme.waiting(1, "Sales", **snoozed)

    assert snoozes.end_due(acme.work, now=LATER) == 1
    assert store.get(acme.work.session, acme.account_id, ours[0]).status is Status.OPEN
    assert store.get(acme.work.session, acme.account_id, theirs[0]).status is Status.SNOOZED
    assert not change.end_snooze(acme.work, acme.account_id, theirs[0], now=LATER)
