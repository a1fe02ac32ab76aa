"""The log-in in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.desks import Acme
from tests.pages import PASSWORD, let_in

pytestmark = pytest.mark.browser
EIGHT_TIMES = """
() => {
  const form = document.querySelector("form");
  const guess = () => fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
  return Promise.all(Array.from({length: 8}, guess));
}
"""


@pytest.fixture
def door(site: Site, browser: Browser, acme: Acme) -> Page:
    """Mara's browser in front of the log-in, on her way to the inboxes."""
    let_in(acme.work, site.supervisor_id)
    page = site.page(browser)
    page.goto(f"{site.url}/inboxes")
    return page


def log_in(door: Page, site: Site, password: str) -> None:
    door.get_by_label("E-mail address").fill(f"mara@{site.account_id}.example")
    door.get_by_label("Password").fill(password)
    door.keyboard.press("Enter")


def test_the_right_password_leads_to_the_page_that_was_wanted(door: Page, site: Site) -> None:
    expect(door.get_by_label("E-mail address")).to_be_focused()

    log_in(door, site, PASSWORD)

    expect(door).to_have_url(f"{site.url}/inboxes")
    assert site.complaints == []


def test_a_wrong_password_is_said_and_only_it_is_typed_again(door: Page, site: Site) -> None:
    log_in(door, site, "something else")

    expect(door.get_by_role("alert")).to_contain_text("is not right")
    expect(door.get_by_label("E-mail address")).to_have_value(f"mara@{site.account_id}.example")
    expect(door.get_by_label("Password")).to_be_focused()
    expect(door.get_by_label("Password")).to_have_value("")
    door.keyboard.type(PASSWORD)
    door.keyboard.press("Enter")
    expect(door).to_have_url(f"{site.url}/inboxes")


def test_whoever_guesses_is_told_to_wait(door: Page, site: Site) -> None:
    door.get_by_label("E-mail address").fill(f"mara@{site.account_id}.example")
    door.get_by_label("Password").fill("a guess")
    door.evaluate(EIGHT_TIMES)

    log_in(door, site, PASSWORD)

    expect(door.get_by_text("Too many")).to_be_visible()
    expect(door.get_by_role("button", name="Log out")).to_have_count(0)
