"""Back-tests: two sets of rules over the same conversations, and honest differences."""

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np

from dashboard.engine.model import Conversation, Inbox, Presence
from dashboard.simulation.backtest import FigureComparison, Question, RuleSet, answer, compare, pairs
from dashboard.simulation.backtest_text import sentence
from dashboard.simulation.figures import FigureName, highest_load
from dashboard.simulation.history import REPLICATES, RecordedConversation, replicates
from dashboard.simulation.interval import Interval
from dashboard.simulation.model import PresenceChange
from dashboard.simulation.paces import PaceEstimate
from tests.engine.floors import SUPPORT, a_policy, an_agent
from tests.simulation.days import MINUTE, an_arrival, at, played, rules

ANA, BO = an_agent("Ana", id=901, capacity=1), an_agent("Bo", id=902, capacity=1)
NAMES = {ANA.id: "Ana", BO.id: "Bo"}
ENDS_AT = at(8 * 60)
# Known within a tenth or so: each replicate draws another one.
UNSURE = (PaceEstimate(agent_id=ANA.id, log_pace=0.4, log_error=0.1),)


def a_past(number: int, minute: float, *, given: float | None = None, ended: float | None = None, **more: object):
    """Return a conversation that arrived, was given to Ana and ended at these minutes after noon."""
    conversation = Conversation(id=number, created_at=at(minute), last_activity_at=at(minute), waiting_since=at(minute))
    return RecordedConversation(
        conversation=conversation,
        inbox_id=SUPPORT.id,
        at=at(minute),
        agent_id=None if given is None else ANA.id,
        assigned_at=None if given is None else at(given),
        ended_at=None if ended is None else at(ended),
        **more,  # type: ignore[arg-type]
    )


def a_day(seed: int, *, open_at_the_end: int = 0, count: int = 120) -> list[RecordedConversation]:
    dice, minute, found = random.Random(seed), 0.0, []
    for number in range(1, count + 1):
        minute += dice.expovariate(1 / 3)
        ended = None if number > count - open_at_the_end else minute + 1 + dice.expovariate(1 / 5)
        found.append(a_past(number, minute, given=minute + 1, ended=ended))
    return found


def rule_set(*agents, inbox: Inbox = SUPPORT, **policy: object) -> RuleSet:
    return RuleSet(
        inboxes=(rules(*agents, policy=a_policy(**policy), inbox=inbox),),
        changes=tuple(PresenceChange(at=at(0), agent_id=one.id, presence=Presence.ONLINE) for one in agents),
    )


def asked(conversations, now: RuleSet, then: RuleSet, **more: object):
    question = Question(conversations=conversations, as_they_were=now, as_edited=then, ends_at=ENDS_AT, seed=1, **more)  # type: ignore[arg-type]
    return answer(list(pairs(question)))


def test_the_same_rules_make_no_difference():
    """T12: both runs of a pair have the same arrivals and times."""
    found = asked(a_day(1, open_at_the_end=30), rule_set(ANA, BO), rule_set(ANA, BO), paces=UNSURE)

    assert [one.difference.mean for one in found.figures.values()] == [0.0] * 7
    assert not any(one.clear for one in (*found.figures.values(), *found.given.values()))
    assert sentence(found, NAMES).startswith("No clear difference in the wait of nine of ten")


def test_one_agent_more_cuts_the_wait_and_the_first_one_is_given_less():
    """T12"""
    found = asked(a_day(2), rule_set(ANA), rule_set(ANA, BO), paces=UNSURE)

    wait = found.figures[FigureName.WAIT_P90]
    assert wait.clear
    assert wait.then < wait.now
    assert wait.difference.low < wait.difference.mean < wait.difference.high < 0
    assert sentence(found, NAMES).startswith("The edited policy would have cut the wait of nine of ten from ")
    assert "; Ana would have been given " in sentence(found, NAMES)
    assert found.given[BO.id].then > found.given[BO.id].now == 0


def test_a_known_difference_without_anything_unknown_is_clear_and_has_no_width():
    """T12"""
    wait = asked(a_day(2), rule_set(ANA), rule_set(ANA, BO)).figures[FigureName.WAIT_P90]

    assert wait.clear
    assert wait.difference.high - wait.difference.low < 1e-6


def test_the_sentence_is_the_one_that_people_read():
    """T12"""
    found = asked(a_day(2), rule_set(ANA, BO), rule_set(ANA, BO))
    cut = FigureComparison(now=840, then=360, difference=Interval(mean=-480, low=-540, high=-300))
    more = FigureComparison(now=100, then=112, difference=Interval(mean=12, low=8, high=16))
    found = replace(found, figures={FigureName.WAIT_P90: cut}, given={BO.id: more})

    assert sentence(found, NAMES) == (
        "The edited policy would have cut the wait of nine of ten from 14 to 6 minutes (5 to 9 less); "
        "Bo would have been given 12 % more."
    )


def test_the_share_within_the_target_is_told_where_there_is_one():
    """T12"""
    figures = asked(a_day(3), rule_set(ANA), rule_set(ANA, BO), target=timedelta(minutes=5)).figures

    assert figures[FigureName.WITHIN_TARGET].then > figures[FigureName.WITHIN_TARGET].now
    assert FigureName.WITHIN_TARGET not in asked(a_day(3), rule_set(ANA), rule_set(ANA)).figures


def test_whoever_is_left_waiting_counts_with_the_wait_until_the_end():
    """T12: rules that assign nothing would have no waits otherwise."""
    figures = asked(a_day(4, count=10), rule_set(ANA, BO), rule_set(ANA, BO, eligible_presence={"busy"})).figures

    assert figures[FigureName.LEFT_WAITING].then == 10
    assert figures[FigureName.WAIT_MEDIAN].then > figures[FigureName.WAIT_MEDIAN].now


def test_known_handling_times_stay_and_unknown_ones_are_drawn_from_longer_ones():
    """T12"""
    known = [a_past(n, n, given=n, ended=n + length) for n, length in enumerate((2, 5, 300, 400), start=1)]
    still_open = a_past(9, 100, given=280)

    drawn = [one.arrivals for one in replicates([*known, still_open], (), ends_at=ENDS_AT, seed=1)]

    assert len(drawn) == REPLICATES
    assert {tuple(one.lasts_for / MINUTE for one in arrivals[:4]) for arrivals in drawn} == {(2, 5, 300, 400)}
    assert {arrivals[4].lasts_for / MINUTE for arrivals in drawn} == {300, 400}


def test_a_pace_scales_the_time_of_whoever_gets_it_and_not_that_of_their_own():
    """T11"""
    slow = PaceEstimate(agent_id=ANA.id, log_pace=np.log(2), log_error=0.0)
    [one, *_] = replicates([a_past(1, 0, given=0, ended=10)], [slow], ends_at=ENDS_AT, seed=1)

    assert one.arrivals[0].lasts_for == 5 * MINUTE
    assert round(one.pace[ANA.id], 6) == 2


def test_what_a_person_assigned_and_what_ended_unassigned_stay_so():
    """T11"""
    by_hand, ended = a_past(1, 0, given=4, ended=9, is_by_hand=True), a_past(2, 0, ended=7)

    [one, *_] = replicates([by_hand, ended], (), ends_at=ENDS_AT, seed=1)

    assert one.arrivals[0].by_hand is not None
    assert (one.arrivals[0].by_hand.at, one.arrivals[0].by_hand.agent_id) == (at(4), ANA.id)
    assert one.arrivals[1].patience == 7 * MINUTE


def test_the_same_seed_gives_the_same_figures():
    """T12"""
    day = a_day(5, open_at_the_end=40)

    assert asked(day, rule_set(ANA), rule_set(ANA, BO)) == asked(day, rule_set(ANA), rule_set(ANA, BO))


def test_the_highest_load_counts_an_end_before_a_beginning():
    """T12"""
    ana = an_agent(capacity=1)

    assert highest_load(played([rules(ana)], [an_arrival(n) for n in range(5)])) == 1
    assert highest_load(played([rules(an_agent())], [an_arrival(n) for n in range(5)])) == 5


def test_intervals_hold_the_true_difference_in_at_least_185_of_200():
    """T12: made differences, each of its own scale; the two runs of a pair share most of their chance."""
    dice = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        truth, scale = dice.normal(0, 100), dice.lognormal(3, 1)
        shared = dice.normal(600, 300, REPLICATES)
        own = dice.normal(0, scale, REPLICATES)
        found = compare([(now, now + truth + noise) for now, noise in zip(shared, own, strict=True)])
        held += found.difference.holds(truth)

    assert held >= 185


def test_intervals_of_simulated_differences_hold_the_mean_of_many():
    """T12: of 200 back-tests of a day with a pace that is not sure, by 20 of 300 replicates each."""
    day, found = a_day(6, count=60), []
    for seed in range(15):
        question = Question(
            conversations=day,
            as_they_were=rule_set(ANA),
            as_edited=rule_set(ANA, BO),
            ends_at=ENDS_AT,
            seed=seed,
            paces=UNSURE,
        )
        found += [
            (one.now.values[FigureName.WAIT_P90], one.then.values[FigureName.WAIT_P90]) for one in pairs(question)
        ]
    truth = sum(then - now for now, then in found) / len(found)
    dice = random.Random(1)

    held = sum(compare(dice.choices(found, k=REPLICATES)).difference.holds(truth) for _ in range(200))

    assert held >= 185
