"""What every test may ask for. Imports are inside: the engine's tests need nothing but Python."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from xdist.workermanage import WorkerController

    from dashboard.config import Settings
    from dashboard.services.core.unit_of_work import UnitOfWork
    from dashboard.store.postgres.database import Session
    from tests.desks import Acme, Recorded

NO_CHROMIUM = "The browser tests were left out: this machine has no Chromium."
NO_RT = "The tests with a real Request Tracker were left out: this machine has none."
GATE = "{} tests of the gate were left out: make check runs them, and so does make test ARGS=--gate."
# What a process of the run reports to the first one: here, the number of tests that it left to the gate.
REPORT = pytest.StashKey[dict[str, object]]()
LEFT_OUT = "left_out"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for long faults, and for the tests marked `gate`."""
    parser.addoption("--full", action="store_true", help="faults last as long as is promised, not as short as it goes")
    parser.addoption("--gate", action="store_true", help="run the tests that only the gate has as well")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than the machine has cores: many tests wait for other programs."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    """Make the directory that all processes of this run share, and insist on what is required of the machine."""
    if not hasattr(config, "workerinput"):
        os.environ["EVENHAND_TEST_INSTANCE"] = tempfile.mkdtemp(prefix="evenhand-tests-")
    if os.environ.get("EVENHAND_REQUIRE_BROWSER") == "1" and not _has_chromium():
        raise pytest.UsageError("EVENHAND_REQUIRE_BROWSER is set and this machine has no Chromium.")
    from tests.faults import machine
    from tests.helpdesks.rt.machine import has_request_tracker

    if os.environ.get("EVENHAND_REQUIRE_RT") == "1" and not has_request_tracker():
        raise pytest.UsageError("EVENHAND_REQUIRE_RT is set and this machine has no Request Tracker.")
    if lacking := machine.unforgivable():
        raise pytest.UsageError(f"{machine.REQUIRED} is set and this machine lacks: {', '.join(lacking)}.")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it; by now the last process has stopped the stores."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ["EVENHAND_TEST_INSTANCE"])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot have (Chromium, Request Tracker, faults), and the gate's tests.

    The gate's tests run with --gate, and where the command line names a file or a directory.
    """
    lacking = {item for item in items if _lacks(item)}
    of_gate = set() if _has_gate(config) else {item for item in items if item.get_closest_marker("gate")}
    if left_out := lacking | of_gate:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=list(left_out))
    _report(config)[LEFT_OUT] = len(of_gate - lacking)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: "WorkerController") -> None:
    """Keep the report of one process of the run; each collects every test, so that all reports are alike."""
    _report(node.config).update(getattr(node, "workeroutput", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say so in one line each, since nobody sees what did not run."""
    from tests.faults import machine
    from tests.helpdesks import contracts
    from tests.helpdesks.rt.machine import has_request_tracker

    if left_out := _report(config).get(LEFT_OUT):
        terminalreporter.write_line(GATE.format(left_out))
    if not _has_chromium():
        terminalreporter.write_line(NO_CHROMIUM)
    if not contracts.folder():
        terminalreporter.write_line(contracts.LEFT_OUT)
    if not has_request_tracker():
        terminalreporter.write_line(NO_RT)
    if missing := machine.missing():
        terminalreporter.write_line(f"Some faults were left out: this machine has no {', '.join(missing)} to break.")


def _has_gate(config: pytest.Config) -> bool:
    return bool(config.option.gate) or config.args_source is pytest.Config.ArgsSource.ARGS


def _report(config: pytest.Config) -> dict[str, object]:
    """Return the report of this process, which in the first process is that of the others."""
    return config.workeroutput if hasattr(config, "workeroutput") else config.stash.setdefault(REPORT, {})


def _lacks(item: pytest.Item) -> bool:
    from tests.faults import machine
    from tests.helpdesks import contracts
    from tests.helpdesks.rt.machine import has_request_tracker

    needs = [mark.args[0] for mark in item.iter_markers("needs")]
    missing = machine.missing() if contracts.folder() else [*machine.missing(), "contracts"]
    is_for_browser, is_for_rt = (item.get_closest_marker(name) is not None for name in ("browser", "rt"))
    return (
        (is_for_browser and not _has_chromium())
        or (is_for_rt and not has_request_tracker())
        or any(need in missing for need in needs)
    )


def _has_chromium() -> bool:
    from tests import chromium

    return bool(chromium.program())


@pytest.fixture(scope="session")
def settings() -> "Iterator[Settings]":
    """Settings whose URLs are real: a migrated database and an empty Redis of this process's own.

    Passwords are hashed at the least cost in this process; those of programs that a test starts cost as they do.
    """
    from argon2 import PasswordHasher

    from dashboard.services.accounts import passwords
    from tests import embedded

    with embedded.test_stores() as settings, pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield settings


@pytest.fixture(scope="session")
def database_url(settings: "Settings") -> str:
    """The migrated database."""
    return settings.database_url


@pytest.fixture
def empty(settings: "Settings") -> "Iterator[str]":
    """The URL of a database with nothing in it."""
    from sqlalchemy import text
    from sqlalchemy.engine import make_url

    from dashboard.store.postgres import database

    url = make_url(settings.database_url)
    name = f"{url.database}_empty"
    server = database.connect(settings.database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def redis_url(settings: "Settings") -> str:
    """The Redis, emptied before each test that asks for it."""
    from redis import Redis

    with Redis.from_url(settings.redis_url) as client:
        client.flushdb()
    return settings.redis_url


@pytest.fixture
def session(settings: "Settings") -> "Iterator[Session]":
    """A session that is rolled back."""
    from dashboard.store.postgres import database

    engine = database.connect(settings.database_url)
    with engine.connect() as connection, database.Session(connection) as session:
        yield session
        session.rollback()
    engine.dispose()


@pytest.fixture
def committed(settings: "Settings") -> "Iterator[Session]":
    """A session whose commits are real; every table is emptied afterwards."""
    from tests import desks

    with desks.committed(settings) as session:
        yield session


@pytest.fixture
def queue() -> "Recorded":
    """A queue that keeps what it was asked to do."""
    from tests.desks import Recorded

    return Recorded()


@pytest.fixture
def work(committed: "Session", redis_url: str, settings: "Settings", queue: "Recorded") -> "UnitOfWork":
    """A desk on real stores, with a queue that only records."""
    from tests import desks

    return desks.desk_on(committed, settings, queue)


@pytest.fixture
def acme(work: "UnitOfWork") -> "Acme":
    """The cast, seated."""
    from tests import desks

    return desks.acme(work)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One Chromium for all tests marked `browser`."""
    from tests import chromium

    with chromium.browser() as browser:
        yield browser


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A page of a fresh profile."""
    from tests import chromium

    with chromium.profile(browser) as context:
        yield context.new_page()
