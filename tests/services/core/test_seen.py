"""What a form was drawn from, what was typed and what stands now: nothing that came meanwhile is taken back."""

from threading import Barrier, Thread

from hypothesis import given as examples
from hypothesis import strategies as st

from dashboard.config import Settings
from dashboard.services.core.baselines import DrawnFields
from dashboard.services.core.refusals import Stale
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit
from dashboard.store.postgres import database
from tests.desks import NOON, Acme, Recorded, desk_on

ONE = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "a\nb"])
SEVERAL = st.lists(st.sampled_from("abcd"), unique=True).map(tuple)


def same(one: object, other: object) -> bool:
    return one == other or {one, other} <= {None, ""} or {one, other} <= {"a\nb", "ab"}


@examples(ONE, ONE, ONE)
def test_a_value_is_whoevers_changed_it_and_refused_if_both_did(drawn: object, typed: object, now: object) -> None:
    """Seen to fail with whatever was typed written."""
    found = DrawnFields(facts={"limit": drawn}).judged({"limit": typed}, {"limit": now})

    if same(typed, drawn):
        assert found == {"limit": now}
    elif same(now, drawn) or same(now, typed):
        assert found == {"limit": typed}
    else:
        assert isinstance(found, Stale)
        assert (dict(found.wanted), dict(found.now), list(found.errors)) == (
            {"limit": typed},
            {"limit": now},
            ["limit"],
        )


@examples(SEVERAL, SEVERAL, SEVERAL)
def test_of_a_list_what_either_added_or_took_away_is_so(drawn: tuple, typed: tuple, now: tuple) -> None:
    """Seen to fail with whatever was typed written: labels that came meanwhile were dropped."""
    found = DrawnFields(facts={"labels": drawn}).judged({"labels": typed}, {"labels": now})

    assert not isinstance(found, Stale)
    merged = (set(now) - (set(drawn) - set(typed))) | (set(typed) - set(drawn))
    assert set(found["labels"]) == merged
    assert len(found["labels"]) == len(set(found["labels"]))


def test_a_field_that_no_form_drew_is_written() -> None:
    assert DrawnFields(facts={}).judged({"name": "New"}, {"name": "Old"}) == {"name": "New"}


def test_what_a_form_sends_for_an_untouched_field_may_differ_from_what_stands() -> None:
    """A limit of 0 is an empty field."""
    drawn = DrawnFields(facts={"limit": 0}, untouched={"limit": None})

    assert drawn.judged({"limit": None}, {"limit": 5}) == {"limit": 5}
    assert drawn.judged({"limit": 7}, {"limit": 0}) == {"limit": 7}


def test_of_four_who_save_the_same_field_at_once_one_does(acme: Acme, settings: Settings) -> None:
    """Seen to fail with what stands read before the row is locked."""
    policy_id = acme.policy(fair_distribution_limit=1)
    engine = database.connect(settings.database_url, pool_size=4)
    barrier, answers = Barrier(4), []
    drawn = DrawnFields(facts={"fair_distribution_limit": 1})

    def save(limit: int) -> None:
        with database.Session(engine, expire_on_commit=False) as session:
            work, edit = desk_on(session, settings, Recorded()), AssignmentPolicyEdit(fair_distribution_limit=limit)
            barrier.wait()
            answers.append(
                work.finished(
                    assignment_policies.change(
                        work, acme.account_id, policy_id, edit, actor_id=None, now=NOON, seen=drawn
                    )
                )
            )

    threads = [Thread(target=save, args=[limit]) for limit in (2, 3, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    [won] = [answer for answer in answers if not isinstance(answer, Stale)]
    assert len(answers) == 4
    acme.work.session.rollback()
    assert assignment_policies.show(acme.work, acme.account_id, policy_id) == won
