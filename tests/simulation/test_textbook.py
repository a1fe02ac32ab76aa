"""The simulator beside Erlang's formulas, by the same loop as a back-test."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.simulation.textbooks.cases import CASES, CaseResult, QueueModel, TextbookCase
from dashboard.simulation.textbooks.checks import check, run_case

SMALL = [replace(case, batch=60) for case in CASES if case.queue.agents in (1, 4, 9)]


def test_small_cases_agree_with_the_closed_forms():
    """T20"""
    assert all(result.agrees for result in check(1, SMALL))


def test_the_same_seed_gives_the_same_figures():
    """T20"""
    first, again, other = (list(check(seed, SMALL[:1])) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_a_simulator_that_is_wrong_by_one_agent_disagrees():
    """T20: the check can fail, with each model."""
    for model in QueueModel:
        case = next(one for one in CASES if one.model is model and one.queue.agents < 20)
        wrong = replace(case, queue=replace(case.queue, agents=case.queue.agents + 1))

        simulated = run_case(wrong, np.random.default_rng(1)).simulated

        assert not CaseResult(case=case, simulated=simulated).agrees


def test_a_case_that_misses_by_chance_is_looked_at_once_more_with_twice_as_much(monkeypatch: pytest.MonkeyPatch):
    """T20: one interval in twenty misses the truth."""
    sizes: list[int] = []

    def missing(case: TextbookCase, dice: np.random.Generator, *, times: int = 1) -> CaseResult:
        sizes.append(times)
        result = run_case(case, dice, times=times)
        return result if times > 1 else replace(result, simulated=replace(result.simulated, low=1, high=1))

    monkeypatch.setattr("dashboard.simulation.textbooks.checks.run_case", missing)

    assert [result.agrees for result in check(1, SMALL[:1])] == [True]
    assert sizes == [1, 2]


@pytest.mark.gate
@pytest.mark.parametrize("seed", [1, 2])
def test_every_case_of_the_page_agrees(seed: int):
    """T20"""
    results = list(check(seed))

    assert [result.case for result in results if not result.agrees] == []
    assert [round(result.case.closed_form, 5) for result in results] == [
        *(0.44939, 0.17413, 0.50943, 0.43170, 0.90000),
        *(0.14062, 0.19546, 0.06381, 0.07368),
    ]
