"""The past, as far as Libredesk tells it (C24)."""

from datetime import timedelta

import pytest

from dashboard.helpdesks.values import PastConversation
from tests.helpdesks.libredesk.shop import CHAT, MAIL, MIRA, NOW, RETURNS, ROBOT, TOM, Shop

SINCE = NOW - timedelta(days=90)
DAY = 86_400


def past(shop: Shop) -> list[PastConversation]:
    """Read all of the past."""
    page = shop.helpdesk.read_history([str(MAIL), str(CHAT)], SINCE)
    found = list(page.conversations)
    while page.next is not None:
        page = shop.helpdesk.read_history([str(MAIL), str(CHAT)], SINCE, page.next)
        found += page.conversations
    return found


@pytest.mark.parametrize("version", ["1.0.0", "2.7.0"])
def test_a_conversation_is_told_with_its_times_team_labels_and_first_owner(shop: Shop, version: str):
    """C24"""
    shop.reset(version=version)
    key = shop.waits(age=600, priority_id=3)
    shop.there.act("set_team", conversation=key.id, team=RETURNS)
    shop.there.act("set_labels", conversation=key.id, labels=["vip"])
    shop.there.clock(advance=60)
    shop.there.act("assign_by_hand", conversation=key.id, agent=TOM, by=MIRA)
    shop.there.clock(advance=60)
    shop.there.act("agent_replies", conversation=key.id, by=TOM)
    shop.there.clock(advance=60)
    shop.there.act("resolve", conversation=key.id, by=TOM)

    assert past(shop) == [
        PastConversation(
            id=key.id,
            display_id="100",
            inbox_id=str(MAIL),
            created_at=NOW - timedelta(seconds=600),
            team_id=str(RETURNS),
            labels=("vip",),
            priority=2,
            contact="customer1@mail.example",
            assigned_at=NOW + timedelta(seconds=60),
            assignee_id=str(TOM),
            first_reply_at=NOW + timedelta(seconds=120),
            resolved_at=NOW + timedelta(seconds=180),
        )
    ]


def test_the_first_owner_of_several_is_known_only_if_it_took_the_conversation_itself(shop: Shop):
    """C24: activities name people, but give no id of theirs."""
    taken, given = shop.waits(age=9), shop.waits(age=8)
    for key, by in ((taken, TOM), (given, MIRA)):
        shop.there.act("assign_by_hand", conversation=key.id, agent=TOM, by=by)
        shop.there.act("assign_by_hand", conversation=key.id, agent=MIRA, by=MIRA)

    assert [(one.assignee_id, one.assigned_at) for one in past(shop)] == [(str(TOM), NOW), (None, NOW)]


def test_who_never_was_assigned_has_neither_owner_nor_time(shop: Shop):
    """C24"""
    shop.waits(age=9)

    [one] = past(shop)

    assert (one.assignee_id, one.assigned_at, one.first_reply_at, one.resolved_at) == (None, None, None, None)


def test_ended_ones_of_all_inboxes_are_read_once_each_and_older_ones_are_left_out(shop: Shop):
    """C24"""
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 60, "age": 5 * DAY, "every": 9, "status": "Closed"}])
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 2, "age": 4 * DAY, "every": 9}])
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 3, "age": 91 * DAY, "every": 9, "status": "Closed"}])

    found = past(shop)

    assert [int(one.display_id) for one in found] == list(range(100, 162))
    assert {one.inbox_id for one in found} == {str(MAIL), str(CHAT)}


def test_long_histories_are_read_to_their_first_assignment(shop: Shop):
    """C24: messages come newest first, a hundred a page."""
    key = shop.waits(age=9)
    shop.there.act("assign_by_hand", conversation=key.id, agent=TOM)
    shop.there.clock(advance=5)
    for number in range(130):
        shop.there.act("set_priority", conversation=key.id, priority=1 + number % 3)

    [one] = past(shop)

    assert (one.assigned_at, one.assignee_id) == (NOW, str(TOM))


def test_no_inboxes_have_no_past(shop: Shop):
    """C24"""
    page = shop.helpdesk.read_history([], SINCE)

    assert (list(page.conversations), page.next) == ([], None)


def test_an_assistant_was_an_owner_too(shop: Shop):
    """C24"""
    key = shop.waits(age=9)
    shop.there.act("bot_takes", conversation=key.id, bot=ROBOT)

    [one] = past(shop)

    assert one.assignee_id == str(ROBOT)
