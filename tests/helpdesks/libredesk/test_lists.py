"""Lists of Libredesk's conversations, which tell little and order less."""

from datetime import UTC, datetime

import pytest

from dashboard.engine.model import Presence, Status
from dashboard.helpdesks.port import HelpdeskUnavailable
from tests.helpdesks.libredesk.shop import CHAT, MAIL, MIRA, RETURNS, ROBOT, TOM, Shop, all_of

BOTH = [str(MAIL), str(CHAT)]


def test_a_list_knows_its_inbox_from_the_query_and_no_labels(shop: Shop):
    """C6"""
    mail, chat = shop.waits(tags=["vip"]), shop.waits(inbox_id=CHAT)

    found = all_of(lambda after: shop.helpdesk.read_open(BOTH, after))

    assert {one.id: (one.inbox_id, one.labels) for one in found} == {mail.id: ("2", None), chat.id: ("3", None)}


def test_waiting_are_the_open_ones_that_nobody_has_assistants_counted_as_somebody(shop: Shop):
    """C11"""
    waiting = shop.waits(assigned_team_id=RETURNS)
    with_robot, with_mira = shop.waits(assigned_user_id=ROBOT), shop.waits(assigned_user_id=MIRA)
    shop.waits(status="Snoozed")

    found = all_of(lambda after: shop.helpdesk.read_waiting(BOTH, after))

    assert [one.id for one in found] == [waiting.id]
    assert shop.read(with_robot).taken
    assert shop.read(with_mira).assignee_id == str(MIRA)


def test_open_ones_are_read_oldest_first_over_pages_with_one_total(shop: Shop):
    """C6"""
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 700, "age": 9_000, "every": 1}])
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 3, "age": 99}])

    first = shop.helpdesk.read_open(BOTH)
    found = all_of(lambda after: shop.helpdesk.read_open(BOTH, after))

    assert (len(first.conversations), first.total) == (500, 703)
    assert [int(one.display_id) for one in found] == list(range(100, 803))


def test_a_page_skips_nobody_when_earlier_ones_leave_the_list(shop: Shop):
    """C9"""
    uuids = shop.there.load(conversations=[{"inbox_id": MAIL, "count": 700, "age": 9_000, "every": 1}])
    first = shop.helpdesk.read_open([str(MAIL)])
    for uuid in uuids[:20]:
        shop.there.act("resolve", conversation=uuid)

    second = shop.helpdesk.read_open([str(MAIL)], first.next)

    assert [one.id for one in second.conversations] == uuids[500:]
    assert second.next is None


def test_a_page_that_ends_within_one_instant_skips_none_of_it(shop: Shop):
    """C9: nothing there orders what was created in one instant."""
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 300, "age": 90, "every": 0}])
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 400, "age": 60, "every": 0}])

    found = all_of(lambda after: shop.helpdesk.read_open([str(MAIL)], after))

    assert {int(one.display_id) for one in found} == set(range(100, 800))


def test_more_than_a_page_of_one_instant_is_read_bit_by_bit(shop: Shop):
    """C9: pages of equal ones overlap, so the rest is found by later readings; none of it is taken for gone."""
    uuids = shop.there.load(conversations=[{"inbox_id": MAIL, "count": 1_200, "age": 60, "every": 0}])
    first = {one.id for one in all_of(lambda after: shop.helpdesk.read_open([str(MAIL)], after))}

    found, readings = set(first), 1
    while found != set(uuids) and readings < 50:
        found |= {one.id for one in all_of(lambda after: shop.helpdesk.read_open([str(MAIL)], after))}
        readings += 1

    assert len(first) < len(uuids)
    assert found == set(uuids)


def test_no_inboxes_are_no_conversations_and_no_calls(shop: Shop):
    """C6"""
    page = shop.helpdesk.read_open([])

    assert (list(page.conversations), page.next) == ([], None)
    assert shop.paths() == []


@pytest.mark.parametrize("version", ["1.0.0", "2.1.0", "2.2.0", "2.5.0"])
def test_older_versions_are_read_although_their_lists_tell_less(shop: Shop, version: str):
    """C1"""
    shop.reset(version=version)
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 120, "age": 600, "every": 1, "assigned_user_id": MIRA}])
    shop.waits(status="Resolved")

    found = all_of(lambda after: shop.helpdesk.read_open([str(MAIL)], after))

    assert [int(one.display_id) for one in found] == list(range(100, 220))
    assert {one.assignee_id for one in found} == {str(MIRA)}
    assert {one.status for one in found} == {Status.OPEN}
    assert shop.helpdesk.read_presence() == {str(MIRA): Presence.ONLINE, str(TOM): Presence.AWAY_MANUAL}
    assert shop.helpdesk.about().version == version


@pytest.mark.parametrize("kind", ["500", "502_html", "reset", "truncated_json", "null_answer", "429"])
def test_an_answer_without_sense_is_no_empty_list(shop: Shop, kind: str):
    """C9"""
    shop.there.fault(kind, path="/conversations/all", times=None)

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.read_open(BOTH)


def test_times_have_any_offset_and_fraction(shop: Shop):
    """C1"""
    shop.reset(offset=330)
    key = shop.waits(created_at="2026-08-08T11:00:00.1+00:00")

    seen = shop.read(key)
    page = shop.helpdesk.read_open([str(MAIL)])

    assert seen.created_at == datetime(2026, 8, 8, 11, 0, 0, 100_000, tzinfo=UTC)
    assert page.conversations[0].created_at == seen.created_at
