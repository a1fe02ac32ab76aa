"""The value of an interval; who only shows one needs no numpy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean, and the bounds that hold the true one in 95 of 100 simulations."""

    mean: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Return whether the value is within the bounds."""
        return self.low <= value <= self.high
