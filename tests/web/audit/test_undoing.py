"""Undoing a change of a policy from the audit log: said before, done only while it stands as it was left."""

from dashboard.services.policies import assignment_policies, capacity_policies
from dashboard.services.policies.policy_forms import CapacityPolicyEdit, ExclusionsEdit
from tests.desks import Acme
from tests.pages import HTMX, AtOnce, Looker, waiting_for
from tests.web.audit.test_audit import by, edit, last_entry, link, policy, raise_limit, words


def test_undoing_says_what_it_does_sets_the_fields_back_and_is_a_change_itself(
    mara: Looker, acme: Acme, worker: AtOnce
) -> None:
    """E30"""
    policy_id = acme.policy("Support", fair_distribution_limit=10)
    edit(acme, mara, policy_id, fair_distribution_limit=5, enabled=False)
    waiting_for(acme, 1, minutes=1)

    page = words(mara.get("/audit").text)
    answer = mara.post(f"/audit/{last_entry(acme)}/reversal")

    assert "Undo Set fair distribution back to at most 10 per agent, enabled back to on" in page
    assert (answer.status_code, answer.location) == (303, "/audit")
    assert (policy(acme, policy_id).fair_distribution_limit, policy(acme, policy_id).enabled) == (10, True)
    assert policy(acme, policy_id).version == 3
    assert [inbox_id for _, inbox_id, _ in worker.runs] == [acme.support]
    after = words(mara.get("/audit").text)
    assert "fair distribution at most 5 per agent → at most 10 per agent" in after
    assert "Set back already" in after


def test_undoing_leaves_alone_what_that_change_did_not_change(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", fair_distribution_limit=10)
    edit(acme, mara, policy_id, fair_distribution_limit=5)
    entry_id = last_entry(acme)
    edit(acme, mara, policy_id, one_agent_per_contact=True)

    answer = mara.post(f"/audit/{entry_id}/reversal", headers=HTMX)

    assert answer.status_code == 200
    assert "Change undone." in answer.text
    found = policy(acme, policy_id)
    assert (found.fair_distribution_limit, found.one_agent_per_contact) == (10, True)


def test_what_was_changed_since_is_not_undone_and_the_page_says_so(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", fair_distribution_limit=10)
    edit(acme, mara, policy_id, fair_distribution_limit=5, enabled=False)
    entry_id = last_entry(acme)
    edit(acme, mara, policy_id, fair_distribution_limit=7)

    page = mara.get("/audit").text
    answer = mara.post(f"/audit/{entry_id}/reversal")

    assert f"/audit/{entry_id}/reversal" not in page
    assert "Changed again since" in page
    assert answer.status_code == 409
    assert "Somebody has changed it since: fair distribution. Nothing was changed." in answer.text
    assert (policy(acme, policy_id).fair_distribution_limit, policy(acme, policy_id).enabled) == (7, False)


def test_undoing_twice_changes_nothing_more(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", enabled=True)
    edit(acme, mara, policy_id, enabled=False)
    entry_id = last_entry(acme)

    first, second = (mara.post(f"/audit/{entry_id}/reversal").status_code for _ in range(2))

    assert (first, second) == (303, 409)
    assert last_entry(acme) == entry_id + 1


def test_a_policy_that_is_gone_is_not_brought_back(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support")
    edit(acme, mara, policy_id, enabled=False)
    entry_id = last_entry(acme)
    acme.work.finished(assignment_policies.remove(acme.work, acme.account_id, policy_id, **by(mara)))

    answer = mara.post(f"/audit/{entry_id}/reversal")

    assert answer.status_code == 409
    assert "It has been deleted since" in answer.text


def test_a_name_that_somebody_else_took_is_not_given_back(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", name="Old")
    edit(acme, mara, policy_id, name="New")
    entry_id = last_entry(acme)
    acme.policy("Sales", name="Old")

    answer = mara.post(f"/audit/{entry_id}/reversal")

    assert answer.status_code == 409
    assert "This is taken. Nothing was changed." in answer.text


def test_a_capacity_policys_rules_and_a_limit_are_set_back(mara: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2}, excluded_labels=["vip"], exclude_older_than_hours=48)
    rules = ExclusionsEdit(excluded_labels=("bug", "vip"), exclude_older_than_hours=48)
    change = CapacityPolicyEdit(exclusion_rules=rules, conversation_limit=9)
    acme.work.finished(capacity_policies.change(acme.work, acme.account_id, policy_id, change, **by(mara)))
    of_policy = last_entry(acme)
    raise_limit(acme, mara)
    of_limit = last_entry(acme)

    codes = [mara.post(f"/audit/{entry_id}/reversal").status_code for entry_id in (of_policy, of_limit)]

    assert codes == [303, 303]
    acme.work.session.rollback()
    found = capacity_policies.show(acme.work, acme.account_id, policy_id)
    assert found
    assert found.exclusion_rules == ExclusionsEdit(excluded_labels=("vip",), exclude_older_than_hours=48)
    assert found.conversation_limit is None
    assert [row.conversation_limit for row in found.inbox_capacity_limits] == [2]


def test_a_link_is_set_back_and_a_first_link_is_taken_away(mara: Looker, acme: Acme) -> None:
    """E3"""
    before = acme.policy("Support", name="Before")
    acme.policy("Sales", name="Rules")
    link(acme, mara)

    assert "Undo Link Before to Support" in words(mara.get("/audit").text)
    mara.post(f"/audit/{last_entry(acme)}/reversal")
    found = assignment_policies.of_inbox(acme.work, acme.account_id, acme.support)
    assert found
    assert found.id == before
    acme.work.finished(assignment_policies.unlink(acme.work, acme.account_id, acme.support, **by(mara)))
    link(acme, mara)
    assert "Undo Unlink it from Support" in words(mara.get("/audit").text)
    mara.post(f"/audit/{last_entry(acme)}/reversal")

    assert assignment_policies.of_inbox(acme.work, acme.account_id, acme.support) is None


def test_what_is_no_change_of_a_policy_offers_no_undo(mara: Looker, acme: Acme) -> None:
    mara.post("/settings/labels", {"title": "vip"})

    assert "Undo" not in mara.get("/audit").text
    assert mara.post(f"/audit/{last_entry(acme)}/reversal").status_code == 404
