"""Who is there."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.engine.model import Presence
from dashboard.store.redis import client
from dashboard.store.redis.heartbeats import Heartbeats, presence_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(seconds=60)


@pytest.fixture
def heartbeats(redis_url):
    return Heartbeats(client.connect(redis_url), MINUTE)


def test_a_heartbeat_lasts_for_the_presence_duration(heartbeats):
    """E37"""
    heartbeats.beat(1, [5], NOON)

    assert heartbeats.present(1, [5, 6], NOON + MINUTE - timedelta(microseconds=1)) == {5}
    assert heartbeats.present(1, [5, 6], NOON + MINUTE) == frozenset()


def test_a_heartbeat_tells_who_was_away(heartbeats):
    """E30, E39"""
    later = NOON + timedelta(seconds=20)

    assert heartbeats.beat(1, [5, 6], NOON) == {5: None, 6: None}
    assert heartbeats.beat(1, [5, 7], later) == {7: None}
    assert heartbeats.beat(1, [5], NOON + timedelta(seconds=90)) == {5: later}


def test_a_heartbeat_that_comes_late_never_takes_presence_back(heartbeats):
    """E37"""
    heartbeats.beat(1, [5], NOON)
    heartbeats.beat(1, [5], NOON - timedelta(seconds=50))

    assert heartbeats.present(1, [5], NOON + timedelta(seconds=30)) == {5}


def test_another_accounts_heartbeat_is_not_ours(heartbeats):
    """E51"""
    heartbeats.beat(2, [5], NOON)

    assert heartbeats.present(1, [5], NOON) == frozenset()


@pytest.mark.parametrize(
    ("auto_offline", "heard", "presence"),
    [(True, True, Presence.BUSY), (True, False, Presence.OFFLINE), (False, False, Presence.BUSY)],
)
def test_an_agent_is_what_they_set_if_they_are_there(auto_offline, heard, presence):
    """E37"""
    assert presence_of(availability=Presence.BUSY, auto_offline=auto_offline, heard=heard) is presence
