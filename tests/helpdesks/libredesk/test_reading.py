"""What the adapter reads of Libredesk, and what it does not take for granted."""

from datetime import timedelta

import pytest

from dashboard.engine.model import Awaiting, Presence, Status
from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import ConversationKey
from tests.helpdesks.libredesk.shop import CHAT, MAIL, MIRA, NOW, OURS, RETURNS, SALES, TOM, Shop, all_of

BOTH = [str(MAIL), str(CHAT)]


def test_the_set_up_has_teams_with_members_and_inboxes_without(shop: Shop):
    """C1, C2"""
    shop.there.act("own_assignment", team=SALES, on=True)

    setup = shop.helpdesk.read_setup({})

    assert [(inbox.id, inbox.name, inbox.channel) for inbox in setup.inboxes] == [
        ("2", "Support", "email"),
        ("3", "Chat", "livechat"),
    ]
    assert {inbox.member_ids for inbox in setup.inboxes} == {None}
    teams = {team.id: (team.name, team.own_assignment, team.member_ids) for team in setup.teams}
    assert teams == {"5": ("Returns", False, {str(MIRA), str(TOM)}), "6": ("Sales", True, frozenset())}
    assert list(setup.labels) == ["vip", "late"]
    assert setup.marks is None is shop.helpdesk.setup_marks()


def test_assistants_system_and_our_own_agent_are_no_agents_and_a_disabled_one_is_inactive(shop: Shop):
    """C2"""
    shop.there.act("set_user", agent=TOM, values={"enabled": False})

    agents = {agent.id: agent for agent in shop.helpdesk.read_setup({}).agents}

    assert set(agents) == {str(MIRA), str(TOM)}
    assert (agents[str(MIRA)].name, agents[str(MIRA)].email) == ("Mira Falk", "mira@shop.example")
    assert [agents[str(MIRA)].active, agents[str(TOM)].active] == [True, False]


def test_members_that_may_not_be_read_are_unknown_and_never_nobody(shop: Shop):
    """C9"""
    shop.may_all_but("users:manage")

    setup = shop.helpdesk.read_setup({})

    assert [team.member_ids for team in setup.teams] == [None, None]
    assert len(setup.agents) == 2


def test_a_key_that_is_refused_in_the_middle_of_a_reading_is_not_a_missing_permission(shop: Shop):
    """C9, C18"""
    shop.there.act("set_user", agent=OURS, values={"enabled": False})

    with pytest.raises(HelpdeskForbids, match="does not accept the API key"):
        shop.helpdesk.read_setup({})


def test_teams_without_their_permission_are_read_without_their_type(shop: Shop):
    """C19"""
    shop.may_all_but("teams:manage")

    teams = shop.helpdesk.read_setup({}).teams

    assert {team.name: team.own_assignment for team in teams} == {"Returns": None, "Sales": None}
    assert {team.id: team.member_ids for team in teams}["5"] == {str(MIRA), str(TOM)}


def test_a_reading_of_members_that_breaks_off_raises_and_releases_nobody(shop: Shop):
    """C9"""
    shop.there.fault("500", path=f"/agents/{TOM}")

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.read_setup({})


def test_a_conversation_is_told_in_the_projects_words(shop: Shop):
    """C1, C2"""
    key = shop.waits(age=600, tags=["vip"], priority_id=3, assigned_team_id=RETURNS)

    seen = shop.read(key)

    assert (seen.id, seen.display_id, seen.inbox_id, seen.status) == (key.id, "100", "2", Status.OPEN)
    assert (seen.team_id, seen.priority, seen.labels, seen.taken) == ("5", 2, ("vip",), False)
    assert (seen.contact, seen.contact_name) == ("customer1@mail.example", "Customer 1")
    assert seen.created_at == seen.waiting_since == NOW - timedelta(seconds=600)
    assert seen.awaiting is Awaiting.AGENT
    assert seen.waits


def test_a_status_counts_by_its_category_whatever_it_is_called(shop: Shop):
    """C11"""
    shop.there.load(
        statuses=[
            {"id": 7, "name": "Working", "category": "open"},
            {"id": 8, "name": "With the carrier", "category": "waiting"},
            {"id": 9, "name": "Spam", "category": "resolved"},
        ]
    )

    found = {name: shop.read(shop.waits(status=name)).status for name in ("Working", "With the carrier", "Spam")}

    assert found == {"Working": Status.OPEN, "With the carrier": Status.SNOOZED, "Spam": Status.RESOLVED}
    opened = all_of(lambda after: shop.helpdesk.read_open(BOTH, after))
    assert [one.status for one in opened] == [Status.OPEN]


def test_what_is_not_there_is_none_and_a_bad_id_asks_nothing(shop: Shop):
    """C9, C12"""
    key = shop.waits()
    shop.there.act("delete_conversation", conversation=key.id)

    assert shop.helpdesk.read_one(key) is None
    shop.http.exchanges.clear()
    assert shop.helpdesk.read_one(ConversationKey(id="4711", display_id="4711")) is None
    assert shop.paths() == []


def test_a_404_that_is_not_libredesks_own_is_no_proof_that_a_conversation_is_gone(shop: Shop):
    """C9"""
    key = shop.waits()
    shop.http.base_url += "/elsewhere"

    with pytest.raises(HelpdeskUnavailable, match="check the address"):
        shop.helpdesk.read_one(key)


def test_a_refused_key_and_a_missing_permission_tell_a_person_what_to_do(shop: Shop):
    """C18"""
    shop.may_all_but("conversations:read_all")
    with pytest.raises(HelpdeskForbids) as missing:
        shop.helpdesk.read_open(BOTH)
    shop.there.act("set_user", agent=OURS, values={"enabled": False})
    with pytest.raises(HelpdeskForbids) as refused:
        shop.helpdesk.read_open(BOTH)

    assert "View all conversations" in missing.value.fix
    assert "API key" in refused.value.sentence
    assert "Admin > Teammates > Agents" in refused.value.fix


def test_it_waits_since_its_beginning_until_somebody_replied_and_since_the_last_message_after(shop: Shop):
    """C11: `waiting_since` there moves with every message of the customer."""
    key = shop.waits(age=600)
    shop.there.act("customer_writes", conversation=key.id)
    first = shop.read(key)
    shop.there.act("agent_replies", conversation=key.id)
    answered = shop.read(key)
    shop.there.clock(advance=60)
    shop.there.act("customer_writes", conversation=key.id)

    again = shop.read(key)

    assert first.waiting_since == NOW - timedelta(seconds=600)
    assert (answered.waiting_since, answered.awaiting, answered.first_reply_at) == (None, Awaiting.CUSTOMER, NOW)
    assert again.waiting_since == NOW + timedelta(seconds=60)


def test_nobody_waits_for_an_answer_to_what_an_agent_began(shop: Shop):
    """C11"""
    uuid = shop.there.act("customer_starts", inbox=MAIL, by=MIRA)

    seen = shop.read(ConversationKey(id=uuid, display_id=""))

    assert (seen.waiting_since, seen.awaiting) == (None, Awaiting.CUSTOMER)


def test_an_assignment_is_no_activity_of_the_conversation(shop: Shop):
    """C1: every assignment writes a message there."""
    key = shop.waits(age=600)
    before = shop.read(key)

    shop.there.act("assign_by_hand", conversation=key.id, agent=MIRA)

    assert shop.read(key).last_activity_at == before.last_activity_at
    assert shop.read(key).updated_at > before.updated_at


def test_a_snooze_that_ends_is_open_although_nothing_moved(shop: Shop):
    """C8"""
    key = shop.waits()
    shop.there.act("snooze", conversation=key.id, until="2026-08-08T12:10:00+00:00")
    asleep = shop.read(key)
    shop.there.clock(advance=900)

    awake = shop.read(key)

    assert (asleep.status, asleep.snoozed_until) == (Status.SNOOZED, NOW + timedelta(minutes=10))
    assert (awake.status, awake.snoozed_until, awake.updated_at) == (Status.OPEN, None, asleep.updated_at)


def test_presence_uses_the_same_five_words(shop: Shop):
    """C10"""
    shop.there.act("agent_busy", agent=TOM, state="away_and_reassigning")

    assert shop.helpdesk.read_presence() == {
        str(MIRA): Presence.ONLINE,
        str(TOM): Presence.AWAY_AND_REASSIGNING,
    }
    assert shop.helpdesk.features.presence_every == timedelta(seconds=45)


def test_offline_is_told_five_minutes_late_and_a_state_set_by_hand_stays(shop: Shop):
    """C10"""
    shop.there.act("agent_offline", agent=MIRA)
    shop.there.act("agent_offline", agent=TOM)
    shop.there.clock(advance=240)
    soon = shop.helpdesk.read_presence()
    shop.there.clock(advance=120)

    later = shop.helpdesk.read_presence()

    assert soon[str(MIRA)] is Presence.ONLINE
    assert later == {str(MIRA): Presence.OFFLINE, str(TOM): Presence.AWAY_MANUAL}


def test_an_unknown_word_of_presence_is_not_taken_for_another(shop: Shop):
    """C10"""
    shop.there.act("agent_busy", agent=TOM, state="on_the_phone")

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.read_presence()


def test_who_we_are_there_and_what_time_it_is(shop: Shop):
    """C20"""
    about = shop.helpdesk.about()

    assert (about.version, about.own_id, about.at) == ("2.7.0", str(OURS), NOW)


def test_a_conversation_opens_in_the_list_of_all(shop: Shop):
    """C2"""
    key = ConversationKey(id="0d5f6c1e-7c1b-4a0e-8f53-2b8a0c1d9e77", display_id="4120")

    assert shop.helpdesk.url_of(key) == f"{shop.http.base_url}/inboxes/all/conversation/{key.id}"


def test_basic_authorization_is_understood_as_well(shop: Shop):
    """C26: the stand-in takes both spellings of a key, as Libredesk does."""
    url = f"{shop.there.url}/api/v1/agents/me"

    with_basic = shop.there.client.get(url, auth=(f"key-{OURS}", f"secret-{OURS}"))

    assert with_basic.json()["data"]["id"] == OURS
