"""A choice of presence with an end, on the board and on the agent's page (E66)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard import clock
from dashboard.engine.model import Presence
from dashboard.store.models import AccountUser
from tests.desks import Acme
from tests.pages import HTMX, Looker

# Of a browser's field, in the zone of a viewer without a cookie: UTC.
FIELD = "%Y-%m-%dT%H:%M"


def chosen(acme: Acme) -> tuple[Presence, bool]:
    """Return what Ana is set to, and whether that has an end."""
    wanted = select(AccountUser.availability, AccountUser.availability_until)
    row = acme.work.session.execute(wanted.where(AccountUser.user_id == acme.agents["Ana"])).one()
    acme.work.session.rollback()
    return row.availability, row.availability_until is not None


def test_a_choice_with_an_end_says_when_the_agent_is_back(mara: Looker, acme: Acme) -> None:
    """E66"""
    acme.online("Ana", at=clock.now())
    path, until = f"/agents/{acme.agents['Ana']}", clock.now() + timedelta(days=2)

    mara.post(f"{path}/availability", {"page": "1", "availability": "busy", "availability_until": f"{until:{FIELD}}"})
    during = chosen(acme)
    page, board = mara.get(path).text, mara.get("/").text
    mara.post(f"{path}/availability", {"page": "1", "availability": "busy"})

    assert during == (Presence.BUSY, True)
    assert ", back on <time" in page
    assert ", back on <time" in board
    assert chosen(acme) == (Presence.BUSY, False)


@pytest.mark.parametrize("typed", ["2020-01-01T09:00", "tomorrow"])
@pytest.mark.parametrize("sent", [({"page": "1"}, {}), ({"page": "1"}, HTMX), ({}, {}), ({}, HTMX)])
def test_an_end_that_is_no_instant_in_the_future_changes_nothing(
    mara: Looker, acme: Acme, typed: str, sent: tuple[dict[str, str], dict[str, str]]
) -> None:
    """E66: on the agent's page, in the board's menu, and on the menu's own page."""
    path, (form, headers) = f"/agents/{acme.agents['Ana']}/availability", sent

    refused = mara.post(path, {**form, "availability": "busy", "availability_until": typed}, headers=headers)

    assert refused.status_code == 422
    assert "Choose an instant in the future." in refused.text
    assert chosen(acme) == (Presence.ONLINE, False)
