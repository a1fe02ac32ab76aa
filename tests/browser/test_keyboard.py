"""Everything can be done by keyboard alone, and one always sees where one is."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.desks import Acme

pytestmark = pytest.mark.browser
# Where the focus is: what it is called, whether one sees that it is there, and whether anything lies over it.
FOCUSED = """
() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    name: (at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || "").trim(),
    visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    reached: at === over || at.contains(over) || !!over?.closest("label")?.contains(at),
  };
}
"""


def go_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called so; it may be lost from sight nowhere on the way."""
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        assert at["visible"], f"One does not see that the focus is on {at['name']!r}."
        assert at["reached"], f"Something lies over {at['name']!r}, which has the focus."
        if at["name"].startswith(name):
            return
    raise AssertionError(f"Tab does not lead to {name!r}.")


def fill_in(page: Page) -> None:
    """Fill in the form of a policy: text, radio, number, choice and ticks."""
    go_to(page, "Name")
    page.keyboard.type("Least busy first")
    go_to(page, "Round robin")
    page.keyboard.press("ArrowRight")
    go_to(page, "busy")
    page.keyboard.press("Space")
    go_to(page, "Conversations per agent")
    page.keyboard.type("5")
    go_to(page, "Unit of the window")
    page.keyboard.press("ArrowDown")
    go_to(page, "Support")
    page.keyboard.press("Space")


def test_a_policy_is_made_from_the_list_to_its_saving(site: Site, browser: Browser, acme: Acme) -> None:
    page = site.open(browser, "/policies", viewport={"width": 1280, "height": 700})

    go_to(page, "New policy")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New policy")
    fill_in(page)
    go_to(page, "Create the policy")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Least busy first")
    expect(page.get_by_label("Balanced")).to_be_checked()
    expect(page.get_by_label("Conversations per agent")).to_have_value("5")
    expect(page.get_by_label("Unit of the window")).to_have_value("minutes")
    for name in ("busy", "Support"):
        expect(page.get_by_role("checkbox", name=name)).to_be_checked()
    page.context.close()
    assert site.complaints == []
