"""What the adapter writes into Chatwoot, and how it judges the answers."""

import pytest

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import NoteSetting
from tests.helpdesks.chatwoot.shop import CHAT, CREDENTIALS, MIRA, RETURNS, TOM, WITH_BOT, Shop

SENTENCE, LINK = "Mira has the fewest open conversations.", "https://evenhand.example/conversations/7"


def changes(shop: Shop, what: str) -> list[tuple[object, object]]:
    """Return from what to what a column changed."""
    return [(one["before"], one["after"]) for one in shop.there.log()["changes"] if one["what"] == what]


def test_an_assignment_is_answered_with_its_agent(shop: Shop):
    """C13"""
    key = shop.waits()

    answer = shop.helpdesk.assign(shop.read(key), str(MIRA))

    assert answer.assignee_id == str(MIRA)
    assert shop.read(key).assignee_id == str(MIRA)


def test_the_bots_token_writes_and_the_administrators_token_reads(shop: Shop):
    """C13"""
    key, both = shop.waits(), shop.adapter(WITH_BOT)
    seen = both.read_one(key)
    assert seen is not None

    both.assign(seen, str(MIRA))

    [change] = [one for one in shop.there.log()["changes"] if one["what"] == "assignee_id"]
    assert change["actor"] == "Evenhand"
    [call] = shop.calls("/assignments")
    assert call["headers"]["api-access-token"] == "token-of-bot-8"


def test_an_agent_who_left_is_answered_with_null_and_is_not_taken_for_success(shop: Shop):
    """C13"""
    key = shop.waits()
    shop.there.act("assign_by_hand", conversation=key.display_id, agent=TOM)
    shop.there.act("remove_agent", agent=MIRA)

    answer = shop.helpdesk.assign(shop.read(key), str(MIRA))

    assert answer.assignee_id is None
    assert not shop.read(key).taken, "The unknown id un-assigned silently."


def test_a_release_is_answered_with_nobody(shop: Shop):
    """C13"""
    key = shop.waits(assignee_id=MIRA)

    answer = shop.helpdesk.assign(shop.read(key), None)

    assert answer.assignee_id is None
    assert shop.read(key).waits


def test_the_same_assignment_again_is_no_change_there(shop: Shop):
    """C13"""
    key = shop.waits()
    seen = shop.read(key)

    answers = [shop.helpdesk.assign(seen, str(MIRA)).assignee_id for _ in range(3)]

    assert answers == [str(MIRA)] * 3
    assert changes(shop, "assignee_id") == [(None, MIRA)]


def test_an_assignment_of_what_was_deleted_names_nobody(shop: Shop):
    """C12, C13"""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.act("delete_conversation", conversation=key.display_id)

    assert shop.helpdesk.assign(seen, str(MIRA)).assignee_id is None


@pytest.mark.parametrize("kind", ["write_then_500", "write_then_timeout:0.1", "truncated_json", "reset", "502_html"])
def test_without_an_answer_it_is_open_whether_the_assignment_happened(shop: Shop, kind: str):
    """C13"""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.fault(kind, path="/assignments")

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.assign(seen, str(MIRA))

    assert shop.read(key).taken == (kind not in {"reset", "502_html"})


@pytest.mark.parametrize(("kind", "is_done"), [("null_answer", False), ("write_then_null", True)])
def test_an_empty_answer_names_nobody_whatever_happened(shop: Shop, kind: str, is_done: bool):
    """C13"""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.fault(kind, path="/assignments")

    assert shop.helpdesk.assign(seen, str(MIRA)).assignee_id is None
    assert shop.read(key).taken == is_done


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_chatwoot_compares_nothing_so_that_the_last_write_wins(shop: Shop, when: str):
    """C14, C15"""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.race("assignments", when, do="assign_by_hand", agent=TOM)

    answer = shop.helpdesk.assign(seen, str(MIRA))

    assert answer.assignee_id == str(MIRA), "Only a reading shows who has it."
    assert shop.read(key).assignee_id == str(TOM if when == "after" else MIRA)


def test_before_4_16_our_change_tells_what_we_had_read_and_not_what_we_overwrote(shop: Shop):
    """C15"""
    told = {}
    for version in ("4.15.1", "4.17.0"):
        shop.reset(version=version)
        key = shop.waits()
        shop.there.race("assignments", "between", do="assign_by_hand", agent=TOM)
        shop.helpdesk.assign(shop.read(key), str(MIRA))
        told[version] = changes(shop, "assignee_id")

    assert told == {"4.15.1": [(None, TOM), (None, MIRA)], "4.17.0": [(None, TOM), (TOM, MIRA)]}


def test_a_refused_bot_needs_a_person_and_the_cure_is_about_the_bot(shop: Shop):
    """C18"""
    key = shop.waits()

    with pytest.raises(HelpdeskForbids) as refused:
        shop.adapter({**CREDENTIALS, "bot_token": "revoked"}).assign(shop.read(key), str(MIRA))

    assert refused.value.fix.startswith("In Settings > Bots")


def test_a_note_is_private_and_leaves_the_customer_waiting(shop: Shop):
    """C17"""
    key = shop.waits()
    before = shop.read(key).waiting_since

    shop.adapter(WITH_BOT).note(key, SENTENCE, LINK, NoteSetting.NOTE)

    seen = shop.read(key)
    assert (seen.waiting_since, seen.first_reply_at) == (before, None)
    [call] = shop.calls("/messages")
    assert '"private":true' in call["body"].replace(" ", "")


@pytest.mark.parametrize("version", ["4.15.1", "4.17.0"])
def test_an_attribute_is_merged_and_never_replaces_others(shop: Shop, version: str):
    """C17"""
    shop.reset(version=version)
    key = shop.waits(custom_attributes={"order_id": "A-17"})

    shop.adapter(WITH_BOT).note(key, SENTENCE, LINK, NoteSetting.ATTRIBUTE)

    [change] = changes(shop, "custom_attributes")
    assert change[1] == {"order_id": "A-17", "evenhand": f"{SENTENCE} {LINK}"}


def test_where_chatwoot_merges_an_attribute_that_came_meanwhile_stays(shop: Shop):
    """C17"""
    shop.reset(version="4.17.0")
    key = shop.waits(custom_attributes={"order_id": "A-17"})
    shop.there.race("custom_attributes", "between", do="set_attributes", attributes={"order_id": "A-18"})

    shop.helpdesk.note(key, SENTENCE, LINK, NoteSetting.ATTRIBUTE)

    assert changes(shop, "custom_attributes")[-1][1] == {"order_id": "A-18", "evenhand": f"{SENTENCE} {LINK}"}


def test_a_note_that_failed_may_have_been_written(shop: Shop):
    """C17"""
    key = shop.waits()
    shop.there.fault("write_then_500", path="/messages")

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.note(key, SENTENCE, LINK, NoteSetting.NOTE)

    assert len(shop.calls("/messages")) == 1, "A note is never sent twice by itself."


@pytest.mark.parametrize("kind", [NoteSetting.NOTE, NoteSetting.ATTRIBUTE])
def test_what_was_deleted_gets_no_note(shop: Shop, kind: NoteSetting):
    """C12, C17"""
    key = shop.waits()
    shop.there.act("delete_conversation", conversation=key.display_id)

    shop.helpdesk.note(key, SENTENCE, LINK, kind)

    assert not changes(shop, "custom_attributes")


def test_own_assignment_is_switched_in_the_inbox_and_in_its_teams(shop: Shop):
    """C19, C20"""
    shop.there.act("own_assignment", inbox=CHAT, on=True)
    shop.there.act("own_assignment", team=RETURNS, on=True)
    setup = shop.helpdesk.read_setup({})
    inbox = next(one for one in setup.inboxes if one.id == str(CHAT))
    assert (inbox.own_assignment, setup.teams[0].own_assignment) == (True, True)

    shop.helpdesk.set_own_assignment(inbox, setup.teams, on=False)

    setup = shop.helpdesk.read_setup({})
    assert [one.own_assignment for one in (*setup.inboxes, *setup.teams)] == [False, False, False]


def test_a_team_that_assigns_by_itself_picks_an_agent_whatever_the_inbox_says(shop: Shop):
    """C19"""
    shop.there.act("agent_online", agent=TOM)
    shop.there.act("own_assignment", team=RETURNS, on=True)
    key = shop.waits()

    shop.there.act("set_team", conversation=key.display_id, team=RETURNS)

    assert shop.read(key).assignee_id == str(TOM)


def test_a_forgotten_switch_lets_chatwoot_pick_within_six_seconds(shop: Shop):
    """C19"""
    shop.there.act("own_assignment", inbox=CHAT, on=True)
    number = shop.there.act("customer_starts", inbox=CHAT)

    shop.there.clock(advance=6)

    [seen] = shop.helpdesk.read_open([str(CHAT)]).conversations
    assert (seen.display_id, seen.assignee_id) == (str(number), str(MIRA))
