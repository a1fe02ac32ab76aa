"""What the adapter writes to Libredesk, which compares nothing and seldom tells why it failed."""

from typing import Any

import pytest

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import AssignAnswer, HelpdeskTeam, NoteSetting
from tests.helpdesks.libredesk.shop import MAIL, MIRA, OURS, RETURNS, SALES, SYSTEM, TOM, Shop

LINK = "https://evenhand.example/conversations/7?a=1&b=2"


def messages_of(shop: Shop, uuid: str) -> list[dict[str, Any]]:
    """Read the messages as an agent sees them, newest first."""
    url = f"{shop.there.url}/api/v1/conversations/{uuid}/messages"
    answer = shop.there.client.get(url, headers={"Authorization": f"token key-{MIRA}:secret-{MIRA}"})
    return list(answer.json()["data"]["results"])


def attributes_of(shop: Shop, uuid: str) -> dict[str, str]:
    """Read the attributes of a conversation."""
    url = f"{shop.there.url}/api/v1/conversations/{uuid}"
    answer = shop.there.client.get(url, headers={"Authorization": f"token key-{MIRA}:secret-{MIRA}"})
    return dict(answer.json()["data"]["custom_attributes"])


def test_an_assignment_names_the_agent_and_is_there_afterwards(shop: Shop):
    """C13"""
    key = shop.waits()

    answer = shop.helpdesk.assign(shop.read(key), str(MIRA))

    assert answer == AssignAnswer(assignee_id=str(MIRA))
    assert shop.read(key).assignee_id == str(MIRA)


def test_the_same_assignment_again_changes_nothing(shop: Shop):
    """C13: so that it may be repeated after a time-out."""
    key = shop.waits()
    shop.helpdesk.assign(shop.read(key), str(MIRA))
    before = shop.read(key)

    answer = shop.helpdesk.assign(before, str(MIRA))

    assert answer == AssignAnswer(assignee_id=str(MIRA))
    assert shop.read(key) == before


def test_a_release_is_confirmed(shop: Shop):
    """C13"""
    key = shop.waits(assigned_user_id=MIRA)

    assert shop.helpdesk.assign(shop.read(key), None) == AssignAnswer()
    assert shop.read(key).waits


@pytest.mark.parametrize("when", ["before", "between"])
def test_the_last_writer_wins_so_that_only_another_reading_shows_a_lost_race(shop: Shop, when: str):
    """C14, C15: Libredesk does not compare."""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.race("assignee/user", when, do="assign_by_hand", agent=TOM)

    answer = shop.helpdesk.assign(seen, str(MIRA))

    assert answer == AssignAnswer(assignee_id=str(MIRA))
    assert [one["assignee"] for one in changes(shop, "assigned")] == [TOM, MIRA]


def test_who_takes_it_right_after_us_has_it(shop: Shop):
    """C13: await the echo, or read again."""
    key = shop.waits()
    shop.there.race("assignee/user", "after", do="assign_by_hand", agent=TOM)

    answer = shop.helpdesk.assign(shop.read(key), str(MIRA))

    assert answer.assignee_id == str(MIRA)
    assert shop.read(key).assignee_id == str(TOM)


def changes(shop: Shop, what: str) -> list[dict[str, Any]]:
    """Return what changed there."""
    return [one for one in shop.there.log()["changes"] if one["what"] == what]


def test_a_conversation_that_is_gone_has_changed(shop: Shop):
    """C12, C14"""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.act("delete_conversation", conversation=key.id)

    assert shop.helpdesk.assign(seen, str(MIRA)) == AssignAnswer(changed=True)


def test_an_unknown_agent_leaves_it_open_whether_it_was_written_and_it_was_not(shop: Shop):
    """C13: 500, so it is read again."""
    key = shop.waits()

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.assign(shop.read(key), "4711")

    assert shop.read(key).waits


def test_a_deleted_agent_leaves_it_open_whether_it_was_written_and_it_was(shop: Shop):
    """C13: 500 after the write, so it is read again before anything else."""
    key = shop.waits()
    shop.there.act("remove_agent", agent=TOM)

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.assign(shop.read(key), str(TOM))

    assert shop.read(key).assignee_id == str(TOM)


@pytest.mark.parametrize("kind", ["write_then_500", "write_then_null", "truncated_json"])
def test_a_write_without_a_good_answer_may_have_happened(shop: Shop, kind: str):
    """C13"""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.fault(kind, path="/assignee/user")

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.assign(seen, str(MIRA))

    assert shop.read(key).assignee_id == str(MIRA)


def test_a_missing_permission_to_assign_needs_a_person(shop: Shop):
    """C18"""
    key = shop.waits()
    shop.may_all_but("conversations:update_user_assignee")

    with pytest.raises(HelpdeskForbids) as forbids:
        shop.helpdesk.assign(shop.read(key), str(MIRA))

    assert "Assign conversations to users" in forbids.value.fix


def test_a_key_that_a_proxy_takes_away_is_no_success(shop: Shop):
    """C20: without the header, a write is refused as a browser's would be."""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.option(drops_authorization=True)

    with pytest.raises(HelpdeskForbids):
        shop.helpdesk.assign(seen, str(MIRA))


def test_a_note_is_private_and_its_text_is_neither_html_nor_template(shop: Shop):
    """C17"""
    key = shop.waits()

    shop.helpdesk.note(key, "For <b>Mira</b>: {{ .Contact.FirstName }} & co.", LINK, NoteSetting.NOTE)

    [note, *_] = messages_of(shop, key.id)
    assert note["private"]
    assert note["sender_id"] == OURS
    assert "&lt;b&gt;Mira&lt;/b&gt;" in note["content"]
    assert "&#123;&#123; .Contact.FirstName &#125;&#125; &amp; co." in note["content"]
    assert 'href="https://evenhand.example/conversations/7?a=1&amp;b=2"' in note["content"]
    assert shop.read(key).awaiting is not None


def test_a_note_does_not_answer_the_customer(shop: Shop):
    """C17"""
    key = shop.waits()
    before = shop.read(key)

    shop.helpdesk.note(key, "Mira has the fewest.", LINK, NoteSetting.NOTE)

    after = shop.read(key)
    assert (after.waiting_since, after.first_reply_at) == (before.waiting_since, None)
    assert after.last_activity_at == before.last_activity_at


def test_our_attribute_stands_beside_the_others(shop: Shop):
    """C17: Libredesk replaces all of them."""
    key = shop.waits(custom_attributes={"theirs": "kept"})

    shop.helpdesk.note(key, "Mira has the fewest.", LINK, NoteSetting.ATTRIBUTE)
    shop.helpdesk.note(key, "Tom has the fewest.", LINK, NoteSetting.ATTRIBUTE)

    assert attributes_of(shop, key.id) == {"theirs": "kept", "evenhand": f"Tom has the fewest. {LINK}"}


def test_no_note_sends_nothing(shop: Shop):
    """C17"""
    key = shop.waits()
    shop.http.exchanges.clear()

    shop.helpdesk.note(key, "Mira has the fewest.", LINK, NoteSetting.OFF)

    assert shop.http.exchanges == []


def test_its_own_assignment_is_switched_with_every_other_field_kept(shop: Shop):
    """C19: a field that is not sent is emptied there."""
    before = team(shop, RETURNS)
    inbox = shop.helpdesk.read_setup({}).inboxes[0]

    shop.helpdesk.set_own_assignment(inbox, [HelpdeskTeam(id=str(RETURNS), name="Returns")], on=True)
    switched = team(shop, RETURNS)
    shop.helpdesk.set_own_assignment(inbox, [HelpdeskTeam(id=str(RETURNS), name="Returns")], on=False)

    assert switched["conversation_assignment_type"] == "Round robin"
    assert team(shop, RETURNS) == before


def team(shop: Shop, number: int) -> dict[str, Any]:
    """Read a team but for the time of its last change."""
    url = f"{shop.there.url}/api/v1/teams/{number}"
    answer = shop.there.client.get(url, headers={"Authorization": f"token key-{OURS}:secret-{OURS}"})
    return {name: value for name, value in answer.json()["data"].items() if name != "updated_at"}


def test_a_team_that_is_as_it_should_be_is_not_written(shop: Shop):
    """C19"""
    inbox = shop.helpdesk.read_setup({}).inboxes[0]

    shop.helpdesk.set_own_assignment(inbox, [HelpdeskTeam(id=str(SALES), name="Sales")], on=False)

    assert shop.paths("PUT") == []


def test_libredesk_assigns_by_itself_until_it_is_restarted_after_the_switch(shop: Shop):
    """C19: so the checks ask for a restart."""
    inbox, teams = shop.helpdesk.read_setup({}).inboxes[0], [HelpdeskTeam(id=str(RETURNS), name="Returns")]
    shop.helpdesk.set_own_assignment(inbox, teams, on=True)
    shop.there.act("autoassign")
    shop.helpdesk.set_own_assignment(inbox, teams, on=False)
    first = shop.waits(assigned_team_id=RETURNS)
    shop.there.clock(advance=301)
    taken = shop.read(first)

    shop.there.act("restart")
    second = shop.waits(assigned_team_id=RETURNS)
    shop.there.clock(advance=301)

    assert taken.assignee_id == str(MIRA)
    assert [one["actor"] for one in changes(shop, "assigned")] == [str(SYSTEM)]
    assert shop.read(second).waits


def test_a_team_takes_a_conversation_from_its_agent(shop: Shop):
    """C13: team first, then agent."""
    key = shop.waits(assigned_user_id=MIRA)

    shop.there.act("set_team", conversation=key.id, team=SALES)

    assert shop.read(key).waits
    assert shop.read(key).team_id == str(SALES)


def test_a_disabled_agent_is_assigned_like_any_other(shop: Shop):
    """C13: Libredesk checks no id."""
    shop.there.act("set_user", agent=TOM, values={"enabled": False})
    key = shop.waits(inbox_id=MAIL)

    assert shop.helpdesk.assign(shop.read(key), str(TOM)).assignee_id == str(TOM)
