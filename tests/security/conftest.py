"""What the security tests share: two accounts with one of everything."""

from collections.abc import Iterator

import pytest

from dashboard.config import Settings
from tests.security.worlds import Worlds, two_worlds


@pytest.fixture(scope="module")
def worlds(settings: Settings) -> Iterator[Worlds]:
    """Acme and Globex, furnished once for a module whose tests change neither."""
    with two_worlds(settings) as found:
        yield found
