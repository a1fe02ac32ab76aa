"""The plots in a real browser: drawn from the table under them, with nothing that the policy refuses."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from dashboard import clock
from tests.browser.conftest import Site
from tests.desks import Acme
from tests.giving import given

pytestmark = pytest.mark.browser
HOUR = timedelta(hours=1)


def test_what_stands_in_the_table_is_drawn(site: Site, browser: Browser, acme: Acme) -> None:
    for hours in (2, 2, 2, 5):
        given(acme, "Ana", clock.now() - hours * HOUR)
    given(acme, "Bo", clock.now() - 2 * HOUR, inbox="Sales")
    page = site.open(browser, timezone_id="Asia/Kolkata")
    page.goto(f"{site.url}/reports")
    counts = page.locator("figure[data-plot=count]")

    expect(counts.locator("canvas")).to_be_visible()
    expect(counts.locator(".key")).to_have_text(["Sales1", "Support4"])
    expect(page.locator("figure[data-plot=wait] canvas")).to_be_visible()
    expect(page.get_by_text("Hours are those of Asia/Calcutta.")).to_be_visible()
    assert str(page.locator("#hours tbody time").first.text_content()).endswith(":30")
    page.get_by_label("Inbox", exact=True).select_option(label="Sales")
    expect(counts.locator(".key")).to_have_text(["Assigned1"])
    expect(counts.locator("canvas")).to_have_count(1)
    page.emulate_media(color_scheme="dark")
    expect(counts.locator("canvas")).to_have_count(1)
    page.context.close()
    assert site.complaints == []


def test_without_scripts_the_table_is_there_and_no_empty_frame(site: Site, browser: Browser, acme: Acme) -> None:
    given(acme, "Ana", clock.now() - 2 * HOUR)
    page = site.open(browser, java_script_enabled=False)

    page.goto(f"{site.url}/reports?span=week")

    expect(page.locator("#hours tbody tr").nth(2)).to_contain_text("UTC")
    expect(page.locator("figure").first).to_be_hidden()
    page.context.close()
