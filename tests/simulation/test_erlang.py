"""The closed forms beside the figures of textbooks."""

import pytest

from dashboard.simulation.textbooks.erlang import Queue, erlang_a, erlang_b, erlang_c

WAITS = [(2, 5, 12, 0.44939), (2, 5, 14, 0.17413), (1, 3, 4, 0.50943), (10, 4, 44, 0.43170), (0.9, 1, 1, 0.90000)]
LEAVES = [(2, 5, 10, 3, 0.14062), (2, 5, 9, 3, 0.19546), (2, 5, 12, 3, 0.06381), (10, 4, 40, 2, 0.07368)]


def a_queue(arrivals: float, handling: float, agents: int, patience: float | None = None) -> Queue:
    return Queue(arrivals_per_minute=arrivals, handling_minutes=handling, agents=agents, patience_minutes=patience)


@pytest.mark.parametrize(("arrivals", "handling", "agents", "waits"), WAITS)
def test_the_probability_of_a_wait_agrees_to_five_digits(arrivals: float, handling: float, agents: int, waits: float):
    """T20"""
    assert round(erlang_c(a_queue(arrivals, handling, agents)), 5) == waits


@pytest.mark.parametrize("case", LEAVES)
def test_the_probability_of_abandonment_agrees_to_five_digits(case: tuple[float, float, int, float, float]):
    """T20"""
    *queue, leaves = case

    assert round(erlang_a(a_queue(*queue)), 5) == leaves


def test_one_agent_is_busy_as_long_as_the_load_says():
    """T20"""
    assert erlang_b(0.5, 1) == pytest.approx(1 / 3)
    assert erlang_c(a_queue(0.5, 1, 1)) == pytest.approx(0.5)


def test_everybody_waits_where_the_load_is_more_than_the_agents_can_handle():
    """T20"""
    assert erlang_c(a_queue(10, 1, 10)) == 1.0


def test_thousands_of_agents_overflow_no_number():
    """T20: factorials of these would."""
    assert erlang_b(5_000, 5_000) == pytest.approx(0.01119935827850548)
    assert erlang_a(a_queue(1_000, 5, 4_000, 3)) == pytest.approx(0.2)


def test_more_customers_than_agents_could_ever_handle_leave_at_the_rate_of_the_excess():
    """T20: the chain's weights start where arrivals and departures balance."""
    assert erlang_a(a_queue(500, 10, 1, 1_000)) == pytest.approx(1 - 0.1 / 500)
