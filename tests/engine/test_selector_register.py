"""The register of selectors: each has its texts, and its own explanation of a choice."""

import pytest

from dashboard.engine import selectors
from dashboard.engine.gates import Candidate
from dashboard.engine.policy import POLICY_FIELDS, AssignmentOrder
from dashboard.engine.selectors import SELECTORS, Turns
from dashboard.engine.sentences import policy_text
from tests.engine.floors import a_conversation, a_policy, an_agent


@pytest.mark.parametrize("order", AssignmentOrder)
def test_every_selector_has_a_label_a_sentence_and_an_explanation_of_its_own(order):
    for text in ("label", "sentence", "phrase", "explanation"):
        texts = [getattr(entry, text) for entry in SELECTORS.values()]
        assert getattr(SELECTORS[order], text)
        assert len(set(texts)) == len(texts) == len(AssignmentOrder)


@pytest.mark.parametrize("order", AssignmentOrder)
def test_a_policys_sentence_and_an_explanation_use_the_selectors_own_words(order):
    """E47"""
    entry = SELECTORS[order]

    assert f"the online agent {entry.phrase}" in policy_text.policy(a_policy(assignment_order=order))
    assert selectors.explanation(order, 3) == f"of 3 eligible agents, {entry.explanation}"
    assert selectors.explanation(order, 1) == "nobody else was eligible"


@pytest.mark.parametrize("order", AssignmentOrder)
def test_every_selector_chooses_somebody_eligible_and_keeps_everybody_in_play(order):
    """E19, E23"""
    seats = [Candidate(an_agent(name)) for name in ("Ana", "Bo", "Cleo")]
    ids = {seat.agent.id for seat in seats}
    turns = Turns(seat.agent.id for seat in seats)
    selector = SELECTORS[order].make({seat.id: seat for seat in seats}, turns, 1)

    for _ in range(9):
        chosen = selector.choose(a_conversation(), (), ())
        assert chosen in seats
        chosen.take(1)
        turns.spend(chosen)
        assert set(selector.turns()) == ids


@pytest.mark.parametrize("order", AssignmentOrder)
def test_a_selector_with_nobody_eligible_chooses_nobody(order):
    """E9"""
    seat = Candidate(an_agent())
    selector = SELECTORS[order].make({seat.id: seat}, Turns([seat.agent.id]), 1)

    assert selector.choose(a_conversation(), {seat.id}, ()) is None


def test_the_usual_selector_is_offered():
    assert AssignmentOrder.ROUND_ROBIN in POLICY_FIELDS["assignment_order"].offered
