"""Acme's alerts."""

import pytest

from tests.alarms import Watch
from tests.desks import Acme


@pytest.fixture
def watch(acme: Acme) -> Watch:
    """Acme's alerts at noon."""
    return Watch(acme=acme)
