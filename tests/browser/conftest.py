"""The application served to a real browser, and a supervisor who may log in."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from dashboard.config import Settings
from dashboard.engine.model import Role
from tests.desks import Acme
from tests.pages import PASSWORD, AtOnce, composed, hire, let_in


@dataclass(slots=True, kw_only=True)
class Site:
    """A server over Acme's desk, and what browsers complained of."""

    url: str
    email: str
    complaints: list[str] = field(default_factory=list)

    def open(self, browser: Browser, **context: object) -> Page:
        """Log Mara in, in a fresh profile."""
        page = browser.new_context(**context).new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.url}/")
        page.get_by_label("E-mail address").fill(self.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#board")
        return page


@pytest.fixture
def site(acme: Acme, settings: Settings) -> Iterator[Site]:
    """The whole application on a free port, with a worker that does its jobs at once."""
    let_in(acme.desk, hire(acme.desk, acme.account_id, "Mara", Role.SUPERVISOR))
    worker = AtOnce(settings)
    server = make_server("127.0.0.1", 0, composed(settings, worker), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(url=f"http://127.0.0.1:{server.server_port}", email=f"mara@{acme.account_id}.example")
    server.shutdown()
    thread.join()
    server.server_close()
    worker.close()


@pytest.fixture
def board(site: Site, browser: Browser) -> Iterator[Page]:
    """The live board in Mara's browser, in a zone that is not the server's; nothing may have been complained of."""
    page = site.open(browser, viewport={"width": 1280, "height": 800}, timezone_id="Asia/Tokyo", locale="en-GB")
    yield page
    page.context.close()
    assert site.complaints == []
