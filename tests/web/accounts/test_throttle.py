"""Whoever tries too often is told when to try again, on every page."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from dashboard.config import Settings
from tests.pages import AtOnce, composed


@pytest.fixture
def door(settings: Settings, redis_url: str) -> Iterator[FlaskClient]:
    """Somebody without a log-in."""
    worker = AtOnce(settings)
    yield composed(settings, worker).test_client()
    worker.close()


def test_a_page_that_is_asked_for_too_often_names_the_seconds_to_wait(door: FlaskClient) -> None:
    """Seen to fail with a page of a blueprint that does not answer 429 by itself: no Retry-After."""
    statuses = [door.get("/invitations/none").status_code for _ in range(60)]

    refused = door.get("/invitations/none")

    assert 429 not in statuses
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61
