"""Work in the hands of agents who are absent, or who do not answer the inbox, is counted and released."""

from datetime import timedelta

import pytest

from dashboard.engine.decisions import Source
from dashboard.engine.model import Awaiting, Presence, Status
from dashboard.services.board import unattended
from dashboard.services.board.unattended import Unattended, UnattendedConversation
from dashboard.services.conversations import release_unattended
from dashboard.services.conversations.conversation_forms import MessageType
from dashboard.services.conversations.release_unattended import Holders, ReleasedWork
from dashboard.store.conversations import conversations
from tests.desks import NOON, Acme, Recorded
from tests.handling import change, leave, ledger, set_availability, write


def of_support(acme: Acme) -> Unattended | None:
    found = unattended.of_inbox(acme.work, acme.account_id, acme.support, now=NOON)
    acme.work.session.rollback()
    return found


def release(acme: Acme, of: Holders) -> ReleasedWork:
    return acme.work.finished(
        release_unattended.release(
            acme.work, acme.account_id, acme.support, of, actor_id=acme.agents["Ana"], now=NOON + timedelta(seconds=1)
        )
    )


def test_what_absent_members_hold_is_counted_with_the_customers_who_wait_for_an_answer(acme: Acme):
    """E75: Bo is there; Cleo and Dov are not, and Dov has answered one of his two."""
    acme.online("Ana", "Bo")
    acme.held("Bo", 2)
    acme.held("Cleo", 1)
    answered, _ = acme.held("Dov", 2)
    acme.held("Dov", 1, status=Status.SNOOZED)
    write(acme, answered, MessageType.OUTGOING)

    assert of_support(acme) == Unattended(absent=UnattendedConversation(open=3, agents=2, unanswered=2))


@pytest.mark.parametrize("presence", [Presence.BUSY, Presence.AWAY, Presence.AWAY_MANUAL])
def test_who_is_busy_or_away_is_not_absent(acme: Acme, presence: Presence):
    """E75, E37: absent is offline, by hand or since nothing is heard."""
    acme.online("Bo")
    set_availability(acme, "Bo", presence)
    acme.held("Bo", 1)

    assert of_support(acme) == Unattended()


def test_what_is_held_by_who_does_not_answer_the_inbox_is_counted_apart(acme: Acme):
    """E75: Bo left Support, whether he is there or not."""
    acme.online("Bo")
    acme.held("Bo", 2)
    leave(acme, "Bo")

    assert of_support(acme) == Unattended(others=UnattendedConversation(open=2, agents=1, unanswered=2))


def test_a_team_answers_an_inbox_without_members(acme: Acme):
    """E75, E11"""
    acme.online("Bo")
    night = acme.team("Night", "Bo")
    acme.held("Bo", 1, team_id=night)
    for name in acme.agents:
        leave(acme, name)

    assert of_support(acme) == Unattended()


def test_what_is_unattended_is_released_by_hand(acme: Acme, queue: Recorded):
    """E75, E29"""
    acme.online("Ana", "Bo", at=NOON)
    kept, lost = acme.held("Bo", 1), acme.held("Cleo", 2)

    done = release(acme, Holders.ABSENT)

    assert done == ReleasedWork(released=2, left=0)
    assert acme.assignees([*kept, *lost]) == ["Bo", "-", "-"]
    assert ledger(acme) == [(Source.RELEASE, "Cleo", "-", "by_hand")] * 2
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_what_others_hold_is_released_and_members_keep_theirs(acme: Acme):
    """E75"""
    members, others = acme.held("Cleo", 1), acme.held("Bo", 1)
    leave(acme, "Bo")

    release(acme, Holders.OTHERS)

    assert acme.assignees([*members, *others]) == ["Cleo", "-"]


def test_one_press_releases_no_more_than_a_page_can_wait_for(acme: Acme, monkeypatch: pytest.MonkeyPatch):
    """E75: the oldest first, and the answer says that there are more."""
    monkeypatch.setattr(release_unattended, "MOST_AT_ONCE", 2)
    held = acme.held("Cleo", 3)

    assert release(acme, Holders.ABSENT).left == 1
    assert acme.assignees(held) == ["-", "-", "Cleo"]


def test_whom_a_conversation_awaits_follows_the_last_message(acme: Acme):
    """E75, E67: a late message and an automatic one change nothing; an end awaits nobody."""
    [one] = acme.held("Bo", 1)

    asked = write(acme, one).awaiting
    answered = write(acme, one, MessageType.OUTGOING).awaiting
    late = write(acme, one, at=NOON - timedelta(days=1)).awaiting
    automatic = write(acme, one, automatic=True).awaiting
    resolved = change(acme, one, status=Status.RESOLVED).awaiting
    again = write(acme, one).awaiting

    assert [asked, answered, late, automatic] == [Awaiting.AGENT, *[Awaiting.CUSTOMER] * 3]
    assert (resolved, again) == (None, Awaiting.AGENT)
    assert conversations.get(acme.work.session, acme.account_id, one).awaiting is Awaiting.AGENT
