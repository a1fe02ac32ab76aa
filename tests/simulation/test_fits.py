"""What the textbook is worth in an inbox."""

import numpy as np

from dashboard.simulation.textbooks.fits import fit

DICE = np.random.default_rng(7)
RANDOM = DICE.poisson(3, (200, 12)).tolist()
EXPONENTIAL = DICE.exponential(5, 500).tolist()


def test_random_arrivals_exponential_times_and_one_at_once_fit():
    """T21"""
    found = fit(RANDOM, EXPONENTIAL, at_once=1.0)

    assert found.good
    assert found.sentence.startswith("Erlang fits here")


def test_a_day_that_rises_and_falls_is_no_dispersion():
    """T21: only the spans of one hour are compared."""
    quiet_and_busy = [DICE.poisson(mean, 12).tolist() for mean in (1, 20) * 100]

    assert fit(quiet_and_busy, EXPONENTIAL, at_once=1.0).good


def test_what_does_not_fit_is_named():
    """T21"""
    bursts = [[12 * (span == hour % 12) for span in range(12)] for hour in range(50)]

    found = fit(bursts, [60.0] * 200, at_once=4.25)

    assert not found.good
    assert found.sentence == (
        "Erlang is a reference only here, because conversations arrive in bursts (dispersion 12.0 instead of 1), "
        "handling times are too much alike (spread 0.0 instead of 1) and agents hold 4.2 conversations at once."
    )


def test_few_conversations_tell_nothing():
    """T21"""
    found = fit([[1, 0, 2]], [1.0, 2.0], at_once=1.0)

    assert found.sentence == "Erlang is a reference only here, because fewer than 100 conversations are known."
    assert found.dispersion is None
