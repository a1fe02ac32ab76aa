"""Instances to start stacks on."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.stack.main import main
from tests.stack.running import FOREIGN


@contextmanager
def a_place() -> Iterator[Path]:
    """Yield an instance directory that does not exist yet.

    Not under pytest's own directory: each run closes that to other users, and under root Postgres is one.
    """
    folder = Path(tempfile.mkdtemp(prefix="evenhand-stack-"))
    yield folder / "instance"
    shutil.rmtree(folder)


@pytest.fixture
def instance() -> Iterator[Path]:
    """An instance directory of this test's own."""
    with a_place() as place:
        yield place


@pytest.fixture(scope="module")
def module_instance() -> Iterator[Path]:
    """An instance directory that a module's tests share."""
    with a_place() as place:
        yield place


@pytest.fixture
def refusal(instance, monkeypatch, capsys) -> Iterator[object]:
    """Call app.py's main, expect it to refuse, and return its sentence."""
    handler = signal.getsignal(signal.SIGTERM)
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)

    def refusal(*arguments: str, **settings: str) -> str:
        for name, value in {"EVENHAND_INSTANCE": str(instance), **settings}.items():
            monkeypatch.setenv(name, value)
        assert main(["--no-demo", *arguments]) == 1
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        return said.err.strip()

    yield refusal
    signal.signal(signal.SIGTERM, handler)
