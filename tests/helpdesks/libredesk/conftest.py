"""Each test here begins with the same shop."""

import pytest

from tests.helpdesks.http import PlainHttp
from tests.helpdesks.libredesk.shop import Shop
from tests.helpdesks.standin.running import Control


@pytest.fixture
def shop(libredesk: Control) -> Shop:
    """The shop at noon."""
    made = Shop(libredesk, PlainHttp(libredesk.url))
    made.reset()
    return made
