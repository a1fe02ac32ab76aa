"""One process of the stand-in for all tests here; each test begins with the same shop."""

import pytest

from tests.helpdesks.chatwoot.shop import Shop
from tests.helpdesks.http import PlainHttp
from tests.helpdesks.standin.running import Control


@pytest.fixture
def shop(chatwoot: Control) -> Shop:
    """The shop at noon."""
    made = Shop(chatwoot, PlainHttp(chatwoot.url))
    made.reset()
    return made
