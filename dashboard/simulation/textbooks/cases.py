"""The textbook cases, with their closed forms (T20)."""

from dataclasses import dataclass
from enum import StrEnum

from dashboard.simulation.interval import Interval
from dashboard.simulation.textbooks.erlang import Queue, erlang_a, erlang_c


class QueueModel(StrEnum):
    """Whether customers wait forever (Erlang C) or leave (Erlang A)."""

    ERLANG_C = "erlang_c"
    ERLANG_A = "erlang_a"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextbookCase:
    """A queue, and the number of conversations of each batch."""

    queue: Queue
    batch: int

    @property
    def model(self) -> QueueModel:
        """Return the formula that fits the queue."""
        return QueueModel.ERLANG_C if self.queue.patience_minutes is None else QueueModel.ERLANG_A

    @property
    def figure(self) -> str:
        """Return the name of the compared probability."""
        return "p_wait" if self.model is QueueModel.ERLANG_C else "p_abandon"

    @property
    def closed_form(self) -> float:
        """Return the probability of a wait, or of abandonment where customers leave."""
        return erlang_c(self.queue) if self.model is QueueModel.ERLANG_C else erlang_a(self.queue)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """A case with its simulated value."""

    case: TextbookCase
    simulated: Interval

    @property
    def agrees(self) -> bool:
        """Return whether the interval holds the closed form."""
        return self.simulated.holds(self.case.closed_form)


def _case(arrivals: float, handling: float, agents: int, *, patience: float | None = None, batch: int) -> TextbookCase:
    queue = Queue(arrivals_per_minute=arrivals, handling_minutes=handling, agents=agents, patience_minutes=patience)
    return TextbookCase(queue=queue, batch=batch)


# A fuller queue has longer swings, and needs longer batches.
CASES = (
    _case(2, 5, 12, batch=600),
    _case(2, 5, 14, batch=400),
    _case(1, 3, 4, batch=400),
    _case(10, 4, 44, batch=600),
    _case(0.9, 1, 1, batch=500),
    _case(2, 5, 10, patience=3, batch=300),
    _case(2, 5, 9, patience=3, batch=300),
    _case(2, 5, 12, patience=3, batch=300),
    _case(10, 4, 40, patience=2, batch=400),
)
