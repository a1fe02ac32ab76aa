"""Writes in Request Tracker, with a real one: it compares before it assigns (C13, C14, C26)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.helpdesks.values import AssignAnswer
from tests.helpdesks.http import Changed
from tests.helpdesks.rt.acts import People, as_user
from tests.helpdesks.worlds import World

pytestmark = [pytest.mark.rt, pytest.mark.gate]


def test_a_queue_with_any_name_is_read_and_written(desk: World, people: People):
    """C13"""
    queue_id = people.new_queue("Don't \\ \"say\" 'ü' %s OR 1=1")
    key = people.new_conversation(queue_id)

    [row] = desk.helpdesk.read_waiting([queue_id]).conversations

    assert row.id == key.id
    assert desk.helpdesk.assign(row, desk.bo_id) == AssignAnswer(assignee_id=desk.bo_id)


def test_whatever_happens_between_reading_and_writing_is_noticed(desk: World, people: People):
    """C14: seen to fail when the write had no If-Match."""
    key = people.new_conversation(desk.inbox_id)
    seen = desk.seen(key)
    people.customer_writes(key)

    answer = desk.helpdesk.assign(seen, desk.bo_id)

    assert answer == AssignAnswer(changed=True)
    assert desk.seen(key).assignee_id is None


def test_a_row_of_a_list_is_compared_before_it_is_written(desk: World, people: People):
    """C14: a list tells no ETag. Seen to fail when it was taken from another reading without comparison."""
    key = people.new_conversation(desk.inbox_id)
    [row] = desk.helpdesk.read_waiting([desk.inbox_id]).conversations
    people.take(key, by="ana")

    answer = desk.helpdesk.assign(row, desk.bo_id)

    assert answer == AssignAnswer(changed=True)
    assert desk.seen(key).assignee_id == desk.ana_id


@pytest.mark.parametrize("mark", [lambda etag: f"W/{etag}", lambda etag: f'{etag[:-1]}-gzip"'], ids=["weak", "gzip"])
def test_a_proxy_that_marks_etags_stops_no_write(desk: World, people: People, mark: Callable[[str], str]):
    """C13"""
    key = people.new_conversation(desk.inbox_id)
    marking = Changed(
        desk.http,
        answered=lambda answer: replace(
            answer,
            headers={name: mark(text) if name == "etag" else text for name, text in answer.headers.items()},
        ),
    )
    helpdesk = desk.connect(marking, desk.credentials)
    seen = helpdesk.read_one(key)
    assert seen is not None

    assert helpdesk.assign(seen, desk.bo_id) == AssignAnswer(assignee_id=desk.bo_id)


def test_an_answer_without_an_etag_cannot_be_written_against(desk: World, people: People):
    """C13"""
    key = people.new_conversation(desk.inbox_id)
    helpdesk = desk.connect(Changed(desk.http, answered=lambda it: replace(it, headers={})), desk.credentials)

    with pytest.raises(HelpdeskUnavailable, match="ETag"):
        helpdesk.read_one(key)


def test_an_owner_who_may_not_own_is_refused_in_request_trackers_words(desk: World, people: People):
    """C13: the refusal has status 200."""
    key = people.new_conversation(desk.inbox_id)

    answer = desk.helpdesk.assign(desk.seen(key), people.user_id("pat"))

    assert answer.assignee_id is None
    assert answer.refusal == f"Ticket {key.id}: That user may not own tickets in that queue"


def test_a_user_without_rights_is_refused_and_changes_nothing(desk: World, people: People):
    """C13"""
    key = people.new_conversation(desk.inbox_id)

    answer = as_user(desk, "reader").assign(desk.seen(key), desk.bo_id)

    assert answer.refusal is not None
    assert "Permission Denied" in answer.refusal
    assert desk.seen(key).assignee_id is None
