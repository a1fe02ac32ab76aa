"""The policy form in a real browser: its consequences are redrawn as one types, and what is typed stays."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import clock
from tests.browser.conftest import Site, next_poll
from tests.desks import Acme
from tests.pages import waiting_for

pytestmark = pytest.mark.browser


def test_what_is_typed_is_previewed_in_place_and_keeps_its_focus(site: Site, browser: Browser, acme: Acme) -> None:
    """E50"""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 3, minutes=5)
    page = site.open(browser)
    page.goto(f"{site.url}/policies/{acme.policy_id}")
    page.evaluate("window.loadedOnce = true")
    limit, meant = page.get_by_label("Conversations per agent"), page.locator("#consequences")

    limit.press_sequentially("2")

    expect(meant).to_contain_text("at most 2 to each agent per inbox in an hour")
    expect(meant).to_contain_text(re.compile("left: all rate-limited"))
    expect(limit).to_be_focused()
    expect(limit).to_have_value("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Policy 0 was saved.")
    limit.fill("1")
    expect(meant).to_contain_text("at most 1 to each agent")
    assert page.evaluate("window.loadedOnce")
    page.context.close()
    assert site.complaints == []


def test_a_form_half_typed_in_one_tab_is_left_alone_while_the_board_changes_in_another(
    board: Page, site: Site, acme: Acme
) -> None:
    acme.policy("Support")
    form = board.context.new_page()
    form.goto(f"{site.url}/policies/{acme.policy_id}")
    form.get_by_label("Description").press_sequentially("Half a sent")

    waiting_for(acme, 3, minutes=1)
    acme.work.signals.changed(acme.account_id)
    next_poll(board)

    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text("3")
    next_poll(form)
    expect(form.get_by_label("Description")).to_have_value("Half a sent")
    expect(form.get_by_label("Description")).to_be_focused()


def test_a_refused_form_draws_the_border_of_the_fields_to_correct(site: Site, browser: Browser) -> None:
    page = site.open(browser)
    page.goto(f"{site.url}/policies/new")
    page.get_by_label("Name").evaluate("name => name.form.noValidate = true")

    page.get_by_role("button", name="Create the policy").click()

    expect(page.get_by_text("Nothing was saved. Correct what is marked.")).to_be_visible()
    problem = page.locator("#wrong-name").evaluate("said => getComputedStyle(said).color")
    expect(page.get_by_label("Name")).to_have_css("border-top-color", problem)
    page.context.close()
