"""How often a helpdesk is called, by whom first, and how its calls are counted."""

from collections import Counter
from datetime import timedelta

import pytest

from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis import client as redis_client
from dashboard.store.redis import keys
from dashboard.store.redis.helpdesk_gate import CROWDED, NO_ANSWER, PAUSED, HelpdeskGates
from tests.gates import (
    HISTORY,
    NOON,
    PRESENCE,
    RECONCILE,
    REREAD,
    STATE,
    WRITE,
    WouldSleepError,
    a_gate,
    end_pause,
    fail,
    flood,
    granted_at_once,
    patient,
    redis_seconds,
    refusal,
)
from tests.waiting import eventually


@pytest.mark.parametrize(("calls_per_second", "burst"), [(1, 1), (3, 3)])
def test_a_burst_is_one_seconds_worth(redis_url: str, calls_per_second: int, burst: int):
    """C8"""
    gate = a_gate(redis_url, calls_per_second)
    began = redis_seconds(redis_url)
    granted = granted_at_once(gate)

    assert burst <= granted <= burst + calls_per_second * (redis_seconds(redis_url) - began)


@pytest.mark.parametrize(("urgency", "most"), [(WRITE, 40), (RECONCILE, 40), (HISTORY, 1)])
def test_all_processes_together_make_no_more_calls_than_allowed(redis_url: str, urgency: int, most: int):
    """C8, C24: 40 a second here, and history once a second. Seen to fail with the bucket filled at each call."""
    began = redis_seconds(redis_url)
    with flood(redis_url, 40, urgency, threads=6) as calls:
        eventually(lambda: redis_seconds(redis_url) - began > 1.5)

    assert 1 <= calls["calls"] <= most + most * (redis_seconds(redis_url) - began)


def test_a_flood_of_reconciliation_leaves_room_for_writes(redis_url: str):
    """C8: seen to fail without the reserve."""
    with flood(redis_url, 10, RECONCILE) as calls:
        eventually(lambda: calls["calls"] > 12)
        a_gate(redis_url, 10).wait(WRITE)


@pytest.mark.parametrize("urgency", [REREAD, HISTORY])
def test_no_flood_of_less_urgent_calls_goes_before_a_waiting_write(redis_url: str, urgency: int):
    """C8: at one call a second there is no reserve. Seen to fail without the marks of those that wait."""
    writer = patient(redis_url, 1)
    with flood(redis_url, 1, urgency) as calls:
        eventually(lambda: calls["calls"] > 1)
        before = calls["calls"]
        for _ in range(2):
            writer.wait(WRITE)

        # One is let through at the moment at which the first write begins to wait, one between two writes.
        assert calls["calls"] - before <= 2


@pytest.mark.parametrize("urgency", [WRITE, REREAD, PRESENCE, RECONCILE, HISTORY])
def test_each_urgency_leaves_a_fifth_more_of_the_bucket(redis_url: str, urgency: int):
    """C8"""
    gate, redis = a_gate(redis_url, 101), redis_client.connect(redis_url)
    # The bucket was filled in the future: it gains nothing meanwhile.
    enough, still = 1 + 20 * urgency, {"at": redis_seconds(redis_url) * 1000 + 3_600_000}

    redis.hset(STATE, mapping={**still, "tokens": enough - 0.5})
    with pytest.raises(WouldSleepError):
        gate.wait(urgency)
    redis.delete(STATE)
    redis.hset(STATE, mapping={**still, "tokens": enough})
    gate.wait(urgency)


def test_a_call_that_finds_no_turn_is_told_when_to_come_again(redis_url: str):
    """C8"""
    redis_client.connect(redis_url).hset(STATE, mapping={"tokens": -1_000, "at": 1e15})
    waited: list[float] = []
    refused = refusal(a_gate(redis_url, 10, sleep=waited.append), RECONCILE)

    assert refused.sentence == CROWDED
    assert refused.retry_at is not None
    assert refused.retry_at > NOON
    assert sum(waited) <= 30


def test_a_429_pauses_every_call_of_every_process(redis_url: str):
    """C18"""
    gate = a_gate(redis_url)
    gate.report(gate.wait(WRITE), status=429, failed=False, pause=timedelta(minutes=30))

    for urgency in (WRITE, REREAD, PRESENCE, RECONCILE, HISTORY):
        refused = refusal(a_gate(redis_url), urgency)
        assert refused.sentence == PAUSED
        assert refused.retry_at is not None
        assert timedelta(minutes=20) < refused.retry_at - NOON <= timedelta(minutes=30)


def test_after_a_429_the_rate_is_half_however_many_calls_were_refused_at_once(redis_url: str):
    """C18: seen to fail with each of the eight halving it again."""
    gate, redis = a_gate(redis_url, 40), redis_client.connect(redis_url)
    for permit in [gate.wait(WRITE) for _ in range(8)]:
        gate.report(permit, status=429, failed=False, pause=timedelta(minutes=1))
    assert float(redis.hget(STATE, "share") or 0) == 0.5

    end_pause(redis_url, "paused_until")
    redis.hset(STATE, "tokens", 1_000)
    began = redis_seconds(redis_url)
    granted = granted_at_once(gate)

    assert 20 <= granted <= 20 + 21 * (redis_seconds(redis_url) - began)


def test_after_a_429_the_rate_grows_by_a_tenth_a_minute(redis_url: str):
    """C18"""
    gate, redis = a_gate(redis_url), redis_client.connect(redis_url)
    gate.report(gate.wait(WRITE), status=429, failed=False, pause=timedelta())
    redis.hset(STATE, "share_at", redis_seconds(redis_url) * 1000 - 120_000)

    gate.report(gate.wait(WRITE), status=429, failed=False, pause=timedelta())

    assert float(redis.hget(STATE, "share") or 0) == pytest.approx((0.5 + 0.2) / 2, abs=0.05)


def test_two_connections_have_nothing_in_common(redis_url: str):
    """C2"""
    fail(a_gate(redis_url))
    gates = HelpdeskGates(redis_client.connect(redis_url))

    assert gates.of(1, 3, calls_per_second=5).wait(WRITE) == 0
    assert gates.of(2, 2, calls_per_second=5).wait(WRITE) == 0


def test_without_redis_no_call_is_made():
    """C18, E41: an error of the store, and no flood."""
    gate = HelpdeskGates(redis_client.connect("redis://127.0.0.1:1")).of(1, 2, calls_per_second=5)

    with pytest.raises(StoreUnavailable, match="helpdesk calls"):
        gate.wait(WRITE)
    gate.report(0, status=200, failed=False)


def test_calls_are_counted_by_status_and_minute_for_an_hour(redis_url: str):
    """C21, C23"""
    gate, redis = a_gate(redis_url), redis_client.connect(redis_url)
    gates, calls = HelpdeskGates(redis), keys.calls(1, 2)
    this_minute = int(redis_seconds(redis_url) // 60)
    redis.hset(calls, mapping={f"{this_minute - 61}:200": 7, f"{this_minute - 30}:200": 5, "all:200": 12})
    for status in (200, 200, 429, None):
        gate.report(0, status=status, failed=False)

    found = gates.counts(1, 2)
    assert found.total == {"200": 14, "429": 1, NO_ANSWER: 1}
    by_status: Counter[str] = Counter()
    for counts in found.by_minute.values():
        by_status.update(counts)
    assert by_status == {"200": 7, "429": 1, NO_ANSWER: 1}
    assert all(at.second == 0 for at in found.by_minute)
    assert gates.counts(1, 3).total == {}


def test_state_and_counts_have_a_lifetime_and_can_be_forgotten(redis_url: str):
    """C21, E51"""
    gate, redis = a_gate(redis_url), redis_client.connect(redis_url)
    gate.report(gate.wait(WRITE), status=200, failed=False)

    assert 0 < redis.ttl(STATE) <= 7_200
    assert 0 < redis.ttl(keys.calls(1, 2)) <= 7 * 86_400
    HelpdeskGates(redis).forget(1, 2)
    assert redis.keys("*") == []
