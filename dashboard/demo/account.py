"""The demo account: created in an empty database, with a log-in that the instance directory keeps."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dashboard import clock, private
from dashboard.config import Settings
from dashboard.demo.content import ACCOUNT, ADDRESS, SUPERVISOR
from dashboard.engine.decisions import Source
from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import AgentEdit, NewAccount
from dashboard.services.agents import agents
from dashboard.services.core.after_commit import Background
from dashboard.services.core.container import build
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import accounts as store
from dashboard.store.accounts import id_checks
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.postgres import database

KEPT_IN = "demo_login.txt"
NOBODY = "jobs: no worker has been started yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """The log-in of the demo account."""

    email: str
    password: str

    @property
    def sentence(self) -> str:
        """Return the log-in as one sentence."""
        return f"Demo log-in: {self.email}, password {self.password}"


def prepare(settings: Settings) -> str:
    """Create the demo account in an empty database; return its log-in sentence, or "" if there is no demo account."""
    engine = database.connect(settings.database_url)
    with database.Session(engine, expire_on_commit=False) as session:
        work = build(settings, NobodyYet()).work(session)
        login = make_account(work, now=clock.now())
        work.finish()
    engine.dispose()
    return login.sentence if login else ""


def make_account(work: UnitOfWork, *, now: datetime) -> DemoLogin | None:
    """Create the demo account if the database has no account; return the log-in of the existing demo account."""
    path = work.settings.instance / KEPT_IN
    store.hold_all(work.session)  # two starts at once create it only once
    if id_checks.any_account(work.session):
        return _kept(path) if id_checks.account_with(work.session, ADDRESS) else None
    login = _kept(path) or DemoLogin(email=ADDRESS, password=secrets.token_urlsafe(9))
    # Kept before it is used: a start that ends between the two steps must leave a usable log-in.
    _keep(path, login)
    made = accounts.create_account(work, NewAccount(name=ACCOUNT, email=login.email, password=login.password), now=now)
    agents.change(work, made.account_id, made.user_id, AgentEdit(name=SUPERVISOR), actor_id=None, now=now)
    return login


class NobodyYet:
    """The job queue before the first worker has started: it takes no jobs."""

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def run_inbox_at(
        self, account_id: int, inbox_id: int, at: datetime, *, attempt: int = 0, instead_of: datetime | None = None
    ) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def confirm_stranded_at(self, named: Mapping[int, Mapping[int, Sequence[int]]], at: datetime) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def deliver_webhooks(self, account_id: int | None = None) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def mail_invitation(self, account_id: int, agent_id: int) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def send_notices(self) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def write_to_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def check_simulator(self, check_id: int) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def deliver_webhooks_at(self, at: datetime) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def read_marked(self, account_id: int, connection_id: int) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def poll_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def remove_old_at(self, at: datetime) -> None:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)

    def background(self) -> Background:
        """Raise StoreUnavailable."""
        raise StoreUnavailable(NOBODY)


def _kept(path: Path) -> DemoLogin | None:
    """Return the kept log-in, or None if it is missing or incomplete."""
    if not path.exists():
        return None
    private.close(path)
    kept = path.read_text("utf-8", errors="replace").split()
    return DemoLogin(email=kept[0], password=kept[1]) if len(kept) > 1 else None


def _keep(path: Path, login: DemoLogin) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    private.write(path, f"{login.email}\n{login.password}\n")
