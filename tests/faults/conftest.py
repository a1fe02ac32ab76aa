"""A running stack per process of the test run: to start one costs more than to break it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dashboard.config import Settings
from dashboard.services.core.container import build
from tests.desks import Acme, Recorded
from tests.faults import stack as stacks
from tests.faults.load import Load, load_on
from tests.faults.own import OwnRedis
from tests.faults.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long a fault lasts, and how often it comes: as promised with --full, else as a suite can afford."""

    kills: int
    pause: float
    phase: float


@pytest.fixture(scope="session")
def lengths(request: pytest.FixtureRequest) -> Lengths:
    if request.config.getoption("--full"):
        return Lengths(kills=20, pause=10.0, phase=20.0)
    return Lengths(kills=4, pause=3.0, phase=3.0)


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with stacks.running() as stack:
        yield stack


@pytest.fixture
def load(running: Stack) -> Iterator[Load]:
    """The desk at work; whatever the test did to it, all is healed and every record agrees in the end."""
    running.until(running.is_ready)
    with load_on(running) as load:
        load.takes(1.0)
        yield load
        load.rest()
        took = running.heals()
    running.until(running.is_ready)
    load.say_the_rest()
    running.heals()
    load.check()
    running.until(running.is_ready)
    running.check()
    print(f"healed in {took:.1f} s; {len(load.taken)} taken, {load.resolved} resolved, {load.failed} calls failed")


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path / "redis")
    yield server
    server.stop()


@pytest.fixture
def on_own(acme: Acme, own_redis: OwnRedis, settings: Settings) -> Acme:
    """The cast, on the Redis that may be broken."""
    changed = replace(settings, redis_url=own_redis.url)
    acme.work = build(changed, Recorded()).work(acme.work.session)
    return acme
