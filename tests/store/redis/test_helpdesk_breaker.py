"""A helpdesk that fails is left alone, and tried by one call of all processes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.store.redis import client as redis_client
from dashboard.store.redis.helpdesk_gate import FAILURES_IN_A_ROW, OPEN
from tests.gates import NOON, STATE, WRITE, a_gate, end_pause, fail, redis_seconds, refusal
from tests.waiting import PATIENCE


def test_five_failures_in_a_row_stop_the_calls_of_all_processes(redis_url: str):
    """C18"""
    gate = a_gate(redis_url)
    fail(gate, 4)
    gate.report(gate.wait(WRITE), status=200, failed=False)
    fail(gate, 4)
    a_gate(redis_url).wait(WRITE)
    gate.report(0, status=None, failed=True)

    refused = refusal(a_gate(redis_url))
    assert refused.sentence == OPEN
    assert refused.retry_at is not None
    assert NOON < refused.retry_at <= NOON + timedelta(seconds=1)


@pytest.mark.parametrize(("drawn", "pauses"), [(1.0, (1, 2, 4, 6, 6)), (0.0, (0.5, 1, 2, 3, 3))])
def test_the_breakers_pauses_grow_to_six_seconds_with_jitter(redis_url: str, drawn: float, pauses: tuple[float, ...]):
    """C18, C28: a helpdesk that is back is found within ten seconds."""
    gate = a_gate(redis_url, random=lambda: drawn)
    fail(gate, FAILURES_IN_A_ROW - 1)
    for pause in pauses:
        permit, before = gate.wait(WRITE), redis_seconds(redis_url)
        gate.report(permit, status=None, failed=True)
        until = float(redis_client.connect(redis_url).hget(STATE, "open_until") or 0) / 1000
        assert before + pause <= until + 0.001
        assert until <= redis_seconds(redis_url) + pause
        end_pause(redis_url, "open_until")


def test_exactly_one_probe_tries_a_helpdesk_that_failed(redis_url: str):
    """C18: of 8 threads with clients of their own. Seen to fail with eight probes without the time of a probe."""
    fail(a_gate(redis_url))
    end_pause(redis_url, "open_until")
    together = threading.Barrier(8, timeout=PATIENCE)

    def call(_: int) -> int | datetime | None:
        gate = a_gate(redis_url)
        together.wait()
        try:
            return gate.wait(WRITE)
        except HelpdeskUnavailable as refused:
            return refused.retry_at

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(call, range(8)))

    probes = [one for one in found if isinstance(one, int)]
    told = [one for one in found if isinstance(one, datetime)]
    assert (len(probes), len(told)) == (1, 7)
    assert all(NOON < at <= NOON + timedelta(seconds=1) for at in told)


def test_the_probes_success_lets_everybody_call_again(redis_url: str):
    """C18"""
    gate = a_gate(redis_url)
    fail(gate)
    end_pause(redis_url, "open_until")
    gate.report(gate.wait(WRITE), status=200, failed=False)

    assert [a_gate(redis_url).wait(WRITE) for _ in range(3)] == [0, 0, 0]
    fail(gate, 4)
    a_gate(redis_url).wait(WRITE)


def test_the_probes_failure_starts_the_next_pause(redis_url: str):
    """C18"""
    gate = a_gate(redis_url)
    fail(gate)
    end_pause(redis_url, "open_until")
    gate.report(gate.wait(WRITE), status=None, failed=True)

    assert refusal(a_gate(redis_url)).sentence == OPEN


def test_a_late_success_of_an_earlier_call_closes_nothing(redis_url: str):
    """C18: seen to fail with every success counted."""
    gate = a_gate(redis_url)
    earlier = gate.wait(WRITE)
    fail(gate)
    gate.report(earlier, status=200, failed=False)

    assert refusal(gate).sentence == OPEN


def test_a_probe_that_died_is_followed_by_another_and_is_not_heard_any_more(redis_url: str):
    """C18"""
    gate = a_gate(redis_url)
    fail(gate)
    end_pause(redis_url, "open_until")
    dead = gate.wait(WRITE)
    end_pause(redis_url, "probe_until")

    assert gate.wait(WRITE) == dead + 1
    gate.report(dead, status=200, failed=False)
    assert refusal(gate).sentence == OPEN
    gate.report(dead + 1, status=200, failed=False)
    assert gate.wait(WRITE) == 0
