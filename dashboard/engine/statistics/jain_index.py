"""Jain's index and the spread of shares: measures of fairness."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The minimum, quartiles, median and maximum of some numbers."""

    least: int
    lower: int
    median: int
    upper: int
    most: int


def jain(shares: Sequence[int]) -> float | None:
    """Return Jain's index: 1 for equal shares, 1/n if one of n holds everything, None if all shares are 0."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else None


def spread(shares: Sequence[int]) -> Spread | None:
    """Return the spread of the shares, None without shares."""
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
