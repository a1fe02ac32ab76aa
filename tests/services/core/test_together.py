"""Changes that belong together: all of them are made, or none is."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select

from dashboard.engine.suggestions.changes import RaiseCapacity, RemoveLabel
from dashboard.engine.suggestions.suggestions import Fix
from dashboard.services.conversations import apply_suggestion
from dashboard.services.core.baselines import DrawnFields
from dashboard.services.core.refusals import Invalid
from dashboard.services.explanations import conversation
from dashboard.services.policies import (
    assignment_policies,
    assignment_policy_form,
    capacity_policies,
    capacity_policy_form,
)
from dashboard.services.policies.assignment_policies import PolicyRow
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, CapacityPolicyEdit
from dashboard.store.models import AssignmentPolicy, AuditEntry, CapacityPolicy, Conversation, PolicyLink
from tests.desks import NOON, Acme, Recorded
from tests.services.agents.test_agents_races import own_desk

CALLED = {"actor_id": 0, "now": NOON}


class PowerCut(Exception):
    """What happens between two statements."""


@contextmanager
def cut_at(acme: Acme, wanted: str, *, nth: int = 1) -> Iterator[None]:
    """Let the power fail at the first statement that begins like this, or a later one."""
    engine, to_come = acme.work.session.get_bind().engine, iter(range(nth, 0, -1))

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(wanted) and next(to_come) == 1:
            raise PowerCut

    event.listen(engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(PowerCut):
            yield
    finally:
        event.remove(engine, "before_cursor_execute", fail)
        acme.work.session.rollback()


def counted(acme: Acme, model: type) -> int:
    found = acme.work.session.scalar(select(func.count()).select_from(model)) or 0
    acme.work.session.rollback()
    return found


def test_a_policy_that_cannot_be_linked_to_all_its_inboxes_is_not_made(acme: Acme, queue: Recorded) -> None:
    """Seen to fail with each service committing by itself."""
    acme.waiting(1)
    edit, wanted = AssignmentPolicyEdit(name="New"), [acme.support, acme.stranger_inbox_id]

    answer = acme.work.finished(
        assignment_policy_form.create(acme.work, acme.account_id, edit, served=wanted, **CALLED)
    )

    assert isinstance(answer, Invalid)
    assert list(answer.errors) == ["inbox"]
    assert [counted(acme, model) for model in (AssignmentPolicy, PolicyLink, AuditEntry)] == [0, 0, 0]
    assert queue.runs == []


def test_a_name_that_is_taken_leaves_the_inboxes_where_they_were(acme: Acme) -> None:
    acme.policy("Sales", name="Taken")
    policy_id = acme.policy("Support")
    was = DrawnFields(facts={"inboxes": [acme.support]})

    answer = acme.work.finished(
        assignment_policy_form.change(
            acme.work,
            acme.account_id,
            policy_id,
            AssignmentPolicyEdit(name="Taken"),
            served=[acme.sales],
            seen=was,
            **CALLED,
        )
    )

    assert isinstance(answer, Invalid)
    found = assignment_policies.of_inbox(acme.work, acme.account_id, acme.support)
    assert found
    assert found.id == policy_id


def test_a_power_cut_while_a_policy_is_saved_leaves_nothing_half_done(acme: Acme, queue: Recorded) -> None:
    """Seen to fail with each service committing by itself."""
    policy_id = acme.policy("Support")
    was = DrawnFields(facts={"inboxes": [acme.support]})
    edit = AssignmentPolicyEdit(fair_distribution_limit=3)

    with cut_at(acme, "INSERT INTO assignment_policy_versions"):
        acme.work.finished(
            assignment_policy_form.change(
                acme.work, acme.account_id, policy_id, edit, served=[acme.sales], seen=was, **CALLED
            )
        )

    found = assignment_policies.show(acme.work, acme.account_id, policy_id)
    assert found
    assert (found.version, found.fair_distribution_limit) == (1, None)
    assert [one.id for one in assignment_policies.inboxes_of(acme.work, acme.account_id, policy_id) or ()] == [
        acme.support
    ]
    assert (counted(acme, AuditEntry), queue.runs) == (0, [])


def test_saving_starts_runs_where_the_policy_serves_and_something_waits(acme: Acme, queue: Recorded) -> None:
    """E30"""
    policy_id = acme.policy("Support")
    acme.waiting(1, "Sales")
    was = DrawnFields(facts={"inboxes": [acme.support]})

    acme.work.finished(
        assignment_policy_form.change(
            acme.work,
            acme.account_id,
            policy_id,
            AssignmentPolicyEdit(),
            served=[acme.support, acme.sales],
            seen=was,
            **CALLED,
        )
    )

    assert [inbox_id for _, inbox_id, _ in queue.runs] == [acme.sales]


def test_what_begins_to_wait_before_the_commit_is_run_after_it(acme: Acme, queue: Recorded) -> None:
    """E30. Seen to fail with the inboxes asked for by the service instead of after the commit."""
    policy_id = acme.policy("Support", enabled=False)

    edit = AssignmentPolicyEdit(enabled=True)
    assert isinstance(assignment_policies.change(acme.work, acme.account_id, policy_id, edit, **CALLED), PolicyRow)
    with own_desk(acme) as other:
        Acme(work=other, account_id=acme.account_id, agents=acme.agents, inboxes=acme.inboxes).waiting(1)
    assert queue.runs == []
    acme.work.finish()

    assert [inbox_id for _, inbox_id, _ in queue.runs] == [acme.support]


def test_a_limit_for_an_inbox_that_is_gone_leaves_the_capacity_policy_unmade(acme: Acme) -> None:
    edit = CapacityPolicyEdit(name="Calm")
    limits = {acme.support: 2, acme.stranger_inbox_id: 1}

    answer = acme.work.finished(capacity_policy_form.create(acme.work, acme.account_id, edit, limits=limits, **CALLED))

    assert isinstance(answer, Invalid)
    assert list(answer.errors) == [f"limit-{acme.stranger_inbox_id}"]
    assert counted(acme, CapacityPolicy) == 0


def test_a_power_cut_while_a_capacity_policy_is_saved_leaves_nothing_half_done(acme: Acme) -> None:
    """Seen to fail with each service committing by itself."""
    policy_id = acme.capacity("Ana", {"Support": 2})
    edit = CapacityPolicyEdit(conversation_limit=9)

    with cut_at(acme, "INSERT INTO inbox_capacity_limits"):
        limits = {acme.support: 5, acme.sales: 1}
        acme.work.finished(
            capacity_policy_form.change(acme.work, acme.account_id, policy_id, edit, limits=limits, **CALLED)
        )

    found = capacity_policies.show(acme.work, acme.account_id, policy_id)
    assert found
    assert found.conversation_limit is None
    assert [row.conversation_limit for row in found.inbox_capacity_limits] == [2]


def stuck_twice(acme: Acme) -> tuple[int, Fix]:
    """Return a conversation that a label and then Bo's limit keep waiting, and the fix for it."""
    acme.policy("Support")
    acme.capacity("Bo", {"Support": 1}, excluded_labels=["vip"])
    acme.online("Bo")
    acme.held("Bo", 1)
    [one] = acme.waiting(1, labels=["vip"])
    told = conversation.conversation(acme.work, acme.account_id, one, now=NOON)
    acme.work.session.rollback()
    assert told
    [fix] = told.fixes
    assert [type(change) for change in fix.changes] == [RemoveLabel, RaiseCapacity]
    return one, fix


def test_a_fix_of_several_changes_is_done_as_a_whole(acme: Acme, queue: Recorded) -> None:
    """E48"""
    one, fix = stuck_twice(acme)

    done = acme.work.finished(apply_suggestion.apply(acme.work, acme.account_id, one, fix.sentence, **CALLED))

    assert done == fix
    assert [inbox_id for _, inbox_id, _ in queue.runs] == [acme.support]
    acme.run()
    assert acme.assignees([one]) == ["Bo"]


def test_a_power_cut_in_a_fix_of_several_changes_leaves_nothing_half_done(acme: Acme, queue: Recorded) -> None:
    """Seen to fail with each change committing by itself."""
    one, fix = stuck_twice(acme)

    with cut_at(acme, "UPDATE inbox_capacity_limits"):
        acme.work.finished(apply_suggestion.apply(acme.work, acme.account_id, one, fix.sentence, **CALLED))

    row = acme.work.session.get_one(Conversation, one, populate_existing=True)
    assert (row.labels, queue.runs) == (["vip"], [])
