"""Agents' paces: only what the history shows with 95 % confidence."""

from math import exp

import numpy as np
import pytest

from dashboard.simulation.paces import HandlingTime, paces

ANA, BO, CLEO = 1, 2, 3


def times(agent_id: int, count: int, *, mean: float, seed: int, inbox_id: int = 1) -> list[HandlingTime]:
    dice = np.random.default_rng([seed, agent_id])
    return [
        HandlingTime(agent_id=agent_id, inbox_id=inbox_id, seconds=seconds)
        for seconds in dice.lognormal(np.log(mean), 0.7, count).tolist()
    ]


def test_an_agent_who_takes_twice_as_long_has_a_pace_of_two():
    """T11"""
    history = times(ANA, 200, mean=600, seed=1) + times(BO, 200, mean=300, seed=1) + times(CLEO, 200, mean=300, seed=1)

    found = {one.agent_id: exp(one.log_pace) for one in paces(history)}

    assert found[ANA] == pytest.approx(2, rel=0.2)


def test_fewer_than_thirty_conversations_show_no_pace():
    """T11"""
    history = times(ANA, 29, mean=6_000, seed=1) + times(BO, 200, mean=300, seed=1)

    assert ANA not in {one.agent_id for one in paces(history)}


def test_who_answers_the_slow_inbox_is_not_slow():
    """T11"""
    history = [
        one
        for agent_id in (ANA, BO)
        for inbox_id, mean, count in (
            (1, 60, 40 if agent_id == ANA else 160),
            (2, 3_600, 160 if agent_id == ANA else 40),
        )
        for one in times(agent_id, count, mean=mean, seed=4, inbox_id=inbox_id)
    ]

    assert paces(history) == []


def test_agents_alike_are_rarely_called_different():
    """T11: at 95 %, of 200 agents of the same pace at most 18 are called different."""
    different = 0
    for seed in range(100):
        history = times(ANA, 60, mean=300, seed=seed) + times(BO, 60, mean=300, seed=seed)
        different += sum(one.agent_id == ANA for one in paces(history))

    assert different <= 12
