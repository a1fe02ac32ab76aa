"""The page of an inbox shows and changes which values are its own (E69)."""

import re
from html import unescape

from dashboard import clock
from dashboard.store.policies import assignment_policies
from tests.desks import Acme
from tests.pages import Looker

FORM = {
    "assignment_order": "balanced",
    "fair_distribution_limit": "5",
    "fair_distribution_window": "2",
    "unit": "hours",
}


def own(acme: Acme) -> dict[str, object]:
    acme.work.session.rollback()
    found = assignment_policies.link_of(acme.work.session, acme.account_id, acme.support)
    assert found is not None
    return dict(found.overrides)


def test_ticked_values_are_saved_and_the_others_are_the_policys(mara: Looker, acme: Acme) -> None:
    acme.policy(fair_distribution_limit=9)
    path = f"/inboxes/{acme.support}/own-values"
    before = unescape(mara.get(f"/inboxes/{acme.support}").text)

    saved = mara.post(path, {**FORM, "own": ["fair_distribution_limit", "fair_distribution_window"]})
    page = unescape(mara.get(f"/inboxes/{acme.support}").text)

    assert "Own values: none, Policy 0 decides" in before
    assert saved.status_code == 303
    assert own(acme) == {"fair_distribution_limit": 5, "fair_distribution_window": 7_200}
    assert "Own values: fair distribution, window" in page
    assert re.search(r'name="own" value="fair_distribution_limit" checked', page)
    assert not re.search(r'name="own" value="assignment_order" checked', page)
    assert "policy: at most 9 per agent" in page

    mara.post(path, FORM)
    assert own(acme) == {}


def test_an_empty_limit_is_the_inboxs_own_too(mara: Looker, acme: Acme) -> None:
    acme.policy(fair_distribution_limit=9)

    mara.post(
        f"/inboxes/{acme.support}/own-values",
        {**FORM, "fair_distribution_limit": "", "own": ["fair_distribution_limit"]},
    )

    assert own(acme) == {"fair_distribution_limit": None}


def test_a_wrong_value_is_refused_beside_its_field_and_stays_as_typed(mara: Looker, acme: Acme) -> None:
    acme.policy()

    refused = mara.post(
        f"/inboxes/{acme.support}/own-values",
        {**FORM, "fair_distribution_limit": "-1", "own": ["fair_distribution_limit"]},
    )

    assert refused.status_code == 422
    assert re.search(r'name="fair_distribution_limit" value="-1"[^>]* aria-invalid="true"', refused.text)
    assert 'id="own-values" open' in refused.text
    assert own(acme) == {}


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(mara: Looker, acme: Acme) -> None:
    acme.policy()
    drawn = re.findall(r'name="drawn" value="([^"]*overrides[^"]*)"', mara.get(f"/inboxes/{acme.support}").text)
    mara.post(f"/inboxes/{acme.support}/own-values", {**FORM, "own": ["assignment_order"]})

    late = mara.post(
        f"/inboxes/{acme.support}/own-values",
        {**FORM, "own": ["fair_distribution_limit"], "drawn": unescape(drawn[0])},
    )

    assert late.status_code == 409
    assert own(acme) == {"assignment_order": "balanced"}


def test_the_explanation_and_the_audit_log_name_them(mara: Looker, acme: Acme) -> None:
    acme.policy()
    acme.online("Ana", at=clock.now())
    mara.post(f"/inboxes/{acme.support}/own-values", {**FORM, "own": ["assignment_order", "fair_distribution_limit"]})
    [one] = acme.waiting(1)

    page, log = (
        unescape(mara.get(f"/conversations/{one}").text),
        re.sub(r"<[^>]+>", "", unescape(mara.get("/audit").text)),
    )

    assert "The inbox has own values, whatever its policy says: selector, fair distribution." in page
    assert "set the own values of inbox Support to selector balanced, fair distribution at most 5 per agent" in log


def test_a_policys_page_says_which_inboxes_do_not_follow_it(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy()
    mara.post(f"/inboxes/{acme.support}/own-values", {**FORM, "own": ["assignment_order"]})

    page = unescape(mara.get(f"/policies/{policy_id}").text)

    assert "Support does not follow it in everything. The inbox has own values: selector." in page


def test_without_a_policy_there_are_no_own_values(mara: Looker, acme: Acme) -> None:
    assert 'id="own-values"' not in mara.get(f"/inboxes/{acme.support}").text
    assert mara.post(f"/inboxes/{acme.support}/own-values", FORM).status_code == 422
