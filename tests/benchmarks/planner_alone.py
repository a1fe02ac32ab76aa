"""B7: the planner without stores, 10,000 conversations over 1,000 agents."""

from collections.abc import Iterator
from time import perf_counter

from dashboard.engine import planner
from dashboard.engine.model import Agent, Conversation, Inbox, Presence, Snapshot
from dashboard.engine.policy import AssignmentOrder, AssignmentPolicy
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.engine.floors import NOON

CONVERSATIONS, AGENTS = 10_000, 1_000
MUST_DECIDE = 200_000


def measure(_bench: Bench) -> Iterator[Figure]:
    """Plan a floor on which everything can be given out, once per way to choose."""
    for order in AssignmentOrder:
        rounds = [Round(measured=_per_second(_floor(order)), limit=MUST_DECIDE) for _ in range(ROUNDS)]
        what = f"planner alone, 10,000 x 1,000, {order.value.replace('_', ' ')}"
        yield figure("B7", what, rounds, unit="decisions/s", bar=Bar(at_least=1))


def _per_second(snapshot: Snapshot) -> float:
    began = perf_counter()
    planner.plan(snapshot, NOON)
    return CONVERSATIONS / (perf_counter() - began)


def _floor(order: AssignmentOrder) -> Snapshot:
    return Snapshot(
        inbox=Inbox(id=1, account_id=1, name="Support"),
        policy=AssignmentPolicy(id=1, name="Default", assignment_order=order, fair_distribution_limit=CONVERSATIONS),
        agents=tuple(
            Agent(id=number, name=str(number), presence=Presence.ONLINE, member=True, capacity=CONVERSATIONS)
            for number in range(1, AGENTS + 1)
        ),
        waiting=tuple(
            Conversation(id=number, created_at=NOON, last_activity_at=NOON) for number in range(CONVERSATIONS)
        ),
    )
