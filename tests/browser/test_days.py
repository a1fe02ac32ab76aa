"""Days are those of whoever looks: the browser says where that is."""

import pytest
from playwright.sync_api import Browser, expect

from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit
from tests.browser.conftest import Site
from tests.desks import NOON, Acme

pytestmark = pytest.mark.browser


def test_a_day_ends_at_midnight_where_the_browser_is(site: Site, browser: Browser, acme: Acme) -> None:
    for name, hour in (("Before midnight", 14), ("After midnight", 16)):
        at = NOON.replace(hour=hour)
        acme.work.finished(
            assignment_policies.create(
                acme.work, acme.account_id, AssignmentPolicyEdit(name=name), actor_id=None, now=at
            )
        )
    page = site.open(browser, timezone_id="Asia/Tokyo")

    page.goto(f"{site.url}/audit?last_day={NOON.date()}")

    expect(page.get_by_text("Before midnight").first).to_be_visible()
    expect(page.get_by_text("After midnight")).to_have_count(0)
    expect(page.get_by_label("to", exact=True)).to_have_attribute("title", "The day ends at midnight, Asia/Tokyo")
    page.context.close()
    assert site.complaints == []
