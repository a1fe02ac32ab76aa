"""What the security tests share: two accounts with one of everything, and the real web processes."""

from collections.abc import Iterator

import pytest

from dashboard.config import Settings
from tests import sites
from tests.security.worlds import Worlds, two_worlds
from tests.sites import Site


@pytest.fixture(scope="module")
def worlds(settings: Settings) -> Iterator[Worlds]:
    """Acme and Globex, furnished once for a module whose tests change neither."""
    with two_worlds(settings) as found:
        yield found


@pytest.fixture(autouse=True)
def _walkable(request: pytest.FixtureRequest) -> None:
    """Let every page be there, whatever the test before did."""
    if "worlds" in request.fixturenames:
        request.getfixturevalue("worlds").renew()


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[Site]:
    """Evenhand as it is served."""
    with sites.site(settings) as found:
        yield found
