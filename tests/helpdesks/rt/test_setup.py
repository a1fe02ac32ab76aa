"""Request Tracker's set-up, log-ins and checks, with a real one (C1, C2, C20, C26)."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.helpdesks.port import HelpdeskForbids
from dashboard.helpdesks.rt.adapter import RequestTracker
from dashboard.helpdesks.values import Check
from tests.helpdesks.rt.acts import People, as_user
from tests.helpdesks.rt.instance import Instance
from tests.helpdesks.worlds import World

pytestmark = [pytest.mark.rt, pytest.mark.gate]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


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


def failed(world: World, name: str) -> dict[str, Check]:
    """Return the checks that fail for this user, by their names."""
    return {found.check: found for found in as_user(world, name).check() if not found.ok}
