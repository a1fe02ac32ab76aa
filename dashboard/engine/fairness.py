"""How evenly something was shared."""

from collections.abc import Sequence


def jain(shares: Sequence[int]) -> float | None:
    """Return Jain's index: 1 when all have as many, 1/n when one of n has everything; None when there is nothing."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else None
