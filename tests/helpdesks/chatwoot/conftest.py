"""One process of the stand-in for all tests here; each test begins with the same shop."""

from collections.abc import Iterator

import pytest

from tests.helpdesks.chatwoot.shop import Shop
from tests.helpdesks.http import PlainHttp
from tests.helpdesks.standin.running import Control, running


@pytest.fixture(scope="session")
def chatwoot() -> Iterator[Control]:
    """The stand-in."""
    with running("tests.helpdesks.chatwoot") as control:
        yield control


@pytest.fixture
def shop(chatwoot: Control) -> Shop:
    """The shop at noon."""
    made = Shop(chatwoot, PlainHttp(chatwoot.url))
    made.reset()
    return made
