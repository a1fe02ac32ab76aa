"""Tickets as conversations, with a real Request Tracker (C9, C11, C24, C26)."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.engine.model import Awaiting, Status
from dashboard.helpdesks.port import HelpdeskForbids
from dashboard.helpdesks.rt.adapter import RequestTracker
from tests.helpdesks.http import Changed, PlainHttp
from tests.helpdesks.rt.acts import CUSTOMER, People, as_user
from tests.helpdesks.worlds import World
from tests.waiting import eventually

pytestmark = [pytest.mark.rt, pytest.mark.gate]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "here"),
    [
        ("open", Status.OPEN),
        ("stalled", Status.SNOOZED),
        ("resolved", Status.RESOLVED),
        ("rejected", Status.RESOLVED),
    ],
)
def test_statuses_in_our_words(desk: World, people: People, status: str, here: Status):
    """C2"""
    key = people.new_conversation(desk.inbox_id)
    people.change(key, Status=status)

    assert desk.seen(key).status is here
    assert desk.seen(key).snoozed_until is None


def test_a_deleted_ticket_is_resolved_and_a_merged_one_is_gone(desk: World, people: People):
    """C12"""
    deleted, merged, kept = (people.new_conversation(desk.inbox_id) for _ in range(3))
    people.delete(deleted)
    people.change(merged, MergeInto=kept.id)

    assert desk.seen(deleted).status is Status.RESOLVED
    assert desk.helpdesk.read_one(merged) is None
    assert desk.seen(kept).waits


def test_a_ticket_that_we_may_not_see_is_gone_only_if_we_see_others(desk: World, people: People):
    """C9, C18"""
    key = people.new_conversation(desk.inbox_id)
    shown = people.new_conversation(people.shown_queue())

    assert as_user(desk, "viewer").read_one(key) is None
    assert as_user(desk, "viewer").read_one(shown) is not None
    with pytest.raises(HelpdeskForbids, match="ShowTicket"):
        as_user(desk, "stranger").read_one(key)


@pytest.mark.parametrize(("there", "here"), [(0, None), (10, 4), (50, 3), (100, 2), (120, 1)])
def test_priorities_in_our_numbers(desk: World, people: People, there: int, here: int | None):
    """C2"""
    key = people.new_conversation(desk.inbox_id)
    people.change(key, Priority=there)

    assert desk.seen(key).priority == here


def test_it_waits_since_the_first_message_that_nobody_has_answered(desk: World, people: People):
    """C11"""
    key = people.new_conversation(desk.inbox_id)
    created = desk.seen(key)
    people.reply(key, by="ana")
    answered = desk.seen(key)
    _tick(desk, people)
    people.customer_writes(key)
    first = desk.seen(key)
    _tick(desk, people)
    people.customer_writes(key)

    [row] = desk.helpdesk.read_open([desk.inbox_id]).conversations[:1]

    assert (created.waiting_since, created.awaiting) == (created.created_at, Awaiting.AGENT)
    assert (answered.waiting_since, answered.awaiting) == (None, Awaiting.CUSTOMER)
    assert row.waiting_since is not None
    assert answered.updated_at < row.waiting_since <= first.updated_at
    assert (row.waiting_since, row.awaiting) == (desk.seen(key).waiting_since, Awaiting.AGENT)
    assert row.contact == CUSTOMER


def test_a_ticket_that_leaves_a_list_while_it_is_read_hides_no_other(desk: World, people: People):
    """C9: seen to fail with pages by number."""
    keys = [people.new_conversation(desk.inbox_id) for _ in range(5)]

    first = desk.helpdesk.read_waiting([desk.inbox_id])
    people.give(keys[0], desk.ana_id)
    second = desk.helpdesk.read_waiting([desk.inbox_id], first.next)

    assert [it.id for it in (*first.conversations, *second.conversations)] == [key.id for key in keys[:4]]


def test_a_list_costs_two_calls_whatever_its_length(desk: World, people: People, rt_http: PlainHttp):
    """C6, C8"""
    keys = [people.new_conversation(desk.inbox_id) for _ in range(3)]
    for key in keys:
        people.reply(key, by="ana")
    _tick(desk, people)
    for key in keys:
        people.customer_writes(key)
    calls = list[object]()
    counting = Changed(rt_http, answered=lambda answer: calls.append(answer) or answer)

    page = RequestTracker(counting, desk.credentials).read_open([desk.inbox_id])

    assert (len(page.conversations), page.next) == (3, None)
    assert len(calls) == 2


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(hours=6), timedelta(days=3)])
def test_changes_are_found_though_our_user_lives_in_another_time_zone(desk: World, people: People, ago: timedelta):
    """C8: seen to fail with an absolute time in the query."""
    key = people.new_conversation(desk.inbox_id)
    since = desk.seen(key).updated_at - ago

    assert [it.id for it in desk.helpdesk.read_changed([desk.inbox_id], since).conversations] == [key.id]


def test_history_tells_the_first_owner_and_the_first_answer(desk: World, people: People):
    """C24"""
    key, untouched = (people.new_conversation(desk.inbox_id) for _ in range(2))
    people.customer_writes(key)
    people.take(key, by="bo")
    people.reply(key, by="bo")
    people.give(key, desk.ana_id)
    people.resolve(key)
    resolved = desk.seen(key)

    past, quiet = desk.helpdesk.read_history([desk.inbox_id], LONG_AGO).conversations

    assert (past.id, past.assignee_id, past.contact) == (key.id, desk.bo_id, CUSTOMER)
    assert past.assigned_at is not None
    assert past.first_reply_at is not None
    assert past.resolved_at is not None
    assert past.created_at <= past.assigned_at <= past.first_reply_at <= past.resolved_at <= resolved.updated_at
    assert quiet.id == untouched.id
    assert (quiet.assigned_at, quiet.assignee_id, quiet.first_reply_at, quiet.resolved_at) == (None, None, None, None)


def test_history_tells_who_had_a_ticket_from_its_beginning(desk: World, people: People):
    """C24"""
    people.new_conversation(desk.inbox_id, Owner="ana")

    [past] = desk.helpdesk.read_history([desk.inbox_id], LONG_AGO).conversations

    assert (past.assignee_id, past.assigned_at) == (desk.ana_id, past.created_at)


def _tick(world: World, people: People) -> None:
    """Wait until the clock there shows another second: its times have no smaller parts."""
    before = world.helpdesk.about().at
    eventually(lambda: world.helpdesk.about().at != before)
