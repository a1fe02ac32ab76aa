"""Acme beside a helpdesk on paper."""

import pytest

from tests.desks import Acme
from tests.helpdesks import beside as besides
from tests.helpdesks.beside import Beside


@pytest.fixture
def beside(acme: Acme) -> Beside:
    """Acme's inboxes, connected and live; the first sync is still to come."""
    return besides.connect(acme)
