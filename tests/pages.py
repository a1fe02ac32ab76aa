"""The pages on real stores, and somebody of each role to look at them."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import create_app, db
from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.engine.model import Role
from dashboard.services.accounts import passwords
from dashboard.services.assignment import run
from dashboard.services.assignment.run import RunRequest
from dashboard.services.core.container import build
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.models import AccountUser, User
from dashboard.store.postgres import database
from dashboard.web.accounts import login_throttle
from dashboard.web.core.live import fragment_cache
from tests.desks import NOON, Acme, Recorded, add_user

PASSWORD = "correct horse"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_kept: dict[tuple[Settings, object], Flask] = {}


class AtOnce(Recorded):
    """A queue whose worker is quicker than whoever asked: the run is over when the job's id is returned."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._made = build(settings, self)
        self._engine = database.connect(settings.database_url)

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        job_id = super().run_inbox(account_id, inbox_id, source, actor_id)
        request = RunRequest(source=source, actor_id=actor_id, job_id=job_id)
        with self._engine.connect() as connection, database.Session(connection, expire_on_commit=False) as session:
            run.run_inbox(self._made.work(session), account_id, inbox_id, request=request)
        return job_id

    def close(self) -> None:
        self._engine.dispose()


class Unisolated(Response):
    """An answer in which texts stand as they are: tests/security/test_isolation.py asks how they are kept apart."""

    def get_data(self, as_text: bool = False) -> Any:
        """Return the bytes as they are; as text without the elements that keep texts apart."""
        data = super().get_data()
        return data.decode().replace("<bdi>", "").replace("</bdi>", "") if as_text else data


class Client(FlaskClient):
    """A browser whose answers are of that kind."""

    def __init__(self, app: Flask, _: object, **options: Any) -> None:
        super().__init__(app, Unisolated, **options)


@dataclass(slots=True, kw_only=True)
class Looker:
    """Somebody with a browser that knows neither scripts nor htmx, unless it says so."""

    client: FlaskClient
    account_id: int
    user_id: int

    def get(self, path: str, **more: object) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, object] | None = None, **more: object) -> TestResponse:
        """Send a form as the page had it, token and all."""
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **more)

    def session(self) -> database.Session:
        """Return a session of the database that the pages ask."""
        with self.client.application.app_context():
            return database.Session(db.engine)

    def token(self) -> str:
        found = TOKEN.search(self.client.get("/settings/password").text)  # the page that asks the least
        assert found, "the page has no token"
        return found[1]


def composed(settings: Settings, queue: Recorded) -> Flask:
    """Compose the application as app.py does, with this queue."""
    return _over(create_app(settings), settings, queue)


def kept(settings: Settings, queue: Recorded) -> Flask:
    """Return the application of the tests before, with this queue: to compose one takes longer than most tests.

    It has drawn nothing yet. All applications share one throttle of log-ins, which counts where the newest of them
    does: if that is another, the application is composed anew.
    """
    counts_in = login_throttle.limiter.storage if _kept else None
    app = _kept.get((settings, counts_in))
    if app is None:
        app = create_app(settings)
        _kept.clear()
        _kept[settings, login_throttle.limiter.storage] = app
    fragment_cache.init_app(app)
    return _over(app, settings, queue)


def _over(app: Flask, settings: Settings, queue: Recorded) -> Flask:
    app.testing = True
    app.test_client_class = Client
    app.config["PROPAGATE_EXCEPTIONS"] = False
    made = build(settings, queue)
    app.extensions["evenhand"] = lambda: made.work(db.session())
    return app


def without_redis(settings: Settings) -> Settings:
    """Return settings whose Redis nobody answers at."""
    return replace(settings, redis_url="redis://127.0.0.1:1/0")


def looking(app: Flask, account_id: int, user_id: int) -> Looker:
    """Let somebody in without asking for a password."""
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"] = f"{account_id}:{user_id}:0"
        kept["_fresh"] = True
        kept["session_id"] = uuid4().hex
    return Looker(client=client, account_id=account_id, user_id=user_id)


def hire(work: UnitOfWork, account_id: int, name: str, role: Role) -> int:
    """Add somebody to an account."""
    user_id = add_user(work.session, account_id, name, role)
    work.session.commit()
    return user_id


def let_in(work: UnitOfWork, user_id: int, password: str = PASSWORD) -> None:
    """Give a user a password of their own choice, that of all tests unless told otherwise."""
    email = work.session.scalars(select(AccountUser.email).where(AccountUser.user_id == user_id)).one()
    kept = {"password_hash": passwords.of_address(work, email, password), "used_at": NOON, "chosen_at": NOON}
    work.session.execute(update(User).where(User.id == user_id).values(**kept))
    work.session.commit()


def waiting_for(acme: Acme, count: int, minutes: float, inbox: str = "Support", **facts: object) -> list[int]:
    """Put conversations on the floor of which the first has waited so long, by the real clock."""
    return acme.waiting(count, inbox, created_at=clock.now() - timedelta(minutes=minutes), **facts)
