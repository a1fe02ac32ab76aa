"""The clock beside Postgres's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import time

import pytest

from dashboard import clock

MINUTE = timedelta(minutes=1)


def here() -> datetime:
    """Return what this machine's clock says."""
    return datetime.fromtimestamp(time(), UTC)


@pytest.fixture(autouse=True)
def right() -> Iterator[None]:
    yield
    clock.compare(here)


@pytest.mark.parametrize("off", [MINUTE, -MINUTE])
def test_a_clock_that_is_wrong_is_said_once_and_not_gone_by(off: timedelta):
    """E45"""
    said = clock.compare(lambda: here() - off)
    again = clock.compare(lambda: here() - off)

    assert said == pytest.approx(off, abs=timedelta(seconds=10))
    assert again is None
    assert here() - clock.now() == pytest.approx(off, abs=timedelta(seconds=10))


def test_an_answer_that_was_long_on_its_way_makes_no_clock_wrong(monkeypatch: pytest.MonkeyPatch):
    """E45: Postgres stood still for a minute after it had looked. Seen to fail where only the answer was looked at."""
    asked_at = here()
    instants = iter([asked_at, asked_at + MINUTE])
    monkeypatch.setattr(clock, "datetime", type("Standing", (), {"now": lambda _: next(instants)}))

    assert clock.compare(lambda: asked_at + timedelta(seconds=1)) is None
