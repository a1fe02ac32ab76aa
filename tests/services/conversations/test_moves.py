"""A conversation is moved to another inbox, with whom and what belongs there too."""

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest
from sqlalchemy import update

from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.conversations import bulk_change
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations.bulk_change import BulkResult
from dashboard.services.conversations.conversation_forms import ConversationChange, Message, MessageType
from dashboard.services.core.refusals import Invalid
from dashboard.store.assignment import open_counts
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.models import Conversation
from dashboard.store.postgres import database, locks
from dashboard.store.postgres.database import Session
from tests.desks import Acme, Recorded, add_inbox
from tests.handling import LATER, change, events, ledger


def test_a_waiting_conversation_waits_in_its_new_inbox_since_the_same_instant(acme: Acme, queue: Recorded):
    """E70"""
    [one] = acme.waiting(1)
    since = _found(acme, one).waiting_since

    after = change(acme, one, inbox_id=acme.sales)

    assert (after.inbox_id, after.waiting_since) == (acme.sales, since)
    assert queue.runs == [(acme.account_id, acme.sales, Source.REALTIME)]
    assert (ledger(acme), events(acme)) == ([], ["conversation_updated"])
    assert open_counts.waiting(acme.work.session, acme.account_id, acme.support) == {}
    assert open_counts.waiting(acme.work.session, acme.account_id, acme.sales) == {None: 1}


def test_an_agent_who_answers_the_new_inbox_keeps_it_and_has_room_in_the_old_one(acme: Acme, queue: Recorded):
    """E70, E30: Bo answers both; his limit in Support counts one less."""
    acme.waiting(1)
    [one] = acme.held("Bo", 1)

    after = change(acme, one, inbox_id=acme.sales)

    assert after.assignee_id == acme.agents["Bo"]
    assert ledger(acme) == []
    assert [inbox for _, inbox, _ in queue.runs] == [acme.support]


def test_an_agent_who_does_not_answer_the_new_inbox_loses_it(acme: Acme, queue: Recorded):
    """E70: Cleo answers Support only; seen to keep it without the rule."""
    acme.waiting(1)
    [one] = acme.held("Cleo", 1)

    after = change(acme, one, inbox_id=acme.sales)

    assert (after.is_waiting, after.waiting_since) == (True, LATER)
    assert ledger(acme) == [(Source.RELEASE, "Cleo", "-", "moved")]
    assert [inbox for _, inbox, _ in queue.runs] == [acme.support, acme.sales]


def test_a_team_goes_along_only_where_a_member_of_the_inbox_is_in_it(acme: Acme):
    """E70"""
    night, day = acme.team("Night", "Cleo"), acme.team("Day", "Bo", "Cleo")
    lost, kept = acme.waiting(1, team_id=night), acme.waiting(1, team_id=day)

    assert change(acme, lost[0], inbox_id=acme.sales).team_id is None
    assert change(acme, kept[0], inbox_id=acme.sales).team_id == day


def test_a_team_or_an_agent_that_is_named_with_the_move_is_taken(acme: Acme):
    """E70, E29: a person's word is unconditional."""
    night = acme.team("Night", "Cleo")
    [one] = acme.held("Bo", 1)

    after = change(acme, one, inbox_id=acme.sales, team_id=night, assignee_id=acme.agents["Cleo"])

    assert (after.inbox_id, after.team_id, after.assignee_id) == (acme.sales, night, acme.agents["Cleo"])
    assert ledger(acme) == [(Source.BY_HAND, "Bo", "Cleo", None)]


@pytest.mark.parametrize("inbox", ["stranger", "nowhere"])
def test_another_account_s_inbox_is_none(acme: Acme, inbox: str):
    """E70"""
    [one] = acme.waiting(1)
    inbox_id = acme.stranger_inbox_id if inbox == "stranger" else 404

    refused = acme.work.finished(
        change_conversation.change(
            acme.work,
            acme.account_id,
            one,
            ConversationChange(inbox_id=inbox_id),
            actor_id=acme.agents["Ana"],
            now=LATER,
        )
    )

    assert isinstance(refused, Invalid)
    assert refused.errors == {"inbox_id": ("There is no such inbox in this account.",)}


def test_an_inbox_that_has_the_same_external_id_takes_no_second_one(acme: Acme):
    """E70: an external id means one conversation of its inbox."""
    [one], [_] = acme.waiting(1, external_id="T-1"), acme.waiting(1, "Sales", external_id="T-1")
    wanted = ConversationChange(inbox_id=acme.sales)

    alone = acme.work.finished(
        change_conversation.change(acme.work, acme.account_id, one, wanted, actor_id=None, now=LATER)
    )
    together = acme.work.finished(
        bulk_change.change_all(acme.work, acme.account_id, [one], wanted, actor_id=acme.agents["Ana"], now=LATER)
    )

    for refused in (alone, together):
        assert isinstance(refused, Invalid)
        assert refused.errors == {"inbox_id": ("That inbox has a conversation with the external id T-1.",)}
    assert _found(acme, one).inbox_id == acme.support


def test_two_of_one_external_id_are_not_moved_into_one_inbox(acme: Acme):
    """E70"""
    billing = acme.inboxes["Billing"] = add_inbox(acme.work.session, acme.account_id, "Billing")
    both = [*acme.waiting(1, external_id="T-1"), *acme.waiting(1, "Sales", external_id="T-1")]

    refused = acme.work.finished(
        bulk_change.change_all(
            acme.work,
            acme.account_id,
            both,
            ConversationChange(inbox_id=billing),
            actor_id=acme.agents["Ana"],
            now=LATER,
        )
    )

    assert isinstance(refused, Invalid)
    assert [_found(acme, one).inbox_id for one in both] == [acme.support, acme.sales]


def test_several_are_moved_together(acme: Acme, queue: Recorded):
    """E70"""
    held, waiting = acme.held("Cleo", 1), acme.waiting(2)
    there = acme.waiting(1, "Sales")

    done = acme.work.finished(
        bulk_change.change_all(
            acme.work,
            acme.account_id,
            [*held, *waiting, *there],
            ConversationChange(inbox_id=acme.sales),
            actor_id=acme.agents["Ana"],
            now=LATER,
        )
    )

    assert done == BulkResult(changed=3, unchanged=1, missing=0, released=1)
    assert {_found(acme, one).inbox_id for one in [*held, *waiting, *there]} == {acme.sales}
    assert (acme.account_id, acme.sales, Source.REALTIME) in queue.runs


def _resolve(acme: Acme, one: int) -> None:
    change(acme, one, status=Status.RESOLVED)


def _write(acme: Acme, one: int) -> None:
    said = Message(message_type=MessageType.INCOMING)
    acme.work.finished(change_conversation.message(acme.work, acme.account_id, one, said, actor_id=None, now=LATER))


def _resolve_in_bulk(acme: Acme, one: int) -> None:
    wanted = ConversationChange(status=Status.RESOLVED)
    acme.work.finished(
        bulk_change.change_all(acme.work, acme.account_id, [one], wanted, actor_id=acme.agents["Ana"], now=LATER)
    )


@pytest.mark.parametrize("act", [_resolve, _write, _resolve_in_bulk])
def test_a_conversation_that_is_moved_meanwhile_is_changed_where_it_is(
    acme: Acme, settings: Settings, monkeypatch: pytest.MonkeyPatch, act: Callable[[Acme, int], None]
):
    """E70: it is found in one inbox and locked in another, whose lock is taken then. Seen to hold only Support."""
    [one] = acme.waiting(1)
    held: list[set[int]] = []
    share, other = locks.share_inboxes, database.connect(settings.database_url)

    def share_after_a_move(session: Session, inbox_ids: Collection[int]) -> None:
        if not held:
            with other.begin() as connection:
                connection.execute(update(Conversation).where(Conversation.id == one).values(inbox_id=acme.sales))
        held.append(set(inbox_ids))
        share(session, inbox_ids)

    monkeypatch.setattr(locks, "share_inboxes", share_after_a_move)
    before = _found(acme, one)
    act(acme, one)
    other.dispose()

    after = _found(acme, one)
    assert held == [{acme.support}, {acme.sales}]
    assert after.inbox_id == acme.sales
    assert after != replace(before, inbox_id=acme.sales)


def _found(acme: Acme, conversation_id: int) -> ConversationRow:
    row = conversations.get(acme.work.session, acme.account_id, conversation_id)
    acme.work.session.rollback()
    return row
