"""The stack of the faults with the processes that call helpdesks, and a shop's helpdesk beside it."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.helpdesks.kinds import CHATWOOT, LIBREDESK
from tests.faults.helpdesks.shop import Shop, connected
from tests.faults.stack import Stack
from tests.helpdesks.standin.running import Control, running

SHORT = 4.0
QUEUES = {"helpdesk": "helpdesk", "polls": "helpdesk_polls"}


@pytest.fixture(scope="session")
def chatwoot_there() -> Iterator[Control]:
    with running("tests.helpdesks.chatwoot") as control:
        yield control


@pytest.fixture(scope="session")
def libredesk_there() -> Iterator[Control]:
    with running("tests.helpdesks.libredesk") as control:
        yield control


@pytest.fixture(scope="session")
def beside(running: Stack) -> Stack:
    """The stack with a worker for what people and webhooks wait for, and one for the long readings."""
    for name, queue in QUEUES.items():
        running.keep(name, "-m", "jobs.worker", "--queues", queue)
    return running


@pytest.fixture
def chatwoot_shop(beside: Stack, chatwoot_there: Control) -> Iterator[Shop]:
    with connected(beside, chatwoot_there, CHATWOOT) as shop:
        yield shop


@pytest.fixture
def libredesk_shop(beside: Stack, libredesk_there: Control) -> Iterator[Shop]:
    with connected(beside, libredesk_there, LIBREDESK) as shop:
        yield shop


@pytest.fixture(params=["chatwoot_shop", "libredesk_shop"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """Each helpdesk in turn."""
    found: Shop = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def lasts(request: pytest.FixtureRequest) -> Callable[[float], float]:
    """Return the seconds that a fault lasts: as promised with --full, else as a suite can afford."""
    return (
        (lambda promised: promised) if request.config.getoption("--full") else (lambda promised: min(promised, SHORT))
    )
