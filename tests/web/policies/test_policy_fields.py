"""Every field of the register is in the form and has its words in the audit log."""

import re
from html import unescape

import pytest
from flask import Flask

from dashboard.engine.policy import DEFAULTS, POLICY_FIELDS
from dashboard.engine.selectors import SELECTORS
from dashboard.services.core.form import sent_fields
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit
from dashboard.store.accounts.audit_page import AuditNames
from dashboard.web.audit import field_text
from dashboard.web.policies import policy_fields
from dashboard.web.policies.policy_fields import CONTROLS, PolicyFields
from tests.desks import Acme
from tests.pages import Looker
from tests.policies import UNLIKE, unlike_in


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_the_form_has_a_control_for_each_field(mara: Looker, name: str) -> None:
    assert re.search(rf'<(?:input|select)[^>]* name="{name}[".]', mara.get("/policies/new").text)
    assert type(POLICY_FIELDS[name]) in CONTROLS


def test_an_empty_form_has_the_defaults(app: Flask) -> None:
    edit = PolicyFields(name="Fair").edit()

    assert isinstance(edit, AssignmentPolicyEdit)
    assert {name: kind.read(getattr(edit, name)) for name, kind in POLICY_FIELDS.items()} == DEFAULTS


def test_a_saved_policy_that_nobody_touches_is_sent_as_it_stands(acme: Acme) -> None:
    unlike = unlike_in(acme)
    row = assignment_policies.show(acme.work, acme.account_id, acme.policy("Support", **unlike))
    assert row is not None

    edit = policy_fields.of_row(row, ()).edit()

    assert isinstance(edit, AssignmentPolicyEdit)
    assert {name: kind.read(sent_fields(edit)[name]) for name, kind in POLICY_FIELDS.items()} == {
        name: kind.read(unlike[name]) for name, kind in POLICY_FIELDS.items()
    }


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_the_audit_log_has_a_label_and_words_for_each_field(name: str) -> None:
    [line] = field_text.lines(as_kept(DEFAULTS[name], name), as_kept(UNLIKE[name], name), AuditNames())

    assert line.label == POLICY_FIELDS[name].label
    assert line.before
    assert line.after
    assert line.before != line.after


def as_kept(value: object, name: str) -> dict[str, object]:
    """Return the field as the audit log keeps it: JSON has no sets."""
    return {name: sorted(value) if isinstance(value, frozenset) else value}


def test_the_form_has_a_card_with_label_and_sentence_for_each_selector_that_is_offered(mara: Looker) -> None:
    page = unescape(mara.get("/policies/new").text)

    for order, entry in SELECTORS.items():
        is_offered = order in POLICY_FIELDS["assignment_order"].offered
        assert (f'name="assignment_order" value="{order}"' in page) is is_offered
        assert (f"<b>{entry.label}</b><span>{entry.sentence}</span>" in page) is is_offered
