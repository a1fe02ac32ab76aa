"""A form that came too late, in a real browser: what somebody else set is said, and what was typed is kept."""

import pytest
from playwright.sync_api import Browser, expect

from dashboard import clock
from dashboard.engine.model import Role
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit
from tests.browser.conftest import Site
from tests.desks import Acme
from tests.pages import hire

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])


@SCRIPTS
def test_who_comes_too_late_sees_whose_limit_stands_and_may_save_again(
    site: Site, browser: Browser, acme: Acme, scripts: bool
) -> None:
    bo = hire(acme.work, acme.account_id, "Bo Marlow", Role.SUPERVISOR)
    acme.policy("Support")
    page = site.open(browser, f"/policies/{acme.policy_id}", java_script_enabled=scripts)
    page.get_by_label("Conversations per agent").fill("7")
    page.get_by_label("Description").fill("For the night")
    theirs = AssignmentPolicyEdit(fair_distribution_limit=5, enabled=False)
    acme.work.finished(
        assignment_policies.change(acme.work, acme.account_id, acme.policy_id, theirs, actor_id=bo, now=clock.now())
    )

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_contain_text("Not saved: others changed what is marked.")
    expect(page.locator("#wrong-fair_distribution_limit")).to_contain_text("Bo Marlow set this at")
    expect(page.get_by_label("Conversations per agent")).to_have_value("7")
    expect(page.get_by_label("Description")).to_have_value("For the night")
    expect(page.get_by_label("Enabled")).not_to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    acme.work.session.rollback()
    row = assignment_policies.show(acme.work, acme.account_id, acme.policy_id)
    assert row
    assert (row.fair_distribution_limit, row.description, row.enabled) == (7, "For the night", False)
    page.context.close()
