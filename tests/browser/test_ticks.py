"""The list of conversations in a real browser: a page is ticked at once, and what a button would do is said before."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site
from tests.desks import Acme
from tests.pages import waiting_for

pytestmark = pytest.mark.browser


def test_a_page_is_ticked_at_once_and_what_releasing_means_is_said_in_numbers(
    site: Site, browser: Browser, acme: Acme
) -> None:
    waiting_for(acme, 2, minutes=5)
    held = acme.held("Bo", 3)
    page = site.open(browser)
    page.goto(f"{site.url}/conversations")
    everything, said = page.get_by_label("Tick all on this page"), page.locator("[data-ticked]")

    everything.check()

    expect(said).to_have_text("5 ticked: 2 waiting, 3 open with an agent. Released, those 3 wait again.")
    page.get_by_label(f"Tick {held[0]}", exact=True).uncheck()
    expect(said).to_contain_text("4 ticked: 2 waiting, 2 open with an agent.")
    expect(everything).to_have_js_property("indeterminate", True)
    page.get_by_role("button", name="Release").click()
    expect(page.locator("#toasts")).to_contain_text("2 conversations released. 2 were with nobody already.")
    expect(said).to_have_text("4 ticked: 4 waiting, 0 open with an agent.")
    page.context.close()
    assert site.complaints == []
