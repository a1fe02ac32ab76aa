"""Pictures of a running Evenhand: python -m tests.browser.screenshots URL EMAIL PASSWORD [FOLDER [NAME...]].

Names are those of tests/browser/tour.py; without any it is every page. What is wrong with a layout is printed.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests import chromium
from tests.browser import tour

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wall": (1920, 1080)}
SCHEMES = ("light", "dark")
LAYOUT = Path(__file__).with_name("layout.js").read_text()


def main(url: str, email: str, password: str, folder: str = "screenshots", *names: str) -> None:
    """Take every page at every size, light and dark, as long as it is."""
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    with chromium.browser() as browser:
        places = _named(_places(browser, url, email, password), names)
        for size, (width, height) in SIZES.items():
            page = _page(browser, width, height)
            outside = {stop.name: f"{url}{stop.at}" for stop in tour.OUTSIDE}
            _take(page, _named(outside, names), into, size)
            _log_in(page, url, email, password)
            _take(page, places, into, size)
            page.context.close()


def _places(browser: Browser, url: str, email: str, password: str) -> dict[str, str]:
    page = _page(browser, *SIZES["laptop"])
    _log_in(page, url, email, password)
    places = tour.addresses(page, url)
    page.context.close()
    for stop in tour.INSIDE:
        if stop.name not in places:
            print(f"{stop.name}: nothing leads there.")
    return places


def _named(places: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: address for name, address in places.items() if not names or name in names}


def _take(page: Page, places: dict[str, str], into: Path, size: str) -> None:
    for name, address in places.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for fault in page.evaluate(LAYOUT):
            print(f"{name}, {size}: {fault}")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=into / f"{name}-{size}-{scheme}.png", full_page=True)


def _page(browser: Browser, width: int, height: int) -> Page:
    return browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", reduced_motion="reduce"
    ).new_page()


def _log_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#board")


if __name__ == "__main__":
    main(*sys.argv[1:])
