"""Quantiles of waiting times from histogram buckets."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# A bucket's middle is within 4.5 % of every wait in it. The first bucket ends at 2^-4 s, the last begins at 2^25 s.
BUCKETS_PER_DOUBLING = 8
FIRST_DOUBLING, LAST_DOUBLING = -4, 25
BUCKETS = (LAST_DOUBLING - FIRST_DOUBLING) * BUCKETS_PER_DOUBLING + 2
LONGEST = float("inf")
MIDDLES = (
    0.0,
    *(2 ** (FIRST_DOUBLING + (bucket - 0.5) / BUCKETS_PER_DOUBLING) for bucket in range(1, BUCKETS - 1)),
    LONGEST,
)
# The lower bounds, in seconds, of an earlier release's buckets; one more bucket lies below the first bound.
BOUNDS = (
    *(1, 5, 10, 20, 30, 45),
    *(MINUTE * n for n in (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45)),
    *(HOUR * n for n in (1, 1.5, 2, 3, 4, 8, 16)),
    *(DAY * n for n in (1, 2, 4)),
)
# Tolerance for fractions of a count, which are inexact.
ROUNDING = 1e-6


class Bound(StrEnum):
    """Whether a quantile is the wait itself or a bound of it; buckets of an earlier release give only bounds."""

    ITSELF = ""
    UNDER = "under"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Quantile:
    """A wait in seconds, or a bound of it."""

    seconds: float
    bound: Bound = Bound.ITSELF


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Conversations per bucket, with the shortest and longest wait; `coarse` has the buckets of an earlier release."""

    fine: Mapping[int, int] = field(default_factory=dict)
    coarse: Mapping[int, int] = field(default_factory=dict)
    shortest: float | None = None
    longest: float | None = None

    def __add__(self, other: "Waits") -> "Waits":
        shortest = [waits.shortest for waits in (self, other) if waits.shortest is not None]
        longest = [waits.longest for waits in (self, other) if waits.longest is not None]
        return Waits(
            fine=Counter(self.fine) + Counter(other.fine),
            coarse=Counter(self.coarse) + Counter(other.coarse),
            shortest=min(shortest, default=None),
            longest=max(longest, default=None),
        )

    def quantile(self, part: float) -> Quantile | None:
        """Return the wait that this fraction of the conversations did not exceed, None without waits."""
        wanted, reached = part * (sum(self.fine.values()) + sum(self.coarse.values())) - ROUNDING, 0
        counted = [(MIDDLES[bucket], Bound.ITSELF, count) for bucket, count in self.fine.items()]
        for seconds, bound, count in sorted([*counted, *self._coarse()]):
            reached += count
            if count and reached >= wanted:
                return Quantile(seconds if bound else self._between_the_ends(seconds), bound)
        return None

    def _coarse(self) -> Iterator[tuple[float, Bound, int]]:
        for bucket, count in self.coarse.items():
            if bucket == len(BOUNDS):
                yield BOUNDS[-1], Bound.OVER, count
            else:
                yield BOUNDS[bucket], Bound.UNDER, count

    def _between_the_ends(self, seconds: float) -> float:
        return min(max(seconds, self.shortest or 0.0), LONGEST if self.longest is None else self.longest)
