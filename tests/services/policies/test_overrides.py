"""An inbox may have values of its own for some fields of its policy."""

from datetime import timedelta

import pytest

from dashboard.engine.policy import OVERRIDABLE, POLICY_FIELDS
from dashboard.services.audit import undo
from dashboard.services.audit.undo import Reversal, UndoState
from dashboard.services.conversations import apply_suggestion
from dashboard.services.explanations import conversation
from dashboard.services.policies import assignment_policies, policy_consequences
from dashboard.services.policies.policy_consequences import PolicyDraft, WarningKind
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, PolicyChoice, PolicyChoiceForm
from dashboard.store.conversations import list_page
from dashboard.store.conversations.list_page import ConversationListFilter
from dashboard.store.core.paging import Page
from dashboard.store.models import AuditEntry
from dashboard.store.policies import assignment_policies_page
from tests.counting import statements
from tests.desks import NOON, Acme
from tests.policies import UNLIKE

BY = {"actor_id": None, "now": NOON}


def own(acme: Acme, inbox: str = "Support", **overrides: object) -> None:
    choice = PolicyChoiceForm().load({"assignment_policy_id": acme.policy_id, "overrides": overrides})
    assignment_policies.link(acme.work, acme.account_id, acme.inboxes[inbox], choice, **BY)
    acme.work.finish()


def entry_ids(acme: Acme) -> list[int]:
    return [row.id for row in acme.work.session.query(AuditEntry.id).order_by(AuditEntry.id)]


def test_an_inboxs_own_limit_holds_there_and_the_policys_elsewhere(acme: Acme):
    """E69, E14"""
    acme.policy("Support", "Sales", fair_distribution_limit=1)
    acme.online("Ana")
    own(acme, fair_distribution_limit=2)
    support, sales = acme.waiting(3), acme.waiting(3, "Sales")

    acme.run()
    acme.run("Sales")

    assert acme.assignees(support) == ["Ana", "Ana", "-"]
    assert acme.assignees(sales) == ["Ana", "-", "-"]


def test_a_key_that_is_null_is_the_inboxs_own_too(acme: Acme):
    """E69: no limit, whatever the policy says."""
    acme.policy(fair_distribution_limit=1)
    acme.online("Ana")
    own(acme, fair_distribution_limit=None)
    waiting = acme.waiting(3)

    acme.run()

    assert acme.assignees(waiting) == ["Ana"] * 3


def test_the_list_has_the_inboxs_own_order(acme: Acme):
    """E69, E7"""
    acme.policy(conversation_priority="earliest_created")
    silent, active = acme.waiting(2)
    [oldest] = acme.waiting(1, created_at=NOON - timedelta(hours=9), last_activity_at=NOON)
    asked = ConversationListFilter(waiting=True, inbox_id=acme.support)

    def listed() -> list[int]:
        return [line.id for line in list_page.page_of(acme.work.session, acme.account_id, asked, Page()).data]

    before = listed()
    own(acme, conversation_priority="longest_waiting")

    assert (before, listed()) == ([oldest, silent, active], [silent, active, oldest])


def test_the_policys_version_and_row_stay_and_a_change_of_it_reaches_what_is_not_the_inboxs_own(acme: Acme):
    """E69"""
    acme.policy(fair_distribution_limit=5)
    own(acme, fair_distribution_limit=2)
    edit = AssignmentPolicyEdit(fair_distribution_limit=7, assignment_order="balanced")
    assignment_policies.change(acme.work, acme.account_id, acme.policy_id, edit, **BY)
    acme.work.finish()

    found = assignment_policies.of_inbox(acme.work, acme.account_id, acme.support)

    assert found is not None
    assert (found.version, found.fair_distribution_limit, found.overrides) == (2, 7, {"fair_distribution_limit": 2})
    assert (found.effective["fair_distribution_limit"], found.effective["assignment_order"]) == (2, "balanced")


def test_another_link_of_the_same_policy_keeps_the_inboxs_own_values_and_another_policy_does_not(acme: Acme):
    """E69"""
    first = acme.policy("Support")
    second = acme.policy("Sales")
    acme.policy_id = first
    own(acme, fair_distribution_limit=2)

    def linked(policy_id: int) -> dict[str, object]:
        choice = PolicyChoice(assignment_policy_id=policy_id)
        found = assignment_policies.link(acme.work, acme.account_id, acme.support, choice, **BY)
        assert isinstance(found, assignment_policies.InboxPolicyRow)
        return dict(found.overrides)

    assert linked(first) == {"fair_distribution_limit": 2}
    assert linked(second) == {}


@pytest.mark.parametrize("name", OVERRIDABLE)
def test_each_field_of_the_register_is_overridden_audited_and_undone(acme: Acme, name: str):
    """E69"""
    acme.policy()
    own(acme, **{name: UNLIKE[name]})
    [entry_id] = entry_ids(acme)
    changed = assignment_policies.of_inbox(acme.work, acme.account_id, acme.support)

    done = undo.undo(acme.work, acme.account_id, entry_id, actor_id=acme.agents["Ana"], now=NOON)

    after = assignment_policies.of_inbox(acme.work, acme.account_id, acme.support)
    assert changed is not None
    assert after is not None
    assert isinstance(done, Reversal)
    assert done.state is UndoState.POSSIBLE
    assert (changed.effective[name], changed.overrides) == (UNLIKE[name], {name: UNLIKE[name]})
    assert after.overrides == {}
    assert POLICY_FIELDS[name].read(after.effective[name]) != POLICY_FIELDS[name].read(UNLIKE[name])


def test_an_unlinking_is_undone_with_the_inboxs_own_values(acme: Acme):
    """E69"""
    acme.policy()
    own(acme, fair_distribution_limit=2)
    assignment_policies.unlink(acme.work, acme.account_id, acme.support, **BY)
    acme.work.finish()

    undo.undo(acme.work, acme.account_id, entry_ids(acme)[-1], actor_id=acme.agents["Ana"], now=NOON)

    found = assignment_policies.of_inbox(acme.work, acme.account_id, acme.support)
    assert found is not None
    assert (found.id, found.overrides) == (acme.policy_id, {"fair_distribution_limit": 2})


def test_the_explanation_names_the_inboxs_own_values_also_later(acme: Acme):
    """E69, E47"""
    acme.policy()
    acme.online("Ana")
    own(acme, assignment_order="balanced", fair_distribution_limit=1)
    first, second = acme.waiting(2)
    acme.run()
    waits = conversation.conversation(acme.work, acme.account_id, second, now=NOON)
    own(acme)

    given = conversation.conversation(acme.work, acme.account_id, first, now=NOON)

    assert waits is not None
    assert given is not None
    assert waits.overrides == given.overrides == ("assignment_order", "fair_distribution_limit")


def test_the_smallest_fix_raises_the_limit_that_stands_in_the_way(acme: Acme):
    """E48, E69: a higher limit of the policy would not help."""
    acme.policy("Support", "Sales", fair_distribution_limit=5)
    acme.online("Ana")
    own(acme, fair_distribution_limit=1, assignment_order="balanced")
    first, second = acme.waiting(2)
    acme.run()
    told = conversation.conversation(acme.work, acme.account_id, second, now=NOON)
    assert told is not None
    fix = told.fixes[0]

    apply_suggestion.apply(acme.work, acme.account_id, second, fix.sentence, actor_id=acme.agents["Ana"], now=NOON)
    acme.work.finish()
    acme.run()

    found = assignment_policies.of_inbox(acme.work, acme.account_id, acme.support)
    assert found is not None
    assert fix.sentence == "Raise Support's own fair-distribution limit from 1 to 2"
    assert found.overrides == {"assignment_order": "balanced", "fair_distribution_limit": 2}
    assert acme.assignees([first, second]) == ["Ana", "Ana"]


def test_a_policys_preview_says_which_inboxes_do_not_follow_it_and_plans_as_they_do(acme: Acme):
    """E69"""
    acme.policy("Support", "Sales")
    acme.online("Ana")
    own(acme, fair_distribution_limit=1)
    acme.waiting(3)
    rules = assignment_policies.show(acme.work, acme.account_id, acme.policy_id)
    assert rules is not None
    draft = PolicyDraft(
        rules=rules.rules,
        chosen=frozenset({acme.support, acme.sales}),
        inboxes=assignment_policies_page.inboxes(acme.work.session, acme.account_id),
    )

    meant = policy_consequences.of(acme.work, acme.account_id, draft, now=NOON)

    [warned] = [one for one in meant.warnings if one.doubt is WarningKind.OWN_VALUES]
    assert warned.inbox is not None
    assert (warned.inbox.name, warned.own) == ("Support", ["fair_distribution_limit"])
    assert len(meant.nexts[0].preview.then.assigns) == 1


def test_own_values_cost_no_query(acme: Acme):
    """E69"""
    acme.policy(fair_distribution_limit=2)
    acme.online("Ana")
    acme.waiting(1)
    acme.run()
    with statements(acme.work.session) as plain:
        acme.run()
    own(acme, fair_distribution_limit=2)
    with statements(acme.work.session) as owned:
        acme.run()

    assert len(owned) == len(plain)
