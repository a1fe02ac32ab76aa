"""Pictures of a running Evenhand: python -m tests.browser.screenshots URL EMAIL PASSWORD [FOLDER]."""

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests import chromium

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wall": (1920, 1080)}
SCHEMES = ("light", "dark")
# By then the first poll has redrawn what was loaded.
SETTLED_MS = 2_600


def main(url: str, email: str, password: str, folder: str = "screenshots") -> None:
    """Take the log-in and the board at every size, light and dark, and the board without chrome on the wall."""
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    with chromium.browser() as browser:
        for (size, (width, height)), scheme in product(SIZES.items(), SCHEMES):
            page = _page(browser, scheme, width=width, height=height)
            page.goto(f"{url}/login")
            page.screenshot(path=into / f"login-{size}-{scheme}.png")
            _log_in(page, email, password)
            page.screenshot(path=into / f"board-{size}-{scheme}.png")
            if size == "wall":
                page.goto(f"{url}/?wall=1")
                page.wait_for_timeout(SETTLED_MS)
                page.screenshot(path=into / f"no-chrome-{size}-{scheme}.png")
            page.context.close()


def _page(browser: Browser, scheme: str, *, width: int, height: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    return context.new_page()


def _log_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("#board")
    page.wait_for_timeout(SETTLED_MS)


if __name__ == "__main__":
    main(*sys.argv[1:])
