"""How long most of it took, from counts by how long."""

from collections.abc import Sequence
from itertools import accumulate


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
