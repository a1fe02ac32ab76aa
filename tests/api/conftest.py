"""The API on real stores, and somebody of each role to call it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import api, clock, http
from dashboard.config import ROOT, Settings
from dashboard.engine.model import Role
from dashboard.services.accounts import tokens
from dashboard.services.core.after_commit import JobQueue
from dashboard.services.core.container import build
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.postgres import database
from tests.desks import Acme, Recorded, add_user


@dataclass(slots=True)
class Caller:
    """Somebody who calls the API below their account."""

    client: FlaskClient
    account_id: int
    user_id: int
    token: str

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        url = f"/api/v1/accounts/{self.account_id}{path}"
        if "data" not in more:
            more["json"] = body
        return self.client.open(url, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self("POST", path, {} if body is None else body, **more)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self("PATCH", path, body)

    def put(self, path: str, body: Any) -> TestResponse:
        return self("PUT", path, body)

    def delete(self, path: str, body: Any = None) -> TestResponse:
        return self("DELETE", path, body)


def make_app(settings: Settings, queue: JobQueue, *, limited: bool = False) -> Flask:
    """Compose the application as app.py does, with a queue that only records; tests may call as fast as they can."""
    engine = database.connect(settings.database_url, pool_size=10)
    app = Flask("api", template_folder=str(ROOT / "templates"))
    app.config.update(MAX_CONTENT_LENGTH=1024 * 1024, RATELIMIT_ENABLED=limited)
    app.extensions["engine"] = engine
    app.extensions["probe"] = database.Session(engine)

    @app.teardown_appcontext
    def close(_: BaseException | None) -> None:
        if "work" in g:
            g.work.session.close()

    http.register(app, settings)
    api.register(app, settings)
    return _over(app, settings, queue)


def _over(app: Flask, settings: Settings, queue: JobQueue) -> Flask:
    made, engine = build(settings, queue), app.extensions["engine"]
    app.extensions["evenhand"] = lambda: made.work(database.Session(engine, expire_on_commit=False))
    return app


@pytest.fixture(scope="session")
def made(settings: Settings) -> Iterator[Flask]:
    """The API, composed once for all tests: that takes longer than most of them."""
    app = make_app(settings, Recorded())
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def app(made: Flask, work: UnitOfWork, settings: Settings, queue: Recorded) -> Flask:
    """The API over this test's queue; what it writes is emptied with `desk`."""
    return _over(made, settings, queue)


@pytest.fixture
def call_as(app: Flask, acme: Acme) -> Callable[..., Caller]:
    """Make a caller of a role, in Acme unless told otherwise."""

    def make(role: Role, account_id: int = acme.account_id, user_id: int | None = None) -> Caller:
        session = acme.work.session
        user_id = user_id or add_user(session, account_id, f"{role}-caller", role)
        token = tokens.issue(acme.work, account_id, user_id, now=clock.now())
        session.commit()
        return Caller(app.test_client(), account_id, user_id, token.text)

    return make


@pytest.fixture
def admin(call_as: Callable[..., Caller]) -> Caller:
    """An administrator of Acme."""
    return call_as(Role.ADMINISTRATOR)


@pytest.fixture
def supervisor(call_as: Callable[..., Caller]) -> Caller:
    """A supervisor of Acme."""
    return call_as(Role.SUPERVISOR)


@pytest.fixture
def stranger(call_as: Callable[..., Caller], acme: Acme) -> Caller:
    """An administrator of Globex."""
    from sqlalchemy import select

    from dashboard.store.models import Inbox

    globex = acme.work.session.scalars(select(Inbox.account_id).where(Inbox.id == acme.stranger_inbox_id)).one()
    return call_as(Role.ADMINISTRATOR, globex)


@pytest.fixture
def furnished(admin: Caller, acme: Acme) -> None:
    """One of each kind, with the id 1."""
    acme.policy()
    acme.capacity("Ana", {"Support": 9})
    acme.team("Night", "Ana")
    acme.held("Ana", 1)
    acme.run()
    assert admin.post("/labels", {"title": "VIP"}).json["id"] == 1
