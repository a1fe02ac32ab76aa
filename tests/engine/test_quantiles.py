"""The waits that parts of the conversations did not exceed."""

from collections import Counter
from math import ceil, floor, log2

from hypothesis import given as examples
from hypothesis import strategies as st

from dashboard.engine.statistics.quantiles import (
    BOUNDS,
    BUCKETS,
    BUCKETS_PER_DOUBLING,
    FIRST_DOUBLING,
    Bound,
    Quantile,
    Waits,
)

WAITS = st.lists(st.floats(0.0625, 3e7), min_size=1, max_size=200)


def counted(waits):
    buckets = (floor(BUCKETS_PER_DOUBLING * (log2(wait) - FIRST_DOUBLING)) + 1 for wait in waits)
    fine = Counter(min(max(bucket, 0), BUCKETS - 1) for bucket in buckets)
    return Waits(fine=fine, shortest=min(waits), longest=max(waits))


@examples(WAITS, st.sampled_from([0.5, 0.9]))
def test_a_wait_is_told_within_5_percent_and_never_beyond_the_shortest_and_the_longest(waits, part):
    """Seen to fail with the buckets that reports had: up to a half off, and far beyond the longest."""
    true = sorted(waits)[ceil(part * len(waits) - 1e-9) - 1]

    told = counted(waits).quantile(part)

    assert told.bound is Bound.ITSELF
    assert true * 0.95 <= told.seconds <= true * 1.05
    assert min(waits) <= told.seconds <= max(waits)


@examples(WAITS, WAITS)
def test_what_is_counted_apart_is_told_as_if_it_were_counted_together(here, there):
    assert (counted(here) + counted(there)).quantile(0.5) == counted(here + there).quantile(0.5)


def test_waits_beyond_all_buckets_lie_at_the_ends():
    assert counted([0.001, 0.002]).quantile(0.5) == Quantile(0.001)
    assert counted([5e8, 9e8]).quantile(0.5) == Quantile(9e8)


def test_of_waits_that_an_earlier_release_counted_only_bounds_are_known():
    over_four_days = Waits(coarse={len(BOUNDS): 10})

    assert over_four_days.quantile(0.5) == Quantile(4 * 86_400, Bound.OVER)
    assert (over_four_days + Waits(coarse={0: 11})).quantile(0.5) == Quantile(1, Bound.UNDER)
    assert (over_four_days + counted([20.0] * 11)).quantile(0.5) == Quantile(20)
    assert Waits(coarse=dict.fromkeys(range(5), 0)).quantile(0.5) is None
