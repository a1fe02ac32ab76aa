"""Instances to start stacks on."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


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
