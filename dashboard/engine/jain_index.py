"""How evenly something was shared."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The least and the most of some numbers, and between which the middle half of them lies."""

    least: int
    lower: int
    median: int
    upper: int
    most: int


def jain(shares: Sequence[int]) -> float | None:
    """Return Jain's index: 1 when all have as many, 1/n when one of n has everything; None when there is nothing."""
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
