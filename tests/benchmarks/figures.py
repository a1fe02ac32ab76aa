"""One line of the table: what was measured against its limit in the same run, round by round."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 5
HEAD = f"{'':4} {'benchmark':58} {'measured':>12} {'limit':>12} {'unit':14} {'ratio':>7} {'must be':>8} {'spread':>7}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What the ratio to the limit must be."""

    at_least: float | None = None
    at_most: float | None = None

    def __str__(self) -> str:
        if self.at_least is None and self.at_most is None:
            return "any"
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"

    def is_cleared(self, ratio: float) -> bool:
        """Say whether the ratio is good enough."""
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Medians of the rounds; `spread` is how far the rounds' ratios are apart, as a share of their median."""

    name: str
    what: str
    unit: str
    measured: float
    limit: float
    ratio: float
    must_be: str
    reached: bool
    spread: float
    rounds: int

    def __str__(self) -> str:
        numbers = f"{_number(self.measured):>12} {_number(self.limit):>12} {self.unit:14} {self.ratio:>7.2f}"
        missed = "" if self.reached else "  missed"
        return f"{self.name:4} {self.what:58} {numbers} {self.must_be:>8} {self.spread:>7.0%}{missed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round measured, and the limit as that round measured it or as it is set."""

    measured: float
    limit: float

    @property
    def ratio(self) -> float:
        return self.measured / self.limit


def figure(name: str, what: str, rounds: Iterable[Round], *, unit: str, bar: Bar) -> Figure:
    """Return the line that these rounds make."""
    rounds = list(rounds)
    ratio = median(one.ratio for one in rounds)
    return Figure(
        name=name,
        what=what,
        unit=unit,
        measured=median(one.measured for one in rounds),
        limit=median(one.limit for one in rounds),
        ratio=ratio,
        must_be=str(bar),
        reached=bar.is_cleared(ratio),
        spread=spread([one.ratio for one in rounds]),
        rounds=len(rounds),
    )


def spread(values: Sequence[float]) -> float:
    """Return how far the extremes are apart, as a share of the median."""
    return (max(values) - min(values)) / median(values)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
