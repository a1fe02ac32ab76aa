"""How far the textbook's assumptions hold in an inbox (T21)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

# Fewer conversations tell nothing about arrivals and handling times.
ENOUGH = 100
# Where a measure is 1 in the textbook, it fits between these bounds.
FITS_FROM, FITS_TO = 0.75, 1.33
MOST_AT_ONCE = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The measures of an inbox, None where too little is known.

    `dispersion` is the variance of the arrivals in a short span over their mean, `spread` the standard deviation of the
    handling times over their mean; both are 1 in the textbook. `at_once` is the number of conversations that an agent
    with any has open, and `conversations` the number of arrivals behind the measures.
    """

    conversations: int
    dispersion: float | None
    spread: float | None
    at_once: float | None

    @property
    def good(self) -> bool:
        """Return whether Erlang's formulas describe the inbox."""
        return not list(self._doubts())

    @property
    def sentence(self) -> str:
        """Return what the formulas are worth here, with the reasons."""
        if doubts := list(self._doubts()):
            return f"Erlang is a reference only here, because {_joined(doubts)}."
        return (
            "Erlang fits here: arrivals are random, handling times vary as in the textbook, one conversation at once."
        )

    def _doubts(self) -> Iterator[str]:
        if self.conversations < ENOUGH or self.dispersion is None or self.spread is None or self.at_once is None:
            yield f"fewer than {ENOUGH} conversations are known"
            return
        if self.dispersion > FITS_TO:
            yield f"conversations arrive in bursts (dispersion {self.dispersion:.1f} instead of 1)"
        if self.dispersion < FITS_FROM:
            yield f"conversations arrive more evenly than by chance (dispersion {self.dispersion:.1f} instead of 1)"
        if self.spread > FITS_TO:
            yield f"a few conversations take very long (spread {self.spread:.1f} instead of 1)"
        if self.spread < FITS_FROM:
            yield f"handling times are too much alike (spread {self.spread:.1f} instead of 1)"
        if self.at_once > MOST_AT_ONCE:
            yield f"agents hold {self.at_once:.1f} conversations at once"


def fit(hours: Sequence[Sequence[int]], handling: Sequence[float], at_once: float | None) -> Fit:
    """Return the measures of an inbox.

    `hours` has the arrivals of the short spans of each hour. The usual rise and fall of a day is no dispersion: only
    the spans of one hour are compared.
    """
    conversations = sum(map(sum, hours))
    enough = conversations >= ENOUGH and len(handling) >= ENOUGH
    return Fit(
        conversations=conversations,
        dispersion=_dispersion([spans for spans in hours if any(spans)]) if enough else None,
        spread=pstdev(handling) / fmean(handling) if enough and any(handling) else None,
        at_once=at_once,
    )


def _dispersion(hours: Sequence[Sequence[int]]) -> float:
    """Return the pooled index of dispersion: chi squared over its degrees of freedom."""
    squares = sum(sum((count - fmean(spans)) ** 2 for count in spans) / fmean(spans) for spans in hours)
    return squares / sum(len(spans) - 1 for spans in hours)


def _joined(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def at_once(held: Iterable[Sequence[tuple[float, float]]]) -> float | None:
    """Return how many open conversations an agent with any has, on the average of time; None without any.

    `held` has the beginnings and ends of each agent's conversations.
    """
    total = busy = 0.0
    for spans in held:
        free_since = float("-inf")
        for begins, ends in sorted(spans):
            total += ends - begins
            busy += max(ends - max(begins, free_since), 0.0)
            free_since = max(free_since, ends)
    return total / busy if busy else None
