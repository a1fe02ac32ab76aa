"""Intervals of simulated means."""

import numpy as np
import pytest

from dashboard.simulation.intervals import controlled_interval, interval, student_t


@pytest.mark.parametrize(("freedom", "quantile"), [(8, 2.306), (17, 2.110), (19, 2.093), (199, 1.972)])
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile: float):
    """T20"""
    assert student_t(freedom) == pytest.approx(quantile, abs=0.001)


def test_an_interval_is_that_of_the_textbook():
    """T20: mean 3, standard error 1 / sqrt(2), 2.776 for four degrees of freedom."""
    found = interval([1, 2, 3, 4, 5])

    assert found.mean == pytest.approx(3)
    assert (found.low, found.high) == pytest.approx((3 - 1.963, 3 + 1.963), abs=0.01)
    assert found.holds(4)
    assert not found.holds(5)


def test_a_control_removes_the_chance_that_it_explains_and_keeps_the_coverage():
    """T20: of 200 intervals at 95 %, at least 185 hold the true mean."""
    dice = np.random.default_rng(1)
    plain, controlled = [], []
    for _ in range(200):
        control = dice.normal(size=20)
        values = 10 + 3 * control + dice.normal(size=20)
        plain.append(interval(values))
        controlled.append(controlled_interval(values, [control]))

    assert sum(one.holds(10) for one in controlled) >= 185
    assert sum(one.high - one.low for one in controlled) < sum(one.high - one.low for one in plain) / 2
