"""What an agent, who supervises nobody, meets in a real browser."""

import pytest
from playwright.sync_api import Browser, expect

from dashboard import clock
from tests.browser.conftest import Site
from tests.desks import Acme
from tests.pages import waiting_for

pytestmark = pytest.mark.browser


def test_the_board_of_an_agent_has_their_inboxes_and_their_own_presence(
    site: Site, browser: Browser, acme: Acme
) -> None:
    acme.online("Cleo", at=clock.now())
    page = site.open(browser, as_id=acme.agents["Cleo"])

    expect(page.locator("#inboxes tbody")).to_have_count(1)
    expect(page.get_by_role("button", name="Run assignment now")).to_have_count(0)
    page.locator(f"#presence-{acme.agents['Cleo']}").click()
    page.get_by_role("button", name="busy").click()

    expect(page.locator("#toasts")).to_have_text("Cleo is set to busy.")
    expect(page.locator(f"#presence-{acme.agents['Cleo']}")).to_contain_text("busy")
    page.context.close()
    assert site.complaints == []


def test_an_agents_own_page_tells_what_they_got_and_why(site: Site, browser: Browser, acme: Acme) -> None:
    """E47"""
    acme.policy("Support")
    acme.online("Cleo", at=clock.now())
    waiting_for(acme, 1, minutes=5, subject="Where is it?")
    acme.run(at=clock.now())
    page = site.open(browser, as_id=acme.agents["Cleo"])

    page.get_by_role("navigation").get_by_role("link", name="Your page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cleo")
    expect(page.get_by_role("link", name="Where is it?", exact=True)).to_be_visible()
    page.get_by_role("button", name="busy").click()
    expect(page.locator(".facts")).to_contain_text("busy")
    page.get_by_role("link", name="Why", exact=False).click()

    expect(page.get_by_text("Assigned to Cleo by a run")).to_be_visible()
    page.context.close()
    assert site.complaints == []


@pytest.mark.parametrize("path", ["/conversations", "/inboxes", "/policies/new", "/capacity", "/settings/users"])
def test_what_is_not_an_agents_says_so_and_leads_back(site: Site, browser: Browser, acme: Acme, path: str) -> None:
    page = site.open(browser, path, as_id=acme.agents["Cleo"])

    expect(page.get_by_role("heading")).to_have_text("Not allowed")
    expect(page.get_by_text("Nothing was changed")).to_be_visible()
    page.get_by_role("link", name="Live board").click()

    expect(page.locator("#board")).to_be_visible()
    page.context.close()


def test_the_menu_of_ones_name_opens_by_key_and_closes_by_escape_and_by_a_click_elsewhere(
    site: Site, browser: Browser, acme: Acme
) -> None:
    page = site.open(browser, as_id=acme.agents["Cleo"])
    leave = page.get_by_role("button", name="Log out")
    expect(leave).to_be_hidden()

    page.locator("#me summary").focus()
    page.keyboard.press("Enter")
    expect(leave).to_be_visible()
    page.keyboard.press("Escape")
    expect(leave).to_be_hidden()
    expect(page.locator("#me summary")).to_be_focused()
    page.locator("#me summary").click()
    expect(leave).to_be_visible()
    page.locator("#board").click(position={"x": 5, "y": 5})

    expect(leave).to_be_hidden()
    page.context.close()
