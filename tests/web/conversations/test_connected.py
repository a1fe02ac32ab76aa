"""Pages of a helpdesk's conversations, inboxes and teams: what is changed there is not offered here."""

import re

import pytest

from dashboard import clock
from dashboard.engine.model import ConnectionMode
from tests.connected import connect
from tests.desks import Acme
from tests.pages import HTMX, Looker

DECIDES = "Our desk decides the status, labels, priority, team and inbox"


def test_a_live_conversation_offers_assignment_alone(mara: Looker, acme: Acme) -> None:
    """C2, C13"""
    desk = connect(acme, read_at=clock.now())
    [one], [ours] = desk.held("Ana", 1), acme.held("Ana", 1, "Sales")

    text, other = (mara.get(f"/conversations/{which}").text for which in (one, ours))

    assert DECIDES in text
    assert ">Transfer<" in text
    assert ">Release<" in text
    for control in (">Resolve<", ">Snooze<", "Save labels", "Move to inbox"):
        assert control not in text
        assert control in other
    assert DECIDES not in other


def test_a_shadow_conversation_offers_nothing_and_an_assignment_is_409_in_a_sentence(mara: Looker, acme: Acme) -> None:
    """C19"""
    [one] = connect(acme, mode=ConnectionMode.SHADOW, read_at=clock.now()).waiting(1)
    path = f"/conversations/{one}"

    text = mara.get(path).text
    refused = mara.post(path, {"assignee_id": str(acme.agents["Ana"])}, headers=HTMX)

    assert ">Assign<" not in text
    assert refused.status_code == 409
    assert "This inbox of Our desk is shadow" in refused.text


def test_a_bulk_change_of_a_helpdesks_conversations_is_refused_in_a_sentence(mara: Looker, acme: Acme) -> None:
    """C2, C22"""
    [one] = connect(acme, read_at=clock.now()).waiting(1)

    refused = mara.post("/conversations", {"id": str(one), "do": "move-inbox", "inbox_id": str(acme.sales)})

    assert refused.status_code == 409
    assert DECIDES in refused.text


def test_the_inboxs_page_keeps_switches_and_policy_and_drops_members_and_name(mara: Looker, acme: Acme) -> None:
    """C2, C22"""
    connect(acme, read_at=clock.now())
    path = f"/inboxes/{acme.support}"

    text = mara.get(path).text
    refused = mara.post(f"{path}/members", {"way": "remove", "user_id": str(acme.agents["Ana"])}, headers=HTMX)

    assert "Our desk decides the members; change them there." in text
    assert "Rename this inbox" not in text
    assert "Delete this inbox" not in text
    assert 'name="way" value="remove"' not in text
    assert refused.status_code == 409
    assert "Our desk decides the members of this inbox; change it there." in refused.text


@pytest.mark.parametrize(("mode", "is_offered"), [("live", True), ("shadow", False), ("off", False)])
def test_a_release_of_what_absent_people_hold_is_offered_where_it_is_written(
    mara: Looker, acme: Acme, mode: str, is_offered: bool
) -> None:
    """C19, E75: elsewhere its answer is 409."""
    connect(acme, mode=ConnectionMode(mode), read_at=clock.now()).held("Cleo", 2)
    path = f"/inboxes/{acme.support}"

    board, page = mara.get("/").text, mara.get(path).text
    done = mara.post(f"{path}/releases", {"of": "absent"}, headers=HTMX)

    assert "2 held by 1 offline" in board
    assert (": release<" in board) is is_offered
    assert "2 open conversations are held by 1 agent who is offline" in page
    assert ("Release these 2" in page) is is_offered
    assert (f"The inbox is {mode}: release them in Our desk." in page) is not is_offered
    assert done.status_code == (200 if is_offered else 409)


def test_the_list_of_an_inbox_offers_what_its_helpdesk_lets_change(mara: Looker, acme: Acme) -> None:
    """C2, C19"""
    desk = connect(acme, read_at=clock.now())
    desk.waiting(1)
    acme.team("Billing", "Ana")
    path = f"/conversations?inbox={acme.support}"

    live, everything = mara.get(path).text, mara.get("/conversations").text
    desk.change_inbox(mode=ConnectionMode.SHADOW)
    shadow = mara.get(path).text

    assert offered(everything) == ["assign", "release", "move", "move-inbox"]
    assert offered(live) == ["assign", "release"]
    assert DECIDES in live
    assert offered(shadow) == []
    assert "This inbox of Our desk is shadow, so nothing is assigned there from here." in shadow


def offered(page: str) -> list[str]:
    return re.findall(r'name="do" value="([a-z-]+)"', page)


def test_the_teams_page_keeps_its_rules_and_drops_members_and_name(mara: Looker, acme: Acme) -> None:
    """C2, C22"""
    desk = connect(acme, read_at=clock.now())
    team = acme.team("Billing", "Ana")
    desk.team("Billing")
    path = f"/teams/{team}"

    text = mara.get(path).text
    saved = mara.post(path, {"name": "Billing", "assignment_type": "manual", "maximum": "4"})
    refused = mara.post(path, {"name": "Bills", "assignment_type": "manual", "maximum": "4"})

    assert "Our desk decides the members; change them there." in text
    assert "Delete this team" not in text
    assert " readonly" in text
    assert saved.status_code == 303
    assert refused.status_code == 409
    assert "Our desk decides the name of this team; change it there." in refused.text
    assert mara.post(f"{path}/deletion").status_code == 409


def test_a_label_that_a_helpdesks_open_conversations_carry_is_renamed_there(mara: Looker, acme: Acme) -> None:
    """C2"""
    connect(acme, read_at=clock.now()).waiting(1, labels=["vip"])
    mara.post("/settings/labels", {"title": "vip"})

    refused = mara.post("/settings/labels/1", {"title": "VIP"})

    assert refused.status_code == 409
    assert "Our desk decides the labels of its conversations; change it there." in refused.text


def test_the_board_and_the_inboxs_page_tell_why_nothing_moves(mara: Looker, acme: Acme) -> None:
    """C18, C19"""
    acme.policy()
    acme.online("Ana", at=clock.now())
    desk = connect(acme)
    desk.waiting(1)

    unreachable = mara.get("/").text
    desk.change(waiting_read_at=clock.now())
    desk.change_inbox(stopped_at=clock.now())
    stopped = mara.get(f"/inboxes/{acme.support}").text
    desk.change_inbox(stopped_at=None, mode=ConnectionMode.SHADOW)
    acme.work.signals.changed(acme.account_id)

    assert "helpdesk unreachable" in unreachable
    assert "another engine assigns here" in stopped
    assert "shadow: decided, not assigned" in mara.get("/").text
