"""Closed forms of queues with exponential times: Erlang B, Erlang C and Erlang A.

Sources: the recursion of Erlang B (Jagerman 1974), C from B (Cooper 1981), and the birth-death chain of Erlang A (Palm
1957). No factorial appears, so thousands of agents are as exact as four.
"""

from dataclasses import dataclass

# States beyond this share of the whole chain change no digit.
NEGLIGIBLE = 1e-16


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Arrivals at random, exponential handling times, and agents with one conversation at a time.

    Rates are per minute and times in minutes. With a patience, waiting customers leave after exponential times.
    """

    arrivals_per_minute: float
    handling_minutes: float
    agents: int
    patience_minutes: float | None = None

    @property
    def load(self) -> float:
        """Return the offered load in Erlang: the agents that would be busy without a queue."""
        return self.arrivals_per_minute * self.handling_minutes


def erlang_b(load: float, agents: int) -> float:
    """Return the probability that all agents are busy when nobody waits: B(n) = a B(n-1) / (n + a B(n-1))."""
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(queue: Queue) -> float:
    """Return the probability of a wait without abandonment; 1 when the load is more than the agents can handle."""
    if queue.load >= queue.agents:
        return 1.0
    blocked = erlang_b(queue.load, queue.agents)
    return queue.agents * blocked / (queue.agents - queue.load * (1 - blocked))


def erlang_a(queue: Queue) -> float:
    """Return the probability that a customer leaves before an agent is free.

    The chain's states count the conversations. The weight of each follows from its neighbour, outwards from the state
    at which arrivals and departures balance, so that no weight overflows.
    """
    if queue.patience_minutes is None:
        return 0.0
    middle = _balance(queue, queue.patience_minutes)
    weights = {**_downwards(queue, middle), **_upwards(queue, middle)}
    waiting = sum(weight * (state - queue.agents) for state, weight in weights.items() if state > queue.agents)
    leaving = waiting / queue.patience_minutes / sum(weights.values())
    return leaving / queue.arrivals_per_minute


def _balance(queue: Queue, patience_minutes: float) -> int:
    """Return the number of conversations with as many departures as arrivals."""
    if queue.load <= queue.agents:
        return int(queue.load)
    excess_per_minute = queue.arrivals_per_minute - queue.agents / queue.handling_minutes
    return queue.agents + int(excess_per_minute * patience_minutes)


def _departures(queue: Queue, state: int) -> float:
    """Return the departures per minute with this many conversations."""
    busy, waiting = min(state, queue.agents), max(state - queue.agents, 0)
    return busy / queue.handling_minutes + waiting / (queue.patience_minutes or float("inf"))


def _downwards(queue: Queue, state: int) -> dict[int, float]:
    weights, weight = {state: 1.0}, 1.0
    while state and weight > NEGLIGIBLE:
        weight *= _departures(queue, state) / queue.arrivals_per_minute
        state -= 1
        weights[state] = weight
    return weights


def _upwards(queue: Queue, state: int) -> dict[int, float]:
    weights, weight = {state: 1.0}, 1.0
    while weight > NEGLIGIBLE:
        state += 1
        weight *= queue.arrivals_per_minute / _departures(queue, state)
        weights[state] = weight
    return weights
