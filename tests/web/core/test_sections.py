"""The bar: seven sections, and the pages under the one that somebody is in (ui.md section 1)."""

import re

import pytest
from flask import Flask

from dashboard.web.core.sections import OF_SUPERVISORS
from tests.desks import Acme
from tests.pages import Looker

# Those that belong to no section: forms that answer elsewhere, and pages before the log-in.
OUTSIDE = {"web.assignments", "web.sessions", "web.memberships", "web.invitations"}
HERE = re.compile(r'<a href="[^"]*" aria-current="(?:page|true)">(?:<bdi>)?([^<]+)')


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/", ["Board"]),
        ("/conversations", ["Conversations"]),
        ("/agents", ["People", "Agents"]),
        ("/teams", ["People", "Teams"]),
        ("/capacity/new", ["Rules", "Capacity"]),
        ("/alerts", ["History", "Alerts"]),
        ("/settings/labels", ["Settings"]),
    ],
)
def test_the_bar_marks_the_section_and_the_page_of_the_address(mara: Looker, path: str, here: list[str]) -> None:
    text = mara.get(path).text

    assert HERE.findall(text.partition("<main")[0]) == here


def test_every_page_belongs_to_one_section(app: Flask) -> None:
    """A new blueprint without a section would be nowhere in the bar."""
    owned = [name for section in OF_SUPERVISORS for page in section.pages for name in page.owns]
    blueprints = {name for name in app.blueprints if name.startswith("web.")}

    assert len(owned) == len(set(owned))
    assert set(owned) == blueprints - OUTSIDE


def test_an_agent_has_the_board_and_their_own_page(ana: Looker, acme: Acme) -> None:
    bar = ana.get("/").text.partition("<main")[0]

    assert "Conversations" not in bar
    assert f'href="/agents/{acme.agents["Ana"]}"' in bar
