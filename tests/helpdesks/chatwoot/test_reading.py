"""What the adapter reads of Chatwoot, and what it does not take for granted."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.engine.model import Awaiting, Presence, Status
from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import ConversationKey
from tests.helpdesks.chatwoot.shop import ADA, BOT, CHAT, MAIL, MIRA, NOON, RETURNS, TOM, UMA, Shop

NOW = datetime.fromisoformat(NOON)
BOTH = [str(CHAT), str(MAIL)]


def test_the_set_up_is_read_with_members_teams_and_the_switches_of_its_own_assignment(shop: Shop):
    """C1"""
    setup = shop.helpdesk.read_setup({})

    assert [(inbox.id, inbox.name, inbox.channel, inbox.own_assignment) for inbox in setup.inboxes] == [
        ("13", "Mail", "Email", False),
        ("12", "Shop chat", "WebWidget", False),
    ]
    assert [inbox.member_ids for inbox in setup.inboxes] == [{str(TOM)}, {str(MIRA), str(TOM)}]
    assert [(team.id, team.name, team.own_assignment, team.member_ids) for team in setup.teams] == [
        ("7", "returns", False, {str(TOM)})
    ]
    assert list(setup.labels) == ["late", "vip"]


def test_an_invitation_that_nobody_accepted_is_no_active_agent_and_a_bot_is_none(shop: Shop):
    """C2"""
    agents = {agent.id: agent for agent in shop.helpdesk.read_setup({}).agents}

    assert set(agents) == {str(MIRA), str(TOM), str(UMA)}
    assert not agents[str(UMA)].active
    assert agents[str(MIRA)].email == "mira@shop.example"


def test_the_tokens_user_is_an_agent_only_as_a_member_of_an_inbox(shop: Shop):
    """C2"""
    assert str(ADA) not in {agent.id for agent in shop.helpdesk.read_setup({}).agents}

    shop.there.act("add_member", inbox=CHAT, agent=ADA)

    assert str(ADA) in {agent.id for agent in shop.helpdesk.read_setup({}).agents}


def test_the_marks_move_with_members_teams_and_labels_but_not_with_presence(shop: Shop):
    """C8"""
    before = shop.helpdesk.setup_marks()
    shop.there.clock(advance=30)
    shop.there.act("agent_offline", agent=MIRA)
    assert shop.helpdesk.setup_marks() == before

    shop.there.act("remove_member", inbox=CHAT, agent=TOM)
    after = shop.helpdesk.setup_marks()
    shop.there.act("delete_team", team=RETURNS)

    assert before != after != shop.helpdesk.setup_marks()
    assert shop.helpdesk.read_setup({}).marks == shop.helpdesk.setup_marks()


def test_a_conversation_is_told_in_the_projects_words(shop: Shop):
    """C1, C2"""
    key = shop.waits(age=600, labels=["vip"], priority="high", team_id=RETURNS)

    seen = shop.read(key)

    assert (seen.display_id, seen.inbox_id, seen.status) == ("1", str(CHAT), Status.OPEN)
    assert len(seen.id) == 36
    assert (seen.priority, seen.labels, seen.team_id) == (2, ("vip",), str(RETURNS))
    assert seen.created_at == seen.waiting_since == NOW - timedelta(seconds=600)
    assert (seen.waits, seen.awaiting, seen.contact_name) == (True, Awaiting.AGENT, "Customer 1")


def test_no_time_is_written_as_zero_and_read_as_none(shop: Shop):
    """C11"""
    key = shop.waits(age=60)
    shop.there.act("agent_replies", conversation=key.display_id, by=MIRA)

    assert shop.http.get("/api/v1/accounts/3/conversations/1", (), {"Api-Access-Token": "token-of-user-1"}).json[
        "waiting_since"
    ] == 0  # fmt: skip
    seen = shop.read(key)

    assert seen.waiting_since is None
    assert seen.first_reply_at == NOW
    assert seen.awaiting is Awaiting.CUSTOMER


def test_a_snoozed_conversation_wakes_at_an_iso_time_or_with_the_next_reply(shop: Shop):
    timed, until_reply = shop.waits(), shop.waits()
    shop.there.act("snooze", conversation=timed.display_id, until="2026-07-03T08:00:00+00:00")
    shop.there.act("snooze", conversation=until_reply.display_id)

    assert shop.read(timed).snoozed_until == datetime(2026, 7, 3, 8, tzinfo=UTC)
    assert (shop.read(until_reply).status, shop.read(until_reply).snoozed_until) == (Status.SNOOZED, None)


def test_what_a_bot_owns_is_taken_though_chatwoot_counts_it_as_unassigned(shop: Shop):
    """C11"""
    key, other = shop.waits(), shop.waits()
    shop.there.act("bot_takes", conversation=key.display_id, bot=BOT)

    seen = shop.read(key)
    page = shop.helpdesk.read_waiting(BOTH)

    assert (seen.taken, seen.assignee_id, seen.waits) == (True, None, False)
    assert page.total == 2
    assert [one.display_id for one in page.conversations] == [other.display_id]


def test_a_list_is_read_oldest_first_until_an_empty_page(shop: Shop):
    """C6"""
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 60, "age": 900, "every": 1}])

    after, read = None, []
    while True:
        page = shop.helpdesk.read_open([str(CHAT)], after)
        read += [one.display_id for one in page.conversations]
        assert page.total == 60
        if (after := page.next) is None:
            break

    assert read == [str(number) for number in range(1, 61)]
    assert [one["query"]["page"] for one in shop.calls("/conversations")] == [["1"], ["2"], ["3"], ["4"]]


def test_a_message_while_a_list_is_read_moves_nothing_in_it(shop: Shop):
    """C6"""
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 50, "age": 900, "every": 1}])

    first = shop.helpdesk.read_open([str(CHAT)])
    shop.there.act("customer_writes", conversation=50)
    second = shop.helpdesk.read_open([str(CHAT)], first.next)

    assert len({one.display_id for one in (*first.conversations, *second.conversations)}) == 50


def test_the_total_counts_only_chosen_inboxes_once_all_is_read(shop: Shop):
    """C6"""
    shop.there.load(users=[], inboxes=[{"id": 14, "name": "Else", "members": []}])
    shop.there.load(conversations=[{"inbox_id": each, "count": 20} for each in (CHAT, MAIL, 14)])

    after, done, total = None, 0, 0
    while True:
        page = shop.helpdesk.read_open(BOTH, after)
        done, total = done + len(page.conversations), page.total or 0
        if (after := page.next) is None:
            break

    assert done == total == 40


def test_changes_are_read_in_every_status_and_without_pages(shop: Shop):
    """C8"""
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 40, "age": 9000}])
    for number in range(1, 31):
        shop.there.act("resolve", conversation=number)

    shop.there.act("ages", conversation=31, by_seconds=-(9000 - 300.5))  # within the second that a date rounds off

    page = shop.helpdesk.read_changed(BOTH, NOW - timedelta(seconds=300))

    assert len(page.conversations) == 30
    assert {one.status for one in page.conversations} == {Status.RESOLVED}
    assert page.next is None


def test_changes_of_more_than_fifteen_minutes_by_the_helpdesks_clock_are_not_read(shop: Shop):
    """C8"""
    shop.there.clock(advance=301)

    with pytest.raises(ValueError, match="fifteen minutes"):
        shop.helpdesk.read_changed(BOTH, NOW - timedelta(minutes=10))


def test_what_is_unassigned_in_bulk_is_in_no_changes_and_only_found_by_a_full_reading(shop: Shop):
    """C8"""
    key = shop.waits(age=9000)
    shop.there.act("assign_by_hand", conversation=key.display_id, agent=MIRA)
    shop.there.clock(advance=600)
    shop.there.act("remove_agent", agent=MIRA)

    assert not shop.helpdesk.read_changed(BOTH, NOW + timedelta(seconds=300)).conversations
    assert [one.waits for one in shop.helpdesk.read_open(BOTH).conversations] == [True]


def test_only_chatwoots_own_404_proves_that_a_conversation_is_gone(shop: Shop):
    """C9"""
    key = shop.waits()
    elsewhere = Shop(shop.there, type(shop.http)(f"{shop.there.url}/wrong"))

    with pytest.raises(HelpdeskUnavailable):
        elsewhere.helpdesk.read_one(key)
    shop.there.act("delete_conversation", conversation=key.display_id)

    assert shop.helpdesk.read_one(key) is None


def test_after_a_restore_the_same_display_id_has_another_stable_id(shop: Shop):
    """C12"""
    key = shop.waits()
    before = shop.read(key)

    shop.there.act("restore")

    after = shop.read(key)
    assert (after.display_id, after.id == before.id) == (before.display_id, False)


@pytest.mark.parametrize("kind", ["429", "500", "502_html", "truncated_json", "null_answer", "reset"])
@pytest.mark.parametrize(
    "what", ["conversations", "agents", "inboxes", "teams", "labels", "inbox_members", "cache_keys"]
)
def test_an_error_is_never_read_as_an_empty_list(shop: Shop, kind: str, what: str):
    """C9"""
    shop.waits()
    shop.there.fault(kind, path=f"/accounts/3/{what}", times=None)

    with pytest.raises(HelpdeskUnavailable):
        _ = shop.helpdesk.read_open(BOTH) if what == "conversations" else shop.helpdesk.read_setup({})


def test_a_presence_is_the_set_one_while_the_browser_is_heard_of(shop: Shop):
    """C10"""
    assert shop.helpdesk.read_presence() == {
        str(ADA): Presence.OFFLINE,
        str(MIRA): Presence.ONLINE,
        str(TOM): Presence.BUSY,
        str(UMA): Presence.OFFLINE,
    }


def test_an_agent_who_is_always_online_counts_as_online_without_a_browser(shop: Shop):
    """C10"""
    shop.there.act("agent_offline", agent=MIRA)
    shop.there.act("set_user", agent=MIRA, values={"auto_offline": False})

    assert shop.helpdesk.read_presence()[str(MIRA)] is Presence.ONLINE


def test_a_late_heartbeat_makes_offline_for_one_reading_and_not_for_two(shop: Shop):
    """C10"""
    shop.reset(jitter=3)

    words = []
    for _ in range(60):
        shop.there.clock(advance=1)
        words.append(shop.helpdesk.read_presence()[str(MIRA)])
    every_20_seconds = words[19::20]

    assert Presence.OFFLINE in words
    assert [Presence.OFFLINE, Presence.OFFLINE] not in [every_20_seconds[i : i + 2] for i in range(2)]
    assert shop.helpdesk.features.offline_readings == 2


def test_nothing_is_asked_for_no_inbox(shop: Shop):
    assert not shop.helpdesk.read_open([]).conversations
    assert not shop.helpdesk.read_waiting([]).conversations

    assert not shop.calls("/conversations")


def test_an_account_that_is_gone_needs_a_person(shop: Shop):
    """C18"""
    with pytest.raises(HelpdeskForbids) as refused:
        shop.adapter({"account_id": "99", "token": "token-of-user-1"}).read_presence()

    assert "number that follows /accounts/" in refused.value.fix


def test_the_page_of_a_conversation_has_an_address(shop: Shop):
    """C2"""
    key = ConversationKey(id="x", display_id="1873")

    assert shop.helpdesk.url_of(key) == f"{shop.there.url}/app/accounts/3/conversations/1873"
