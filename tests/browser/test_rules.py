"""What a supervisor changes takes effect where one can see it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import clock
from tests.browser.conftest import Site, next_poll
from tests.desks import Acme
from tests.pages import waiting_for

pytestmark = pytest.mark.browser


@pytest.fixture
def desktop(site: Site, browser: Browser) -> Iterator[Page]:
    """Mara's browser on the list of inboxes; nothing may have been complained of."""
    page = site.open(browser, "/inboxes", viewport={"width": 1280, "height": 800})
    yield page
    page.context.close()
    assert site.complaints == []


def blocked(acme: Acme, **facts: object) -> int:
    """Let Bo be online and full in Support, and one conversation wait there."""
    acme.policy("Support")
    acme.capacity("Bo", {"Support": 1})
    acme.online("Bo", at=clock.now())
    acme.held("Bo", 1)
    [one] = waiting_for(acme, 1, minutes=5, **facts)
    return one


def test_a_raised_limit_assigns_what_waited_and_the_board_shows_it(board: Page, site: Site, acme: Acme) -> None:
    """E15, E30"""
    blocked(acme)
    acme.work.signals.changed(acme.account_id)
    next_poll(board)
    expect(board.locator(f"#said-{acme.support}")).to_contain_text("all at capacity")
    limits = board.context.new_page()
    limits.goto(f"{site.url}/capacity")
    limits.get_by_role("link", name="Limits of Bo").click()

    limits.get_by_label("Limit in Support").fill("2")
    limits.get_by_role("button", name="Save").click()

    expect(limits.locator("#toasts")).to_contain_text("was saved")
    next_poll(board)
    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text(re.compile("none"))
    expect(board.locator(f"#agent-{acme.agents['Bo']}")).to_contain_text("2/2")


def test_an_exclusion_label_changes_what_a_conversation_waits_for(desktop: Page, site: Site, acme: Acme) -> None:
    """E6, E48"""
    one = blocked(acme, labels=["vip"])
    desktop.goto(f"{site.url}/conversations/{one}")
    expect(desktop.locator("#why")).to_contain_text("at capacity")
    desktop.get_by_role("link", name="Rules").click()
    desktop.get_by_role("link", name="Capacity").click()
    desktop.get_by_role("link", name="Limits of Bo").click()

    desktop.get_by_label("Another exclusion label").fill("vip")
    desktop.get_by_role("button", name="Save").click()

    expect(desktop.get_by_role("checkbox", name="vip")).to_be_checked()
    expect(desktop.locator("#under")).to_contain_text("1 of the waiting conversations is excluded right now")
    desktop.goto(f"{site.url}/conversations/{one}")
    expect(desktop.locator("#why")).to_contain_text("Limits of Bo")
    expect(desktop.get_by_role("button", name="Remove label vip")).to_be_visible()


def test_a_change_is_undone_where_it_is_recorded(desktop: Page, site: Site, acme: Acme) -> None:
    policy_id = acme.policy("Support", name="In turn", fair_distribution_limit=3)
    desktop.goto(f"{site.url}/policies/{policy_id}")
    desktop.get_by_label("Conversations per agent").fill("7")
    desktop.get_by_role("button", name="Save").click()
    expect(desktop.locator("#toasts")).to_contain_text("was saved")
    desktop.get_by_role("link", name="History").click()
    desktop.get_by_role("link", name="Audit").click()
    expect(desktop.locator(".log li").first).to_contain_text("Mara")

    desktop.get_by_role("button", name="Undo").click()

    expect(desktop.locator(".log li").nth(1)).to_contain_text("Set back already")
    desktop.goto(f"{site.url}/policies/{policy_id}")
    expect(desktop.get_by_label("Conversations per agent")).to_have_value("3")


def test_an_inbox_gives_nothing_out_while_its_policy_is_unlinked(desktop: Page, acme: Acme) -> None:
    """E1, E30"""
    acme.policy("Support", name="In turn")
    acme.online("Bo", at=clock.now())
    desktop.get_by_role("link", name="Support").click()

    desktop.get_by_role("button", name="Unlink").click()
    expect(desktop.locator(".facts")).to_contain_text("no assignment policy")
    waiting_for(acme, 2, minutes=1)
    desktop.get_by_label("Assignment policy", exact=True).select_option(label="In turn")
    desktop.get_by_role("button", name="Link", exact=True).click()

    expect(desktop.get_by_role("link", name="In turn")).to_be_visible()
    expect(desktop.get_by_text("Nobody waits.")).to_be_visible()


def test_a_conversation_goes_from_hand_to_hand_and_is_resolved(desktop: Page, site: Site, acme: Acme) -> None:
    """E29"""
    [one] = waiting_for(acme, 1, minutes=5)
    desktop.goto(f"{site.url}/conversations/{one}")

    desktop.get_by_label("Assign to").fill("Ana")
    desktop.get_by_role("button", name="Assign", exact=True).click()
    desktop.get_by_label("Transfer to").fill("Bo")
    desktop.get_by_role("button", name="Transfer", exact=True).click()
    expect(desktop.locator(".timeline li").first).to_contain_text("Bo, from Ana")
    desktop.get_by_role("button", name="Release").click()
    expect(desktop.locator(".timeline li").first).to_contain_text("Released from Bo")
    desktop.get_by_role("button", name="Resolve").click()

    expect(desktop.locator(".facts")).to_contain_text("resolved")
    expect(desktop.get_by_role("button", name="Reopen")).to_be_visible()


def test_a_fix_is_pressed_and_its_effect_is_there(desktop: Page, site: Site, acme: Acme) -> None:
    """E48"""
    one = blocked(acme)
    desktop.goto(f"{site.url}/conversations/{one}")

    desktop.get_by_role("button", name="Raise Bo's limit in Support from 1 to 2").click()

    expect(desktop.locator("#toasts")).to_contain_text("Bo has it now.")
    expect(desktop.locator("#why")).to_contain_text("Assigned to Bo")


def test_a_phone_shows_how_long_each_has_waited_in_an_inbox(desktop: Page, site: Site, acme: Acme) -> None:
    """Seen to fail while the last column of every list was hidden."""
    waiting_for(acme, 1, minutes=5)
    desktop.set_viewport_size({"width": 390, "height": 844})

    desktop.goto(f"{site.url}/inboxes/{acme.support}")

    expect(desktop.get_by_text("5 min", exact=True)).to_be_visible()
