"""The application served to a real browser, and a supervisor who may log in."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from dashboard.config import Settings
from dashboard.engine.model import Role
from tests.desks import Acme
from tests.pages import AtOnce, composed, hire, looking


@dataclass(slots=True, kw_only=True)
class Site:
    """A server over Acme's desk, and what browsers complained of."""

    url: str
    app: Flask
    account_id: int
    supervisor_id: int
    complaints: list[str] = field(default_factory=list)

    def page(self, browser: Browser, **context: object) -> Page:
        """Return a page of a fresh profile, in which nobody is logged in."""
        page = browser.new_context(**context).new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def open(self, browser: Browser, path: str = "/", *, as_id: int = 0, **context: object) -> Page:
        """Return a page that somebody has open, Mara unless told otherwise; nobody is asked for a password."""
        page = self.page(browser, **context)
        client = looking(self.app, self.account_id, as_id or self.supervisor_id).client
        kept = client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        page.context.add_cookies([{"name": kept.key, "value": kept.value, "url": self.url}])
        page.goto(f"{self.url}{path}")
        return page


@pytest.fixture
def site(acme: Acme, settings: Settings) -> Iterator[Site]:
    """The whole application on a free port, with a worker that does its jobs at once."""
    mara = hire(acme.desk, acme.account_id, "Mara", Role.SUPERVISOR)
    worker = AtOnce(settings)
    app = composed(settings, worker)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # How often it looks whether it should stop.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield Site(url=url, app=app, account_id=acme.account_id, supervisor_id=mara)
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
