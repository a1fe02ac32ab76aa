"""An agent's presence, set on the page."""

import pytest

from dashboard.engine.model import Presence
from dashboard.store.models import AccountUser
from tests.desks import Acme
from tests.pages import HTMX, Looker


def availability_of(acme: Acme, name: str) -> Presence:
    row = acme.work.session.get_one(AccountUser, (acme.account_id, acme.agents[name]), populate_existing=True)
    acme.work.session.rollback()
    return row.availability


def test_a_supervisor_sets_anybodys_presence(mara: Looker, acme: Acme) -> None:
    answer = mara.post(f"/agents/{acme.agents['Bo']}/availability", {"availability": "away_manual"}, headers=HTMX)

    assert "Bo is set to away by choice." in answer.text
    assert availability_of(acme, "Bo") is Presence.AWAY_MANUAL


def test_agents_set_their_own_and_nobody_elses(ana: Looker, acme: Acme) -> None:
    own = ana.post(f"/agents/{acme.agents['Ana']}/availability", {"availability": "busy"})
    other = ana.post(f"/agents/{acme.agents['Bo']}/availability", {"availability": "busy"})

    assert (own.status_code, own.location) == (303, f"/#agent-{acme.agents['Ana']}")
    assert other.status_code == 403
    assert (availability_of(acme, "Ana"), availability_of(acme, "Bo")) == (Presence.BUSY, Presence.ONLINE)


def test_another_accounts_agent_is_not_there(mara: Looker, acme: Acme) -> None:
    path = f"/agents/{acme.stranger_id}/availability"

    assert mara.get(path).status_code == 404
    assert mara.post(path, {"availability": "busy"}).status_code == 404


@pytest.mark.parametrize("word", ["away", "nonsense", ""])
def test_only_what_one_can_choose_is_taken(mara: Looker, acme: Acme, word: str) -> None:
    """E38"""
    answer = mara.post(f"/agents/{acme.agents['Bo']}/availability", {"availability": word})

    assert answer.status_code == 400
    assert availability_of(acme, "Bo") is Presence.ONLINE


def test_the_choices_are_a_menu_in_the_page_and_a_page_without_scripts(mara: Looker, acme: Acme) -> None:
    path = f"/agents/{acme.agents['Bo']}/availability"

    menu, page = mara.get(path, headers=HTMX).text, mara.get(path).text

    assert menu.startswith("<form")
    assert menu.count('name="availability"') == len(Presence) - 1
    assert "<html" in page
