"""Conversations are created once, by one or by the thousand, and each creation is heard of."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.conversations import conversations
from dashboard.services.conversations.conversation_forms import ConversationDraft
from dashboard.services.conversations.conversations import Created
from dashboard.services.core.refusals import Invalid
from dashboard.store.conversations.contacts import ContactDraft
from dashboard.store.models import Assignment, Contact, Conversation, OutboxEvent
from tests.desks import NOON, Acme, Recorded


def create(acme: Acme, **facts: object) -> Created:
    answer = acme.work.finished(
        conversations.create(acme.work, acme.account_id, a_draft(acme, **facts), actor_id=None, now=NOON)
    )
    assert isinstance(answer, Created)
    return answer


def a_draft(acme: Acme, **facts: object) -> ConversationDraft:
    return ConversationDraft(**{"inbox_id": acme.support, **facts})


def events_of(acme: Acme, conversation_id: int) -> list[str]:
    of_it = select(OutboxEvent.event).where(OutboxEvent.conversation_id == conversation_id)
    return list(acme.work.session.scalars(of_it.order_by(OutboxEvent.id)))


def test_a_new_conversation_waits_and_starts_a_run_of_its_inbox(acme: Acme, queue: Recorded):
    """E30"""
    made = create(acme, subject="No sound").conversation

    assert (made.status, made.assignee_id, made.waiting_since) == (Status.OPEN, None, NOON)
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]
    assert events_of(acme, made.id) == ["conversation_created"]


@pytest.mark.parametrize("status", [Status.PENDING, Status.SNOOZED, Status.RESOLVED])
def test_what_is_not_open_neither_waits_nor_starts_a_run(acme: Acme, queue: Recorded, status: Status):
    """E4"""
    made = create(acme, status=status).conversation

    assert made.waiting_since is None
    assert queue.runs == []


def test_the_same_external_id_in_an_inbox_is_the_same_conversation(acme: Acme, queue: Recorded):
    first = create(acme, external_id="T-1", subject="First")

    again = create(acme, external_id="T-1", subject="Second")
    elsewhere = create(acme, external_id="T-1", inbox_id=acme.sales)

    assert (first.is_new, again.is_new, elsewhere.is_new) == (True, False, True)
    assert again.conversation == first.conversation
    assert events_of(acme, first.conversation.id) == ["conversation_created"]
    assert [inbox for _, inbox, _ in queue.runs] == [acme.support, acme.sales]


def test_an_assignee_at_creation_is_an_assignment_by_hand(acme: Acme, queue: Recorded):
    """E29"""
    draft = a_draft(acme, assignee_id=acme.agents["Bo"])

    made = acme.work.finished(
        conversations.create(acme.work, acme.account_id, draft, actor_id=acme.agents["Ana"], now=NOON)
    )

    assert isinstance(made, Created)
    row = acme.work.session.scalars(select(Assignment)).one()
    assert (row.source, row.agent_id, row.actor_id) == (Source.BY_HAND, acme.agents["Bo"], acme.agents["Ana"])
    assert events_of(acme, made.conversation.id) == ["conversation_created", "assignee_changed", "conversation_updated"]
    assert queue.runs == []


def test_it_waits_since_it_was_created_and_was_last_active_then(acme: Acme):
    yesterday = NOON - timedelta(days=1)

    made = create(acme, created_at=yesterday).conversation

    assert (made.created_at, made.last_activity_at, made.waiting_since) == (yesterday, yesterday, yesterday)


def test_a_contact_is_made_once_and_keeps_the_name_that_was_given_last(acme: Acme):
    named = ContactDraft(identifier="kim@example.org", name="Kim")
    create(acme, contact=named)

    unnamed = create(acme, contact=ContactDraft(identifier="kim@example.org")).conversation
    renamed = create(acme, contact=ContactDraft(identifier="kim@example.org", name="Kim Lee")).conversation

    assert unnamed.contact is not None
    assert renamed.contact is not None
    assert (unnamed.contact.name, renamed.contact.name) == ("Kim", "Kim Lee")
    assert unnamed.contact.id == renamed.contact.id


def test_a_stranger_s_things_are_refused_by_field(acme: Acme):
    draft = a_draft(acme, inbox_id=acme.stranger_inbox_id, team_id=999, assignee_id=acme.stranger_id)

    answer = acme.work.finished(conversations.create(acme.work, acme.account_id, draft, actor_id=None, now=NOON))

    assert isinstance(answer, Invalid)
    assert set(answer.errors) == {"inbox_id", "team_id", "assignee_id"}


def test_a_thousand_at_once_take_as_many_statements_as_ten_and_start_one_run_per_inbox(acme: Acme, queue: Recorded):
    """E30, E32"""
    counts = [_statements_of_creating(acme, size) for size in (10, 1_000)]

    assert counts[0] == counts[1] <= 10
    assert queue.runs == [
        (acme.account_id, acme.support, Source.REALTIME),
        (acme.account_id, acme.sales, Source.REALTIME),
    ]
    assert len(acme.work.session.scalars(select(Conversation.id)).all()) == 1_010


def _statements_of_creating(acme: Acme, size: int) -> int:
    drafts = [
        a_draft(
            acme,
            inbox_id=(acme.support, acme.sales)[number % 2],
            external_id=f"{size}-{number}",
            contact=ContactDraft(identifier=f"c-{number}"),
            assignee_id=acme.agents["Ana"] if number % 5 == 0 else None,
        )
        for number in range(size)
    ]
    heard: list[object] = []
    connection = acme.work.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *about: heard.append(about))
    acme.work.finished(conversations.create_bulk(acme.work, acme.account_id, drafts, actor_id=None, now=NOON))
    return len(heard)


def test_of_many_at_once_those_that_exist_are_answered_in_their_place(acme: Acme):
    there = create(acme, external_id="B").conversation.id
    drafts = [a_draft(acme, external_id=name) for name in ("A", "B", "C", "A")]

    ids = acme.work.finished(conversations.create_bulk(acme.work, acme.account_id, drafts, actor_id=None, now=NOON))

    assert isinstance(ids, list)
    assert ids[1] == there
    assert ids[0] == ids[3]
    assert len(set(ids)) == 3


def test_of_many_at_once_one_bad_one_stops_them_all_and_is_named_by_its_place(acme: Acme, queue: Recorded):
    drafts = [a_draft(acme, contact=ContactDraft(identifier="kim")), a_draft(acme, team_id=999)]

    answer = acme.work.finished(conversations.create_bulk(acme.work, acme.account_id, drafts, actor_id=None, now=NOON))

    assert isinstance(answer, Invalid)
    assert list(answer.errors) == ["conversations.1.team_id"]
    assert acme.work.session.scalars(select(Contact)).all() == []
    assert queue.runs == []


def test_an_event_carries_its_own_id_and_the_conversation_as_it_stands(acme: Acme):
    made = create(acme, external_id="T-1", labels=("vip", "vip"), contact=ContactDraft(identifier="kim")).conversation

    [row] = acme.work.session.scalars(select(OutboxEvent)).all()
    assert (row.body["id"], row.body["event"], row.body["account_id"]) == (row.id, row.event, acme.account_id)
    told = row.body["conversation"]
    assert (told["id"], told["external_id"], told["labels"]) == (made.id, "T-1", ["vip"])
    assert told["contact"]["identifier"] == "kim"
    assert told["created_at"] == row.body["at"] == "2026-03-02T12:00:00.000000Z"
