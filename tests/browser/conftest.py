"""The application served to a real browser, and a supervisor who may log in."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from dashboard.config import Settings
from dashboard.engine.model import Role
from tests import chromium
from tests.desks import Acme
from tests.pages import AtOnce, hire, kept, looking

# js/live.js asks as often as this.
POLL = 2_000


@dataclass(slots=True, kw_only=True)
class Site:
    """A server over Acme's desk, and what browsers complained of."""

    app: Flask
    account_id: int
    supervisor_id: int
    port: int = 0
    complaints: list[str] = field(default_factory=list)
    _stop: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, on the port that it had before if it was stopped."""
        server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        # How often it looks whether it should stop.
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})

        def stop() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        thread.start()
        self.port, self._stop = server.server_port, stop

    def stop(self) -> None:
        """Serve no more."""
        self._stop()
        self._stop = lambda: None

    def page(self, browser: Browser, **context: object) -> Page:
        """Return a page of a fresh profile, in which nobody is logged in."""
        page = chromium.profile(browser, **context).new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.clock.install()
        return page

    def open(self, browser: Browser, path: str = "/", *, as_id: int = 0, **context: object) -> Page:
        """Return a page that somebody has open, Mara unless told otherwise; nobody is asked for a password."""
        page = self.page(browser, **context)
        client = looking(self.app, self.account_id, as_id or self.supervisor_id).client
        kept = client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        page.context.add_cookies([{"name": kept.key, "value": kept.value, "url": self.url}])
        page.goto(f"{self.url}{path}")
        return page


def next_poll(page: Page) -> None:
    """Let the time pass at once that the page would wait before it asks again."""
    page.clock.run_for(POLL)


@pytest.fixture
def site(acme: Acme, settings: Settings) -> Iterator[Site]:
    """The whole application on a free port, with a worker that does its jobs at once."""
    mara = hire(acme.work, acme.account_id, "Mara", Role.SUPERVISOR)
    worker = AtOnce(settings)
    site = Site(app=kept(settings, worker), account_id=acme.account_id, supervisor_id=mara)
    site.start()
    yield site
    site.stop()
    worker.close()


@pytest.fixture
def board(site: Site, browser: Browser) -> Iterator[Page]:
    """The live board in Mara's browser, in a zone that is not the server's; nothing may have been complained of."""
    page = site.open(browser, viewport={"width": 1280, "height": 800}, timezone_id="Asia/Tokyo", locale="en-GB")
    yield page
    page.context.close()
    assert site.complaints == []
