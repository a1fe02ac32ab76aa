"""The simulator on textbook cases: each figure beside its closed form (T20)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from dashboard.engine.model import Agent, Conversation, Inbox, Presence
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.simulation.intervals import controlled_interval
from dashboard.simulation.loop import simulate
from dashboard.simulation.model import Arrival, ArrivalOutcome, InboxRules, PresenceChange, SimulatedDay
from dashboard.simulation.textbooks.cases import CASES, CaseResult, QueueModel, TextbookCase
from dashboard.simulation.textbooks.erlang import Queue

BATCHES = 20
# Batches are left out at the start: the day begins with nobody waiting, which is not the usual state.
LEFT_OUT = 2
# A true interval misses its value once in twenty times: a case that misses is simulated once more, with twice as much.
SECOND_LOOK = 2
STARTS_AT = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INBOX = Inbox(id=1, account_id=1, name="Textbook")


def check(seed: int, cases: Sequence[TextbookCase] = CASES) -> Iterator[CaseResult]:
    """Yield the result of each case; the same seed gives the same results."""
    for case, stream in zip(cases, np.random.SeedSequence(seed).spawn(len(cases)), strict=True):
        first, second = stream.spawn(2)
        result = run_case(case, np.random.default_rng(first))
        yield result if result.agrees else run_case(case, np.random.default_rng(second), times=SECOND_LOOK)


def run_case(case: TextbookCase, dice: np.random.Generator, *, times: int = 1) -> CaseResult:
    """Simulate one case by the same loop and the same engine as a back-test."""
    batch = case.batch * times
    outcomes = simulate(day_of(case.queue, (BATCHES + LEFT_OUT) * batch, dice))
    batches = [outcomes[first : first + batch] for first in range(LEFT_OUT * batch, len(outcomes), batch)]
    figure = _left if case.model is QueueModel.ERLANG_A else _waited
    return CaseResult(
        case=case,
        simulated=controlled_interval(
            [sum(map(figure, batch)) / len(batch) for batch in batches],
            [
                [_handling(batch) / case.queue.handling_minutes - 1 for batch in batches],
                [_gap(batch) * case.queue.arrivals_per_minute - 1 for batch in batches],
            ],
        ),
    )


def day_of(queue: Queue, conversations: int, dice: np.random.Generator) -> SimulatedDay:
    """Return a day of this many conversations, with agents that hold one at a time."""
    ends = np.cumsum(dice.exponential(1 / queue.arrivals_per_minute, conversations))
    times = dice.exponential(queue.handling_minutes, conversations)
    patience = None if queue.patience_minutes is None else dice.exponential(queue.patience_minutes, conversations)
    agents = [
        Agent(id=number, name=f"Agent {number}", presence=Presence.ONLINE, member=True, capacity=1)
        for number in range(1, queue.agents + 1)
    ]
    return SimulatedDay(
        ends_at=STARTS_AT + float(ends[-1]) * MINUTE,
        inboxes=(InboxRules(inbox=INBOX, policy=DEFAULT_POLICY, agents=tuple(agents)),),
        arrivals=_arrivals(ends.tolist(), times.tolist(), None if patience is None else patience.tolist()),
        changes=tuple(PresenceChange(at=STARTS_AT, agent_id=one.id, presence=Presence.ONLINE) for one in agents),
    )


def _arrivals(minutes: Sequence[float], times: Sequence[float], patience: Sequence[float] | None) -> Iterator[Arrival]:
    for number, (minute, handling) in enumerate(zip(minutes, times, strict=True)):
        at = STARTS_AT + minute * MINUTE
        yield Arrival(
            at=at,
            inbox_id=INBOX.id,
            conversation=Conversation(id=number + 1, created_at=at, last_activity_at=at),
            lasts_for=handling * MINUTE,
            patience=None if patience is None else patience[number] * MINUTE,
        )


def _waited(outcome: ArrivalOutcome) -> bool:
    return outcome.assigned_at != outcome.arrival.at


def _left(outcome: ArrivalOutcome) -> bool:
    return outcome.left_at is not None


def _handling(outcomes: Sequence[ArrivalOutcome]) -> float:
    """Return the mean handling time in minutes."""
    return sum((one.arrival.lasts_for for one in outcomes), timedelta()) / MINUTE / len(outcomes)


def _gap(outcomes: Sequence[ArrivalOutcome]) -> float:
    """Return the mean minutes between two arrivals."""
    return (outcomes[-1].arrival.at - outcomes[0].arrival.at) / MINUTE / (len(outcomes) - 1)
