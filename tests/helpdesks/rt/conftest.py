"""The real Request Tracker, as its own tests name it."""

import pytest

from tests.helpdesks.rt.acts import People
from tests.helpdesks.worlds import World


@pytest.fixture
def desk(rt_world: World) -> World:
    return rt_world


@pytest.fixture
def people(rt_people: People) -> People:
    return rt_people
