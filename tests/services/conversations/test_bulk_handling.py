"""Several conversations changed at once: all of them or none, and one answer."""

import pytest

from dashboard.services.conversations import bulk_change
from dashboard.services.conversations.bulk_change import BulkResult
from dashboard.services.conversations.conversation_forms import ConversationChange
from dashboard.services.core.refusals import Invalid
from tests.desks import NOON, Acme, Recorded
from tests.handling import events, ledger
from tests.services.agents.test_agents_races import at_once
from tests.services.core.test_together import cut_at


def change_all(acme: Acme, *ids: int, **wanted: object) -> BulkResult | Invalid:
    called = {"actor_id": acme.agents["Ana"], "now": NOON}
    return acme.work.finished(
        bulk_change.change_all(acme.work, acme.account_id, ids, ConversationChange(**wanted), **called)
    )


def test_one_answer_tells_what_was_changed_what_stood_so_already_and_what_is_not_there(acme: Acme) -> None:
    """E29"""
    waiting, held = acme.waiting(2), acme.held("Dov", 1)

    answer = change_all(acme, *waiting, *held, 999_999, assignee_id=acme.agents["Dov"])

    assert answer == BulkResult(changed=2, unchanged=1, missing=1, released=0)
    assert acme.assignees([*waiting, *held]) == ["Dov", "Dov", "Dov"]
    assert events(acme) == ["assignee_changed", "conversation_updated"] * 2


def test_those_whose_agent_cannot_keep_them_are_counted(acme: Acme) -> None:
    """E31"""
    night, ids = acme.team("Night", "Ana"), [*acme.held("Ana", 1), *acme.held("Bo", 2)]

    answer = change_all(acme, *ids, team_id=night)

    assert answer == BulkResult(changed=3, unchanged=0, missing=0, released=2)
    assert acme.assignees(ids) == ["Ana", "-", "-"]


def test_what_is_refused_is_refused_for_all_of_them(acme: Acme) -> None:
    ids = acme.waiting(2)

    answer = change_all(acme, *ids, assignee_id=acme.stranger_id)

    assert isinstance(answer, Invalid)
    assert list(answer.errors) == ["assignee_id"]
    assert acme.assignees(ids) == ["-", "-"]


@pytest.mark.parametrize("nth", [1, 2])
def test_a_power_cut_changes_none_of_them_and_starts_nothing(acme: Acme, queue: Recorded, nth: int) -> None:
    """Seen to fail for the second with each conversation committed by itself."""
    ids = acme.held("Ana", 3)

    with cut_at(acme, "INSERT INTO assignments", nth=nth):
        change_all(acme, *ids, assignee_id=None)

    assert acme.assignees(ids) == ["Ana"] * 3
    assert (ledger(acme), events(acme), queue.runs) == ([], [], [])


def test_runs_start_once_all_of_it_stands(acme: Acme, queue: Recorded) -> None:
    """E30"""
    ids = [*acme.held("Ana", 2), *acme.held("Ana", 1, "Sales")]

    change_all(acme, *ids, assignee_id=None)

    assert sorted(inbox_id for _, inbox_id, _ in queue.runs) == [acme.support, acme.sales]


def test_two_who_change_the_same_ones_in_opposite_orders_do_not_deadlock(acme: Acme) -> None:
    """Seen to deadlock with the rows locked in the order given."""
    ids = acme.waiting(30)
    acts = [
        lambda work, order=order, agent_id=acme.agents[name]: work.finished(
            bulk_change.change_all(
                work, acme.account_id, order, ConversationChange(assignee_id=agent_id), actor_id=agent_id, now=NOON
            )
        )
        for name, order in (("Ana", ids), ("Bo", ids[::-1]))
    ]

    answers = at_once(acme, *acts)

    assert answers == [BulkResult(changed=30, unchanged=0, missing=0, released=0)] * 2
    assert len(set(acme.assignees(ids))) == 1
