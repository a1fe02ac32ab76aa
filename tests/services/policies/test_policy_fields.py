"""Every field of the register is in the edit, in the form, in a preview and in what can be undone."""

from dataclasses import fields

import pytest

from dashboard.engine.policy import DEFAULT_POLICY, DEFAULTS, POLICY_FIELDS
from dashboard.services.audit import undo
from dashboard.services.audit.undo import Reversal, UndoState
from dashboard.services.core.form import sent_fields
from dashboard.services.policies import assignment_policies, previews
from dashboard.services.policies.assignment_policies import PolicyRow
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, AssignmentPolicyForm
from dashboard.store.models import AuditEntry
from tests.desks import NOON, Acme
from tests.policies import UNLIKE

CALLED = {"actor_id": 0, "now": NOON}
NAMES = ("name", "description", *POLICY_FIELDS)


def edit_of(name: str) -> AssignmentPolicyEdit:
    edit: AssignmentPolicyEdit = AssignmentPolicyForm(partial=True).load({name: UNLIKE[name]})
    return edit


def test_the_edit_the_form_and_the_undo_list_have_the_same_fields() -> None:
    assert tuple(one.name for one in fields(AssignmentPolicyEdit)) == NAMES
    assert AssignmentPolicyForm().fields.keys() == set(NAMES)
    assert undo.FIELDS["assignment_policy"] == NAMES


def test_a_field_that_is_not_in_the_register_is_no_field_of_an_edit() -> None:
    with pytest.raises(TypeError):
        AssignmentPolicyEdit(colour="blue")


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_a_form_without_a_field_has_its_default(name: str) -> None:
    edit = AssignmentPolicyForm().load({"name": "Fair"})

    assert POLICY_FIELDS[name].read(getattr(edit, name)) == DEFAULTS[name]


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_a_preview_has_what_the_edit_changes_and_nothing_else(name: str) -> None:
    """E50"""
    changed = previews.changed(DEFAULT_POLICY, edit_of(name))

    assert getattr(changed, name) == POLICY_FIELDS[name].read(UNLIKE[name])
    assert {one: getattr(changed, one) for one in DEFAULTS if one != name} == {
        one: default for one, default in DEFAULTS.items() if one != name
    }


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_a_change_of_a_field_is_saved_and_undone(acme: Acme, name: str) -> None:
    overflow = {"overflow_team_id": acme.team("First"), "overflow_after": 1} if name.startswith("overflow") else {}
    policy_id = acme.policy("Support", **overflow)
    before = assignment_policies.show(acme.work, acme.account_id, policy_id)
    other = {"overflow_team_id": acme.team("Second")} if name == "overflow_team_id" else UNLIKE
    edit = AssignmentPolicyForm(partial=True).load({name: other[name]})
    changed = assignment_policies.change(acme.work, acme.account_id, policy_id, edit, **CALLED)
    entry_id = acme.work.session.query(AuditEntry.id).scalar()

    done = undo.undo(acme.work, acme.account_id, entry_id, **CALLED)

    after = assignment_policies.show(acme.work, acme.account_id, policy_id)
    assert isinstance(changed, PolicyRow)
    assert isinstance(before, PolicyRow)
    assert isinstance(after, PolicyRow)
    assert isinstance(done, Reversal)
    assert done.state is UndoState.POSSIBLE
    assert done.back.keys() == {name}
    assert getattr(changed, name) != getattr(before, name)
    assert getattr(after, name) == getattr(before, name)


def test_an_edit_has_only_what_was_sent() -> None:
    assert sent_fields(edit_of("enabled")) == {"enabled": False}
