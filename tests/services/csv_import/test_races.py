"""Several imports at once, and one beside a run."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from dashboard.config import Settings
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.csv_import.writing import writing
from dashboard.services.csv_import.writing.writing import Import
from dashboard.store.models import AccountUser, Conversation, Inbox
from dashboard.store.postgres import database, locks
from tests import desks
from tests.desks import NOON, Acme, Recorded
from tests.importing import found_in, written
from tests.services.conversations.test_conversations_races import at_once
from tests.waiting import eventually

HEADER = "external_id,inbox,created_at,resolved_at,handled_by\n"
WAITS = text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
AGENTS = select(AccountUser.user_id).with_for_update(nowait=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversations.csv"


def importing(acme: Acme, path: Path, *, hold: bool = False) -> Callable[[UnitOfWork], object]:
    wanted = Import(account_id=acme.account_id, now=NOON, hold=hold)
    return lambda work: writing.import_rows(work, wanted, found_in(path), refuse=print, progress=lambda _: None)


def test_the_same_file_four_times_at_once_makes_every_name_once(acme: Acme, settings: Settings, path: Path):
    """Seen to fail without the account's lock: an inbox of each import's own."""
    ended = "2026-03-01T08:00:00Z,2026-03-01T09:00:00Z"
    rows = "".join(f"T-{n},Repairs {n % 5},{ended},Resolver {n % 7}\n" for n in range(200))
    written(path, HEADER + rows)

    at_once(settings, [importing(acme, path)] * 4)

    count, session = select(func.count()), acme.work.session
    assert session.scalar(count.select_from(Conversation)) == 200
    assert session.scalar(count.select_from(Inbox).where(Inbox.name.like("Repairs%"))) == 5
    assert session.scalar(count.select_from(AccountUser).where(AccountUser.name.like("Resolver%"))) == 7


def test_a_held_import_waits_for_a_run_before_it_locks_any_agent(acme: Acme, settings: Settings, path: Path):
    """A run locks its inbox before agents; seen to fail with the agents locked first, which deadlocks with it."""
    written(path, f"{HEADER}T-1,Support,2026-03-01T08:00:00Z,,\nT-2,Support,2026-03-01T08:00:00Z,,Bo\n")
    engine = database.connect(settings.database_url)

    def bring_in() -> object:
        with engine.connect() as connection, database.Session(connection, expire_on_commit=False) as session:
            return importing(acme, path, hold=True)(desks.desk_on(session, settings, Recorded()))

    with ThreadPoolExecutor(1) as pool, engine.connect() as run, database.Session(run) as session:
        with locks.inbox_lock(session, acme.support):
            done = pool.submit(bring_in)
            eventually(lambda: session.scalar(WAITS) or done.done(), meanwhile=session.commit)
            waits, free = session.scalar(WAITS), session.scalars(AGENTS).all()
        assert done.result() is not None
    engine.dispose()

    assert waits
    assert len(free) > len(acme.agents)
