"""One conversation's page."""

import re

from dashboard import clock
from tests.desks import Acme
from tests.pages import Looker, waiting_for


def test_it_tells_who_had_it_and_by_which_run(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    [one] = waiting_for(acme, 1, minutes=2, subject="Cannot log in")
    mara.post(f"/inboxes/{acme.support}/assignment_runs")

    page = mara.get(f"/conversations/{one}").text

    assert "Cannot log in" in page
    assert "<b>Ana</b>" in page
    assert 'href="/runs/1"' in page


def test_one_that_waits_says_for_how_long(mara: Looker, acme: Acme) -> None:
    [one] = waiting_for(acme, 1, minutes=5)

    assert "waiting for" in mara.get(f"/conversations/{one}").text


def test_agents_see_those_of_their_inboxes(cleo: Looker, acme: Acme) -> None:
    [here] = waiting_for(acme, 1, minutes=1)
    [there] = waiting_for(acme, 1, minutes=1, inbox="Sales")

    assert cleo.get(f"/conversations/{here}").status_code == 200
    assert cleo.get(f"/conversations/{there}").status_code == 404


def test_an_agent_reads_what_they_hold_in_an_inbox_that_is_not_theirs_until_it_is_transferred(
    mara: Looker, cleo: Looker, acme: Acme
) -> None:
    """Seen to fail where membership of the inbox alone was asked: 404 for the page and its explanation, and no link."""
    [given, other] = waiting_for(acme, 2, minutes=1, inbox="Sales", subject="Cannot log in")
    mara.post(f"/conversations/{given}", {"agent": "Cleo"})
    own = f"/agents/{acme.agents['Cleo']}"
    [assignment] = re.findall(r'href="(/assignments/\d+)"', cleo.get(own).text)

    held = [cleo.get(path).status_code for path in (f"/conversations/{given}", assignment, f"/conversations/{other}")]
    linked = f'href="/conversations/{given}"' in cleo.get(own).text
    mara.post(f"/conversations/{given}", {"agent": "Ana"})
    gone = [cleo.get(path).status_code for path in (f"/conversations/{given}", assignment)]
    page = cleo.get(own).text

    assert (held, linked, gone) == ([200, 200, 404], True, [404, 404])
    assert f"Conversation {given}" in page
    assert "Cannot log in" not in page


def test_those_of_another_account_are_not_there(mara: Looker, acme: Acme) -> None:
    acme.inboxes["Elsewhere"] = acme.stranger_inbox_id
    own, acme.account_id = acme.account_id, acme.account_id + 1
    [one] = waiting_for(acme, 1, minutes=1, inbox="Elsewhere")
    acme.account_id = own

    assert mara.get(f"/conversations/{one}").status_code == 404


def test_it_tells_why_it_waits_with_every_agents_verdict_and_what_would_assign_it(mara: Looker, acme: Acme) -> None:
    """E48"""
    acme.policy("Support")
    acme.capacity("Bo", {"Support": 1})
    acme.online("Bo", at=clock.now())
    acme.held("Bo", 1)
    [one] = waiting_for(acme, 1, minutes=5)

    page = mara.get(f"/conversations/{one}").text

    assert "Waiting because the only online agent of Support is at capacity." in page
    assert "at capacity, holds 1 of 1 here" in page
    assert "Raise Bo&#39;s limit in Support from 1 to 2</button>" in page
    assert "It is the first that waits." in page


def test_it_tells_whose_turn_it_was_when_it_was_assigned(mara: Looker, acme: Acme) -> None:
    """E47"""
    acme.policy("Support")
    acme.online("Ana", "Bo", at=clock.now())
    [one] = waiting_for(acme, 1, minutes=5)
    mara.post(f"/inboxes/{acme.support}/assignment_runs")

    page = mara.get(f"/conversations/{one}").text

    assert "Assigned to Ana by a run: of 2 eligible agents, it was their turn." in page
    assert "may take it, next in turn" in page


def test_while_presence_cannot_be_read_the_rest_of_the_page_is_there(mara: Looker, acme: Acme) -> None:
    """E42"""
    acme.policy("Support")
    [one] = waiting_for(acme, 1, minutes=5, subject="Cannot log in")
    acme.work.heartbeats._redis.set(f"{{acct:{acme.account_id}}}:presence", "broken")

    page = mara.get(f"/conversations/{one}").text

    assert "Cannot log in" in page
    assert "Presence cannot be read just now" in page
