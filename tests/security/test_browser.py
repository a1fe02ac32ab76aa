"""Hostile texts in a real browser: no dialog opens, and the policy has nothing to complain of."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from dashboard.config import Settings
from tests import chromium
from tests.security import walks
from tests.security.test_texts import HOSTILE
from tests.security.worlds import Worlds, two_worlds

pytestmark = [pytest.mark.browser, pytest.mark.gate]


@pytest.fixture
def worlds(settings: Settings) -> Iterator[Worlds]:
    """Acme, where every text is hostile."""
    with two_worlds(settings, ours=HOSTILE) as found:
        yield found


@pytest.fixture
def site(worlds: Worlds) -> Iterator[str]:
    """The application on a free port."""
    server = make_server("127.0.0.1", 0, worlds.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_page_runs_what_a_customer_wrote(worlds: Worlds, site: str, browser: Browser) -> None:
    """Seen to fail with one subject shown as it is: the policy complained."""
    cookie = worlds.ours.looker.client.get_cookie("evenhand")
    assert cookie
    heard: list[str] = []
    with chromium.profile(browser, accept_downloads=False) as context:
        context.add_cookies([{"name": "evenhand", "value": cookie.value, "url": site}])
        page = context.new_page()
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("console", lambda said: heard.append(said.text) if said.type in ("error", "warning") else None)
        for path, answer in walks.pages_of(worlds.app, worlds.ours):
            if answer.mimetype == "text/html":
                page.goto(f"{site}{path}")
                assert not page.url.endswith("/login")

    assert heard == []
