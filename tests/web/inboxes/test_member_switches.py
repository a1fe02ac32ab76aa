"""The switch of a membership, and the weight of an inbox, on their pages."""

import pytest
from sqlalchemy import select

from dashboard.store.models import Inbox, InboxMember, TeamMember
from tests.desks import Acme
from tests.pages import HTMX, Looker


@pytest.mark.parametrize("place", ["inboxes", "teams"])
def test_a_member_is_passed_over_and_assigned_again_by_one_button(mara: Looker, acme: Acme, place: str) -> None:
    """E57"""
    place_id = acme.team("Night", "Ana") if place == "teams" else acme.support
    model = TeamMember if place == "teams" else InboxMember
    path = f"/{place}/{place_id}/members/{acme.agents['Ana']}"

    off = mara.post(path, {"auto_assign": "off"}, headers=HTMX)

    kept = select(model.auto_assign).where(model.user_id == acme.agents["Ana"])
    assert "Runs pass over Ana here." in off.text
    assert "Assign again" in off.text
    assert sorted(acme.work.session.scalars(kept)) == [False, *([True] if place == "inboxes" else [])]
    acme.work.session.rollback()
    assert "Runs assign conversations to Ana again." in mara.post(path, {"auto_assign": "on"}, headers=HTMX).text


def test_a_member_of_nothing_has_no_switch(mara: Looker, acme: Acme) -> None:
    """E57"""
    assert mara.post(f"/inboxes/{acme.sales}/members/{acme.agents['Cleo']}", {"auto_assign": "off"}).status_code == 404


def test_an_inbox_is_weighed_beside_its_name(mara: Looker, acme: Acme) -> None:
    """E68"""
    path = f"/inboxes/{acme.sales}"

    mara.post(path, {"name": "Sales", "channel": "", "weight": "4"})
    refused = mara.post(path, {"name": "Sales", "channel": "", "weight": "101"})

    assert acme.work.session.scalar(select(Inbox.weight).where(Inbox.id == acme.sales)) == 4
    assert refused.status_code == 422
    assert 'id="wrong-weight"' in refused.text
