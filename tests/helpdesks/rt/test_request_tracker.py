"""What is Request Tracker's own, with a real one (C1, C26)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.engine.model import Awaiting, Status
from dashboard.helpdesks.port import AssignAnswer, Check, HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.rt.adapter import RequestTracker
from tests.helpdesks.http import Changed, PlainHttp
from tests.helpdesks.rt.acts import CUSTOMER, WORD, People
from tests.helpdesks.rt.instance import Instance
from tests.helpdesks.worlds import World
from tests.waiting import eventually

pytestmark = [pytest.mark.rt, pytest.mark.gate]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(rt_world: World) -> World:
    return rt_world


@pytest.fixture
def people(rt_people: People) -> People:
    return rt_people


def as_user(world: World, name: str) -> RequestTracker:
    return RequestTracker(world.http, {"user": name, "password": WORD})


def failed(world: World, name: str) -> dict[str, Check]:
    """Return the checks that fail for this user, by their names."""
    return {found.check: found for found in as_user(world, name).check() if not found.ok}


def test_agents_are_the_members_of_groups_but_disabled_users_and_our_own(desk: World):
    """C2"""
    setup = desk.helpdesk.read_setup({})

    assert sorted(agent.name for agent in setup.agents) == ["Ana", "Bo", "Cleo", "Pat"]
    assert {agent.name: agent.email for agent in setup.agents}["Bo"] == "bo@acme.test"
    assert 'O\'Brien \\ "Büro"' in {inbox.name for inbox in setup.inboxes}


def test_a_group_has_the_members_of_groups_within_it(desk: World, people: People):
    """C2"""
    setup = desk.helpdesk.read_setup({})

    members = {team.name: team.member_ids for team in setup.teams}
    assert members["Helpers"] == {desk.ana_id, desk.bo_id, people.user_id("pat")}
    assert members["Sellers"] == {people.user_id("cleo")}


def test_an_inbox_is_for_the_members_of_its_group_or_of_all_groups(desk: World, people: People):
    """C22"""
    sellers = next(team.id for team in desk.helpdesk.read_setup({}).teams if team.name == "Sellers")
    other = people.new_queue()

    inboxes = {inbox.id: inbox for inbox in desk.helpdesk.read_setup({desk.inbox_id: sellers}).inboxes}

    assert inboxes[desk.inbox_id].member_ids == {people.user_id("cleo")}
    assert inboxes[other].member_ids == {people.user_id(name) for name in ("ana", "bo", "cleo", "pat")}


def test_a_group_that_was_deleted_takes_work_from_nobody(desk: World):
    """C9"""
    with pytest.raises(HelpdeskForbids, match="does not exist"):
        desk.helpdesk.read_setup({desk.inbox_id: "987654"})


def test_groups_that_we_may_not_see_take_work_from_nobody(desk: World):
    """C9: without SeeGroup, Request Tracker's list of groups is empty."""
    with pytest.raises(HelpdeskForbids) as caught:
        as_user(desk, "viewer").read_setup({})

    assert "SeeGroup" in caught.value.fix


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


def test_a_token_is_as_good_as_a_password(desk: World, people: People, request_tracker: Instance):
    """C22"""
    by_token = RequestTracker(desk.http, {"token": request_tracker.token("evenhand")})

    about = by_token.about()

    assert about.own_id == desk.helpdesk.about().own_id == people.user_id("evenhand")
    assert (about.version or "").startswith("5.")
    assert about.at is not None
    assert by_token.read_one(people.new_conversation(desk.inbox_id)) is not None


def test_a_log_in_in_capitals_is_the_same_user(desk: World, people: People):
    """C2: Request Tracker's log-ins do not distinguish them."""
    assert as_user(desk, "EVENHAND").about().own_id == people.user_id("evenhand")


def test_checks_name_missing_rights_in_the_words_of_request_trackers_pages(desk: World, people: People):
    """C20"""
    people.new_conversation(desk.inbox_id)

    reader, stranger = failed(desk, "reader"), failed(desk, "stranger")

    assert reader.keys() == {"assignments", "notes"}
    assert "grant ModifyTicket and ReassignTicket" in (reader["assignments"].fix or "")
    assert "Admin > Global > User Rights" in (reader["notes"].fix or "")
    assert stranger.keys() == {"queues", "agents", "tickets"}


def test_what_request_tracker_has_not_is_refused(desk: World):
    """C1"""
    helpdesk = desk.helpdesk

    assert (helpdesk.features.webhooks, helpdesk.features.presence_every) == (False, None)
    assert helpdesk.setup_marks() is None
    helpdesk.remove_webhook("7")
    with pytest.raises(NotImplementedError, match="no webhooks"):
        helpdesk.make_webhook("https://evenhand.test/hooks/7/x", "secret")
    with pytest.raises(NotImplementedError, match="no presence"):
        helpdesk.read_presence()
    with pytest.raises(ValueError, match="no webhooks"):
        helpdesk.read_webhook({}, {})
    assert not helpdesk.verify({}, b"", secret=None, now=LONG_AGO, ahead=timedelta(0))


def _tick(world: World, people: People) -> None:
    """Wait until the clock there shows another second: its times have no smaller parts."""
    before = world.helpdesk.about().at
    eventually(lambda: world.helpdesk.about().at != before)
