"""The live board in a real browser: it changes by itself, and leaves alone whoever works on it."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import clock
from tests.browser.conftest import POLL, Site, next_poll
from tests.desks import Acme, add_inbox
from tests.pages import waiting_for

pytestmark = pytest.mark.browser
NONE = re.compile("none")
MOVING = """
() => [...document.querySelectorAll("*")].map(element => getComputedStyle(element))
  .filter(style => parseFloat(style.transitionDuration) || style.animationName !== "none").length
"""


def come(acme: Acme, count: int, inbox: str = "Support") -> list[int]:
    """Let conversations arrive, as a service would tell it."""
    ids = waiting_for(acme, count, minutes=1, inbox=inbox)
    acme.work.signals.changed(acme.account_id)
    return ids


def test_it_changes_by_itself(board: Page, acme: Acme) -> None:
    line = board.locator(f"#inbox-{acme.support}")
    board.evaluate("window.loadedOnce = true")

    come(acme, 3)
    next_poll(board)

    expect(line.locator("td").first).to_have_text("3")
    assert board.evaluate("window.loadedOnce"), "the page was loaded again"


def test_a_run_asked_for_shows_its_result_in_place_and_keeps_it(board: Page, acme: Acme) -> None:
    """E34"""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    come(acme, 3)
    next_poll(board)

    board.get_by_role("button", name="Run assignment now in Support").click()

    result = board.locator(f"#run-{acme.support}")
    expect(result).to_contain_text("Assigned 3 in")
    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text(NONE)
    come(acme, 1, "Sales")
    next_poll(board)
    expect(board.locator(f"#inbox-{acme.sales} td").first).to_have_text("1")
    expect(result).to_contain_text("Assigned 3 in")
    result.get_by_role("link").click()
    expect(board.get_by_role("heading", level=1)).to_contain_text("of Support")


def test_an_inbox_that_came_with_a_redraw_can_be_run(board: Page, acme: Acme) -> None:
    """What is drawn for everybody has nobody's token in it: the page around it sends its own."""
    acme.inboxes["Billing"] = add_inbox(acme.work.session, acme.account_id, "Billing")
    acme.join("Billing", "Ana")
    acme.policy("Billing")
    acme.online("Ana", at=clock.now())
    come(acme, 2, "Billing")

    board.get_by_role("button", name="Run assignment now in Billing").click()

    expect(board.locator(f"#run-{acme.inboxes['Billing']}")).to_contain_text("Assigned 2 in")


def test_a_redraw_moves_neither_focus_nor_scroll_nor_what_is_being_chosen(board: Page, acme: Acme) -> None:
    acme.policy("Support", "Sales")
    come(acme, 2, "Sales")
    next_poll(board)
    funnel = board.locator(f"#said-{acme.sales}")
    expect(funnel).to_be_visible()
    funnel.focus()
    expect(board.locator(f"#funnel-{acme.sales}")).to_be_visible()
    board.evaluate("scrollTo(0, 60)")
    before = board.evaluate("scrollY")

    come(acme, 4)
    next_poll(board)

    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text("4")
    assert board.evaluate("document.activeElement.id") == f"said-{acme.sales}"
    expect(board.locator(f"#funnel-{acme.sales}")).to_be_visible()
    assert board.evaluate("scrollY") == before


def test_an_open_menu_stays_open_and_what_it_sets_is_on_the_board(board: Page, acme: Acme) -> None:
    acme.online("Bo", at=clock.now())
    acme.work.signals.changed(acme.account_id)
    next_poll(board)
    presence = board.locator(f"#presence-{acme.agents['Bo']}")
    expect(presence).to_contain_text("online")
    presence.click()
    menu = board.locator("#menu")
    expect(menu).to_contain_text("Set Bo to")
    come(acme, 2)
    next_poll(board)
    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text("2")
    expect(menu).to_be_visible()

    menu.get_by_role("button", name="busy").click()

    expect(board.locator("#toasts")).to_have_text("Bo is set to busy.")
    expect(menu).to_be_hidden()
    expect(presence).to_contain_text("busy")
    assert board.evaluate("document.activeElement.id") == f"presence-{acme.agents['Bo']}"


def test_who_changes_something_asks_for_the_board_as_it_is_now(board: Page, acme: Acme) -> None:
    acme.online("Bo", at=clock.now())
    acme.work.signals.changed(acme.account_id)
    next_poll(board)
    presence = board.locator(f"#presence-{acme.agents['Bo']}")
    presence.click()

    with board.expect_request(lambda request: request.headers.get("hx-ptag") == "none"):
        board.locator("#menu").get_by_role("button", name="busy").click()

    expect(presence).to_contain_text("busy")


def test_a_filter_is_kept_through_redraws_and_is_in_the_address(board: Page, acme: Acme) -> None:
    board.get_by_label("Inbox", exact=True).select_option(label="Sales")
    expect(board.locator("#agents tbody tr")).to_have_count(2)

    come(acme, 1)
    next_poll(board)

    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text("1")
    expect(board.locator("#agents tbody tr")).to_have_count(2)
    assert board.url.endswith(f"/?inbox={acme.sales}")


def test_what_the_glance_asks_for_is_kept_through_redraws(board: Page, acme: Acme) -> None:
    acme.online("Ana", at=clock.now())
    acme.work.signals.changed(acme.account_id)
    next_poll(board)
    expect(board.locator("#agents .glance")).to_contain_text("1 free")
    board.locator("#agents .glance").get_by_text("free").click()
    expect(board.locator("#agents tbody tr")).to_have_count(1)

    come(acme, 1)
    next_poll(board)

    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text("1")
    expect(board.locator("#agents tbody tr")).to_have_count(1)


def test_paused_it_stands_still_until_it_is_resumed(board: Page, acme: Acme) -> None:
    board.get_by_role("button", name="Pause").click()
    come(acme, 2)
    board.clock.run_for(4 * POLL)
    expect(board.locator("#live")).to_contain_text("Paused at")
    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text(NONE)

    board.get_by_role("button", name="Resume").click()

    expect(board.locator(f"#inbox-{acme.support} td").first).to_have_text("2")


def test_while_the_server_is_away_it_says_how_old_it_is_and_recovers_by_itself(board: Page, site: Site) -> None:
    site.stop()
    board.clock.run_for(4 * POLL)
    expect(board.locator("#live")).to_have_attribute("data-state", "stale")
    expect(board.locator("#live")).to_contain_text("Not updated since")

    site.start()
    next_poll(board)

    expect(board.locator("#live")).to_have_attribute("data-state", "live")
    site.complaints.clear()  # the browser reports the requests that were cut


def test_times_are_of_the_browsers_zone_and_exact_on_demand(board: Page, acme: Acme) -> None:
    now = clock.now()
    come(acme, 1)
    next_poll(board)
    waited = board.locator(f"#inbox-{acme.support} time").first
    expect(waited).to_have_text("1 min")

    waited.hover()

    begun = (now - timedelta(minutes=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    assert begun.strftime("%H:%M") in str(waited.get_attribute("title"))


def test_the_funnel_goes_away_on_escape(board: Page, acme: Acme) -> None:
    acme.policy("Support")
    come(acme, 1)
    next_poll(board)
    board.locator(f"#said-{acme.support}").hover()
    funnel = board.locator(f"#funnel-{acme.support}")
    expect(funnel).to_be_visible()

    board.keyboard.press("Escape")

    expect(funnel).to_be_hidden()


def test_a_session_that_ended_leads_to_the_log_in_and_back(board: Page, site: Site) -> None:
    board.context.clear_cookies()
    next_poll(board)

    expect(board).to_have_url(re.compile("/login"))

    expect(board.get_by_role("button", name="Log in")).to_be_visible()
    site.complaints.clear()  # the browser reports the answer 401


@pytest.mark.parametrize("width", [390, 820, 1280, 1920])
def test_nothing_is_cut_off_at_the_side(site: Site, browser: Browser, acme: Acme, width: int) -> None:
    acme.policy("Support", "Sales", fair_distribution_limit=10)
    acme.capacity("Ana", {"Support": 100, "Sales": 100}, conversation_limit=1_000)
    come(acme, 5)

    page = site.open(browser, viewport={"width": width, "height": 900})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{site.url}/?wall=1")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_without_scripts_every_action_is_a_plain_form(site: Site, browser: Browser, acme: Acme) -> None:
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    come(acme, 2)
    page = site.open(browser, java_script_enabled=False)

    page.get_by_role("button", name="Run assignment now in Support").click()
    assert "Assigned 2 in" in page.inner_text(f"#run-{acme.support}")
    page.locator(f"#presence-{acme.agents['Ana']}").click()
    page.get_by_role("button", name="busy").click()
    assert "busy" in page.inner_text(f"#presence-{acme.agents['Ana']}")
    page.get_by_label("Inbox", exact=True).select_option(label="Sales")
    page.get_by_role("button", name="Show").click()
    assert page.locator("#agents tbody tr").count() == 2
    page.locator("#me summary").click()
    page.get_by_role("button", name="Log out").click()
    assert page.url.endswith("/login")
    page.context.close()


def test_nothing_moves_for_whoever_asked_for_stillness(board: Page) -> None:
    assert board.evaluate(MOVING) > 0

    board.emulate_media(reduced_motion="reduce")

    assert board.evaluate(MOVING) == 0


def test_the_board_can_be_worked_by_keyboard_alone(board: Page, acme: Acme) -> None:
    board.evaluate("document.activeElement.blur()")

    board.keyboard.press("Tab")
    expect(board.get_by_text("Skip to the content")).to_be_focused()
    board.keyboard.press("Enter")
    presence = board.locator(f"#presence-{acme.agents['Ana']}")
    for _ in range(60):
        board.keyboard.press("Tab")
        if presence.evaluate("link => link === document.activeElement"):
            break
    board.keyboard.press("Enter")
    expect(board.locator("#menu button").first).to_be_focused()
    board.keyboard.press("Escape")

    expect(board.locator("#menu")).to_be_hidden()
    expect(presence).to_be_focused()
