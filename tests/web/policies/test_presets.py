"""Presets fill the form of a new policy, and nothing is kept of them."""

import html
import re

import pytest

from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit
from dashboard.store.core.paging import Page
from dashboard.web.policies import policy_fields
from dashboard.web.policies.presets import PRESETS
from tests.desks import Acme
from tests.pages import Looker


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_is_a_form_that_can_be_saved_as_it_is(mara: Looker, acme: Acme, key: str) -> None:
    """E54"""
    preset = PRESETS[key]

    page = mara.get(f"/policies/new?preset={key}&inbox={acme.support}").text
    edit = policy_fields.of_preset(preset, ()).edit()

    assert f'value="{preset.title}"' in html.unescape(page)
    assert re.search(r'value="soonest_due"[^>]* checked', page)
    assert re.search(rf'name="inbox" value="{acme.support}" checked', page)
    assert isinstance(edit, AssignmentPolicyEdit)
    assert {name: getattr(edit, name) for name in preset.rules} == dict(preset.rules)
    assert list(assignment_policies.show_all(acme.work, acme.account_id, Page(page=1, per_page=9)).data) == []


def test_another_word_is_no_preset_and_a_saved_policy_offers_none(mara: Looker, acme: Acme) -> None:
    """E54"""
    policy_id = acme.policy()

    assert 'value="soonest_due" checked' not in mara.get("/policies/new?preset=nothing").text
    assert "Start from" in mara.get("/policies/new").text
    assert "Start from" not in mara.get(f"/policies/{policy_id}").text


def test_the_form_keeps_what_was_typed_and_marks_a_target_that_is_none(mara: Looker, acme: Acme) -> None:
    """E54"""
    fields = {"name": "Targets", "assignment_order": "round_robin", "conversation_priority": "soonest_due"}
    typed = {**fields, "eligible_presence": "online", "fair_distribution_window": "1", "unit": "hours"}

    refused = mara.post("/policies", {**typed, "response_targets.1": "soon", "response_targets.none": "240"})
    made = mara.post("/policies", {**typed, "response_targets.1": "15"})

    assert refused.status_code == 422
    assert 'name="response_targets.1" value="soon"' in refused.text
    assert 'id="wrong-response_targets"' in refused.text
    assert made.status_code == 303
    [row] = assignment_policies.show_all(acme.work, acme.account_id, Page(page=1, per_page=9)).data
    assert row.response_targets == {"1": 15, "2": None, "3": None, "4": None, "none": None}
