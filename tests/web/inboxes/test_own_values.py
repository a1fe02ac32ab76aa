"""The page of an inbox shows and changes which values are its own (E69)."""

import re
from datetime import datetime, timedelta
from html import unescape

from dashboard import clock
from dashboard.store.models import Conversation
from dashboard.store.policies import assignment_policies
from dashboard.store.policies.assignment_policies import LinkedPolicy
from tests.desks import NOON, Acme
from tests.pages import Looker

EMPTY = {"own_assignment_order": "", "own_fair_distribution_limit": "", "own_fair_distribution_window": ""}
BALANCED = {**EMPTY, "own_assignment_order": "balanced"}
LIMITED = {**EMPTY, "own_fair_distribution_limit": "5", "own_fair_distribution_window": "2", "own_unit": "hours"}


def own(acme: Acme) -> dict[str, object]:
    acme.work.session.rollback()
    found = assignment_policies.link_of(acme.work.session, acme.account_id, acme.support)
    assert found is not None
    return dict(found.overrides)


def due_at(acme: Acme, conversation_id: int) -> datetime | None:
    return acme.work.session.get_one(Conversation, conversation_id).due_at


def link(acme: Acme, **overrides: object) -> None:
    wanted = LinkedPolicy(assignment_policy_id=acme.policy(), overrides=overrides)
    assignment_policies.link(acme.work.session, acme.account_id, acme.support, wanted)
    acme.work.session.commit()


def test_what_is_typed_is_the_inboxs_own_and_what_is_empty_the_policys(mara: Looker, acme: Acme) -> None:
    acme.policy(fair_distribution_limit=9)
    path = f"/inboxes/{acme.support}/own-values"
    before = unescape(mara.get(f"/inboxes/{acme.support}").text)

    saved = mara.post(path, LIMITED)
    page = unescape(mara.get(f"/inboxes/{acme.support}").text)

    assert "Own values: none, Policy 0 decides" in before
    assert saved.status_code == 303
    assert own(acme) == {"fair_distribution_limit": 5, "fair_distribution_window": 7_200}
    assert "Own values: fair distribution, window" in page
    assert re.search(r'name="own_fair_distribution_limit" value="5"', page)
    assert "policy: at most 9 per agent" in page

    mara.post(path, EMPTY)
    assert own(acme) == {}


def test_a_null_of_the_inboxs_own_is_shown_as_0_and_stays_when_nobody_touches_it(mara: Looker, acme: Acme) -> None:
    link(acme, fair_distribution_limit=None)
    page = mara.get(f"/inboxes/{acme.support}").text

    mara.post(f"/inboxes/{acme.support}/own-values", {**BALANCED, "own_fair_distribution_limit": "0"})

    assert re.search(r'name="own_fair_distribution_limit" value="0"', page)
    assert own(acme) == {"assignment_order": "balanced", "fair_distribution_limit": None}


def test_a_wrong_value_is_refused_beside_its_field_and_stays_as_typed(mara: Looker, acme: Acme) -> None:
    acme.policy()

    refused = mara.post(f"/inboxes/{acme.support}/own-values", {**LIMITED, "own_fair_distribution_limit": "-1"})

    assert refused.status_code == 422
    assert re.search(r'name="own_fair_distribution_limit" value="-1"[^>]* aria-invalid="true"', refused.text)
    assert 'id="own-values" open' in refused.text
    assert own(acme) == {}


def test_two_people_change_different_values_and_the_later_one_of_the_same_is_told(mara: Looker, acme: Acme) -> None:
    acme.policy()
    path = f"/inboxes/{acme.support}/own-values"
    drawn = re.findall(r'name="drawn" value="([^"]*fair_dist[^"]*)"', mara.get(f"/inboxes/{acme.support}").text)
    mara.post(path, BALANCED)

    other = mara.post(path, {**LIMITED, "drawn": unescape(drawn[0])})
    late = mara.post(path, {**EMPTY, "own_assignment_order": "round_robin", "drawn": unescape(drawn[0])})

    assert (other.status_code, late.status_code) == (303, 409)
    assert "to set yours." in late.text
    assert own(acme) == {
        "assignment_order": "balanced",
        "fair_distribution_limit": 5,
        "fair_distribution_window": 7_200,
    }


def test_the_explanation_and_the_audit_log_name_them(mara: Looker, acme: Acme) -> None:
    acme.policy()
    acme.online("Ana", at=clock.now())
    mara.post(f"/inboxes/{acme.support}/own-values", {**BALANCED, "own_fair_distribution_limit": "5"})
    [one] = acme.waiting(1)

    page, log = (
        unescape(mara.get(f"/conversations/{one}").text),
        re.sub(r"<[^>]+>", "", unescape(mara.get("/audit").text)),
    )

    assert "The inbox has own values, whatever its policy says: selector, fair distribution." in page
    assert "set the own values of inbox Support to selector balanced, fair distribution at most 5 per agent" in log


def test_a_policys_page_says_which_inboxes_do_not_follow_it(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy()
    mara.post(f"/inboxes/{acme.support}/own-values", BALANCED)

    page = unescape(mara.get(f"/policies/{policy_id}").text)

    assert "Support does not follow it in everything. The inbox has own values: selector." in page


def test_without_a_policy_there_are_no_own_values(mara: Looker, acme: Acme) -> None:
    assert 'id="own-values"' not in mara.get(f"/inboxes/{acme.support}").text
    assert mara.post(f"/inboxes/{acme.support}/own-values", EMPTY).status_code == 422


def test_targets_of_the_inboxs_own_are_typed_by_priority_and_decide_when_a_conversation_is_due(
    mara: Looker, acme: Acme
) -> None:
    """E54, E69"""
    acme.policy(response_targets={"1": 15, "2": 60, "3": 240, "4": 480, "none": 240})
    path = f"/inboxes/{acme.support}/own-values"

    mara.post(path, {**EMPTY, "own_response_targets.1": "5", "own_response_targets.none": "30"})
    [one] = acme.waiting(1, created_at=NOON)
    page = unescape(mara.get(f"/inboxes/{acme.support}").text)

    assert own(acme) == {"response_targets": {"1": 5, "2": None, "3": None, "4": None, "none": 30}}
    assert due_at(acme, one) == NOON + timedelta(minutes=30)
    assert re.search(r'name="own_response_targets.1" value="5"', page)
    assert "Own values: response targets" in page


def test_no_targets_of_the_inboxs_own_stay_when_nobody_touches_them(mara: Looker, acme: Acme) -> None:
    """E54, E69: the policy's are asked no more"""
    acme.policy(response_targets={"1": 15, "2": 60, "3": 240, "4": 480, "none": 240})
    wanted = LinkedPolicy(assignment_policy_id=acme.policy_id, overrides={"response_targets": None})
    assignment_policies.link(acme.work.session, acme.account_id, acme.support, wanted)
    acme.work.session.commit()

    mara.post(f"/inboxes/{acme.support}/own-values", BALANCED)
    [one] = acme.waiting(1, created_at=NOON)

    assert own(acme) == {"assignment_order": "balanced", "response_targets": None}
    assert due_at(acme, one) is None
