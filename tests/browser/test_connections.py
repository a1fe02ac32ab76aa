"""From an address to shadow in a real browser, beside a Chatwoot that stands in; and a page that stays up to date."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.store.models.connections import ConnectionState
from tests.browser.conftest import Site, next_poll
from tests.connected import connect
from tests.desks import Acme
from tests.helpdesks.chatwoot.shop import CHAT
from tests.pages import AtOnce, composed, hire
from tests.shopping import Shopping, nearby, shopping

pytestmark = pytest.mark.browser
WAITS = 2_000


@pytest.fixture
def shop(acme: Acme, settings: Settings) -> Iterator[Shopping]:
    """A shop's Chatwoot on this machine."""
    worker = AtOnce(settings)
    with shopping(acme, nearby(settings), worker) as found:
        yield found
    worker.close()


@pytest.fixture
def beside(shop: Shopping, acme: Acme) -> Iterator[Site]:
    """The whole application, which may call the shop and be called by it; Uma is its administrator."""
    uma = hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR)
    site = Site(app=composed(shop.settings, shop.worker), account_id=acme.account_id, supervisor_id=uma)
    site.start()
    yield site
    site.stop()


def told_by_itself(page: Page, ms: int = WAITS) -> None:
    """Let the time pass at once that the page would wait before it asks again."""
    page.clock.run_for(ms)


@pytest.mark.gate
def test_a_newcomer_comes_from_an_address_to_shadow(beside: Site, browser: Browser, shop: Shopping) -> None:
    """C20, C19, C6"""
    shop.waits(3)
    page = beside.open(browser, "/settings/connections", viewport={"width": 1280, "height": 800})

    give_access(page, shop.there.url)
    see_a_webhook(page, shop)
    choose_inboxes_and_agents(page)
    switch_its_own_assignment_off(page)
    expect(page.locator("#progress")).to_contain_text("A worker begins within seconds")
    shop.poll()
    told_by_itself(page, 1_000)

    expect(page.locator("#progress")).to_contain_text("4 of them. Evenhand decides in")
    page.get_by_role("link", name="See the comparison").click()
    expect(page.locator(".health").first).to_have_text("ready")
    assert beside.complaints == []


def give_access(page: Page, url: str) -> None:
    page.get_by_role("link", name="Connect the first helpdesk").click()
    page.get_by_role("button", name="Chatwoot").click()
    page.get_by_label("Address of the helpdesk").fill(url)
    page.get_by_label("Account id").fill("3")
    page.get_by_label("Access token", exact=True).fill("token-of-user-1")
    page.get_by_role("button", name="Save and check").click()


def see_a_webhook(page: Page, shop: Shopping) -> None:
    waiting = page.locator("#webhook-seen")
    expect(waiting).to_contain_text("No webhook has arrived yet")
    shop.there.act("customer_starts", inbox=CHAT)
    shop.there.delivered()
    told_by_itself(page)
    expect(waiting).to_contain_text("A real webhook has arrived")


def choose_inboxes_and_agents(page: Page) -> None:
    page.get_by_role("link", name="Choose inboxes").click()
    page.get_by_label("Shop chat").check()
    page.get_by_role("button", name="Watch these in shadow").click()
    page.get_by_role("button", name="Confirm the 1 proposal").click()
    expect(page.locator("#people")).to_contain_text("Ana")
    page.get_by_role("button", name="Create 2 new agents").click()


def switch_its_own_assignment_off(page: Page) -> None:
    page.get_by_role("link", name="Go on to own assignment").click()
    page.get_by_role("button", name="Switch it off in Shop chat").click()
    expect(page.get_by_text("There is nothing to do here.")).to_be_visible()
    page.get_by_role("link", name="Go on to the first sync").click()


def test_the_page_follows_what_happens_and_a_half_filled_form_stays(site: Site, browser: Browser, acme: Acme) -> None:
    """C21"""
    desk = connect(acme, read_at=clock.now(), sentence="All is well.", state_since=clock.now())
    uma = hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR)
    page = site.open(browser, f"/settings/connections/{desk.id}", as_id=uma)
    page.get_by_text("Name, pace and notes").click()
    page.get_by_label("Name here").fill("Half a na")

    desk.change(state=ConnectionState.BROKEN, sentence="The token was revoked.")
    acme.work.signals.live.bump(acme.account_id)
    next_poll(page)

    expect(page.locator(".standing")).to_contain_text("The token was revoked.")
    expect(page.get_by_label("Name here")).to_have_value("Half a na")
    expect(page.get_by_label("Name here")).to_be_focused()
    assert site.complaints == []
