"""What Chatwoot tells of the past."""

from datetime import datetime, timedelta

from dashboard.helpdesks.values import PastConversation
from tests.helpdesks.chatwoot.shop import CHAT, MAIL, MIRA, NOON, TOM, Shop

NOW = datetime.fromisoformat(NOON)
DAY = 86_400


def past(shop: Shop, since: datetime) -> list[PastConversation]:
    """Read all of it."""
    after, read = None, list[PastConversation]()
    while True:
        page = shop.helpdesk.read_history([str(CHAT)], since, after)
        read += page.conversations
        if (after := page.next) is None:
            return read


def test_the_end_of_a_conversation_and_who_had_it_then_come_from_reporting_events(shop: Shop):
    """C24"""
    ended_at = NOW - timedelta(hours=3)
    shop.there.load(
        conversations=[{"inbox_id": CHAT, "age": DAY, "assignee_id": TOM, "resolved_at": ended_at.isoformat()}]
    )
    shop.there.act("assign_by_hand", conversation=1, agent=MIRA)

    [told] = past(shop, NOW - timedelta(days=2))

    assert (told.resolved_at, told.assignee_id, told.assigned_at) == (ended_at, str(TOM), None)


def test_without_enterprise_the_end_is_left_empty_and_never_guessed(shop: Shop):
    """C24"""
    shop.reset(enterprise=False)
    shop.there.load(conversations=[{"inbox_id": CHAT, "age": DAY, "count": 5, "resolved_at": NOON, "assignee_id": TOM}])

    told = past(shop, NOW - timedelta(days=2))

    assert [(one.resolved_at, one.assignee_id) for one in told] == [(None, str(TOM))] * 5
    assert len(shop.calls("/reporting_events")) == 1


def test_the_first_page_of_the_past_is_found_by_halving(shop: Shop):
    """C24"""
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 1000, "age": 100 * DAY, "every": DAY // 10}])
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 30, "age": DAY}])

    told = past(shop, NOW - timedelta(days=7))

    assert len(told) == 70
    assert told == sorted(told, key=lambda one: one.created_at)
    assert len(shop.calls("/conversations")) < 15
