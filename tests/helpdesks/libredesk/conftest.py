"""One process of the stand-in for all tests here; each test begins with the same shop."""

from collections.abc import Iterator

import pytest

from tests.helpdesks.http import PlainHttp
from tests.helpdesks.libredesk.shop import Shop
from tests.helpdesks.standin.running import Control, running


@pytest.fixture(scope="session")
def libredesk() -> Iterator[Control]:
    """The stand-in."""
    with running("tests.helpdesks.libredesk") as control:
        yield control


@pytest.fixture
def shop(libredesk: Control) -> Shop:
    """The shop at noon."""
    made = Shop(libredesk, PlainHttp(libredesk.url))
    made.reset()
    return made
