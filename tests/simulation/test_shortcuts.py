"""The loop looks at few conversations for an event, and decides as if it looked at all."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime

import pytest

from dashboard.engine.model import Conversation, Inbox, Team
from dashboard.engine.policy import AssignmentOrder, ConversationPriority, ExclusionRules
from dashboard.simulation.model import Arrival, InboxRules, PresenceChange
from dashboard.simulation.waiting import Waiting
from tests.engine.floors import SUPPORT, a_policy, an_agent
from tests.simulation.days import MINUTE, an_arrival, comes, goes, played, rules

SALES = Inbox(id=2, account_id=1, name="Sales", weight=2)
TEAMS = (Team(id=1, name="One", max_open=3), Team(id=2, name="Two"))
SPAM = ExclusionRules(policy_id=1, policy_name="Low", excluded_labels=("spam",))


def a_floor(dice: random.Random) -> list[InboxRules]:
    agents = [
        an_agent(
            f"Agent {n}",
            capacity=dice.choice([1, 2, None]),
            total_capacity=dice.choice([2, 3, 4]),
            team_ids=frozenset(dice.sample([1, 2], dice.randint(0, 2))),
            skills=frozenset(dice.sample(["french", "tax"], dice.randint(0, 2))),
        )
        for n in range(5)
    ]
    policy = a_policy(
        assignment_order=dice.choice([AssignmentOrder.ROUND_ROBIN, AssignmentOrder.BALANCED]),
        conversation_priority=dice.choice(list(ConversationPriority)),
        fair_distribution_limit=dice.choice([None, 2]),
        fair_distribution_window=900,
        one_agent_per_contact=dice.random() < 0.5,
        relax_skills_after=dice.choice([None, 7]),
        overflow_team_id=2,
        overflow_after=dice.choice([None, 10]),
        pace_seconds=dice.choice([None, 90]),
    )
    more = {"teams": TEAMS, "exclusions": (SPAM,)}
    return [rules(*agents, policy=policy, **more), rules(*agents, policy=policy, inbox=SALES, **more)]


def some_arrivals(dice: random.Random) -> list[Arrival]:
    return [
        an_arrival(
            dice.uniform(0, 300),
            lasts=dice.expovariate(1 / 8),
            inbox=dice.choice([SUPPORT, SALES]),
            team_id=dice.choice([None, None, 1, 2]),
            contact_id=dice.randint(1, 40),
            skills=frozenset(dice.sample(["french", "tax"], dice.choice([0, 0, 1]))),
            labels=("spam",) if dice.random() < 0.1 else (),
            patience=dice.choice([None, 30 * MINUTE]),
        )
        for _ in range(200)
    ]


def everything(waiting: Waiting, _now: datetime) -> Iterator[Sequence[Conversation]]:
    """Yield all waiting conversations as one slice."""
    if waiting:
        yield [one for one in waiting.all() if one.id not in waiting._excluded]


@pytest.mark.parametrize("seed", range(6))
def test_closed_pools_and_slices_change_no_decision(seed: int, monkeypatch: pytest.MonkeyPatch):
    """T11: a plan of everything that waits, at every event, gives the same outcomes.

    A draw depends on the other conversations of its plan, so that the selector `random` is left out. Seen to fail
    without the order of simultaneous wake-ups, and without the wake-up of a pace that begins while nothing waits.
    """
    dice = random.Random(seed)
    floor, arrivals = a_floor(dice), some_arrivals(dice)
    changes: list[PresenceChange] = []
    for agent in floor[0].agents:
        changes += [comes(agent, dice.uniform(0, 60)), goes(agent, dice.uniform(100, 200)), comes(agent, 220)]

    quick = played(floor, arrivals, *changes)
    monkeypatch.setattr(Waiting, "slices", everything)
    monkeypatch.setattr(Waiting, "may_go", lambda *_: True)
    slow = played(floor, arrivals, *changes)

    assert quick == slow
    assert any(one.agent_id for one in quick)
