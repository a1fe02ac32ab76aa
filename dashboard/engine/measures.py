"""How evenly something is shared out, and how long most of it took: numbers in, numbers out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The least and the most of some numbers, and between which the middle half of them lies."""

    least: int
    lower: int
    median: int
    upper: int
    most: int


def jain(shares: Sequence[int]) -> float | None:
    """Return Jain's index: 1 when all have the same, 1/n when one has everything; None when nobody has anything.

    R. Jain, D. Chiu, W. Hawe, A Quantitative Measure of Fairness, DEC-TR-301, 1984.
    """
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else None


def spread(shares: Sequence[int]) -> Spread | None:
    """Return how far shares lie apart, None where there are none."""
    if not shares:
        return None
    order = sorted(shares)
    last = len(order) - 1
    return Spread(
        least=order[0],
        lower=order[last // 4],
        median=order[last // 2],
        upper=order[last - last // 4],
        most=order[last],
    )


def quantile(counts: Sequence[int], bounds: Sequence[float], part: float) -> float | None:
    """Return what this part of the counted values is below, None where nothing was counted.

    `counts` has one bucket more than there are `bounds`: the first ends at the first bound, the last has no end.
    Within a bucket values are taken to lie evenly.
    """
    wanted = part * sum(counts)
    if not wanted:
        return None
    for bucket, reached in enumerate(accumulate(counts)):
        if reached >= wanted:
            low = bounds[bucket - 1] if bucket else 0.0
            high = bounds[bucket] if bucket < len(bounds) else low
            return low + (high - low) * (1 - (reached - wanted) / counts[bucket])
    raise ValueError("a part is between 0 and 1")
