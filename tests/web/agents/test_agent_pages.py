"""An agent's page: what one holds and was given, and how that was shared out."""

import re

import pytest

from dashboard import clock
from dashboard.engine.decisions import Source
from dashboard.engine.model import Presence, Role
from dashboard.services.agents import agents
from dashboard.store.models import AccountUser
from tests.counting import statements
from tests.desks import Acme, add_user
from tests.pages import HTMX, Looker, hire, looking, waiting_for


def row_of(acme: Acme, name: str) -> AccountUser:
    row = acme.work.session.get_one(AccountUser, (acme.account_id, acme.agents[name]), populate_existing=True)
    acme.work.session.rollback()
    return row


def give_out(acme: Acme, count: int, *names: str) -> list[int]:
    """Let a run give out what waits now, by the real clock."""
    acme.online(*names, at=clock.now())
    ids = waiting_for(acme, count, minutes=1)
    acme.run(at=clock.now(), source=Source.REALTIME)
    return ids


@pytest.fixture
def ada(mara: Looker, acme: Acme) -> Looker:
    """Acme's administrator, logged in."""
    app = mara.client.application
    return looking(app, acme.account_id, hire(acme.work, acme.account_id, "Ada", Role.ADMINISTRATOR))


def test_a_page_tells_load_against_limits_and_when_the_next_slot_is_free(mara: Looker, acme: Acme) -> None:
    """E14, E15"""
    acme.policy("Support", fair_distribution_limit=2)
    acme.capacity("Ana", {"Support": 5, "Sales": 0})
    give_out(acme, 2, "Ana")

    text = mara.get(f"/agents/{acme.agents['Ana']}").text

    assert "2 of 2" in text
    assert "next slot" in text
    assert "no assignment policy" in text
    assert re.search(r'data-label="limit">5<', text)


def test_a_page_tells_a_fair_share_after_redis_was_emptied(mara: Looker, acme: Acme) -> None:
    """E14: as the ledger counts it. Seen to fail where Redis alone was asked: they had had nothing."""
    acme.policy("Support", fair_distribution_limit=2)
    give_out(acme, 2, "Ana")
    acme.work.limits.forget(acme.account_id, acme.support)

    text = mara.get(f"/agents/{acme.agents['Ana']}").text

    assert "2 of 2" in text


def test_a_page_tells_the_maximum_that_a_team_has_reached_beside_what_may_still_be_given(
    mara: Looker, acme: Acme
) -> None:
    """E17"""
    acme.policy("Support")
    billing = acme.team("Billing", "Ana", max_auto_assigned_conversations=2)
    acme.held("Ana", 2, "Sales")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=1, team_id=billing)

    text = " ".join(re.sub(r"<[^>]+>", "", mara.get(f"/agents/{acme.agents['Ana']}").text).split())

    assert "may be given something; Billing: at the team's maximum, holds 2 of 2" in text


def test_what_they_were_given_leads_to_its_explanation(mara: Looker, acme: Acme) -> None:
    """E47"""
    acme.policy("Support")
    give_out(acme, 1, "Ana", "Bo")
    page = mara.get(f"/agents/{acme.agents['Ana']}").text
    links = re.findall(r'href="(/assignments/\d+)"', page)

    text = mara.get(links[0]).text

    assert "position 1" in page
    assert "Policy 0" in page
    assert "Assigned to Ana by a run: of 2 eligible agents, it was their turn." in text
    assert "Cleo</td><td>offline" in text


def test_an_assignment_is_explained_after_it_was_transferred_and_resolved(mara: Looker, acme: Acme) -> None:
    """E47"""
    acme.policy("Support")
    [conversation_id] = give_out(acme, 1, "Ana")
    mara.post(f"/conversations/{conversation_id}", {"agent": "Bo"})
    mara.post(f"/conversations/{conversation_id}", {"status": "resolved"})

    [by_run] = re.findall(r'href="(/assignments/\d+)"', mara.get(f"/agents/{acme.agents['Ana']}").text)
    [by_hand] = re.findall(r'href="(/assignments/\d+)"', mara.get(f"/agents/{acme.agents['Bo']}").text)

    assert "Assigned to Ana by a run: nobody else was eligible." in mara.get(by_run).text
    assert "Assigned to Bo by Mara." in mara.get(by_hand).text


def test_what_they_were_given_comes_in_pages(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    give_out(acme, 30, "Ana")
    path = f"/agents/{acme.agents['Ana']}"

    first, second = mara.get(path).text, mara.get(f"{path}?page=2").text

    assert [text.count('href="/assignments/') for text in (first, second)] == [25, 5]
    assert "Older" in first
    assert "Older" not in second


def test_fairness_compares_with_those_who_answer_the_same_inbox(mara: Looker, acme: Acme) -> None:
    """E19"""
    acme.policy("Support")
    acme.leave("Support", "Dov")
    give_out(acme, 6, "Ana", "Bo")

    text = mara.get(f"/agents/{acme.agents['Ana']}?inbox={acme.support}").text

    assert "Ana had 50 % of the runs' assignments here in 24 hours; an equal share is 33 %." in text
    assert "Jain's index is 0.67: as even as if 2.0 of 3 had shared equally." in text


def test_nothing_given_has_no_index(mara: Looker, acme: Acme) -> None:
    assert (
        "None of the 4 members was given anything by a run in 7 days."
        in mara.get(f"/agents/{acme.agents['Cleo']}").text
    )


def test_a_supervisor_sets_presence_and_capacity_on_the_page(mara: Looker, acme: Acme) -> None:
    path = f"/agents/{acme.agents['Bo']}"
    policy_id = acme.capacity("Cleo", {"Support": 1})

    there = mara.post(f"{path}/availability", {"availability": "busy", "page": "1"}, headers=HTMX)
    under = mara.post(f"{path}/capacity", {"agent_capacity_policy_id": policy_id})

    assert there.text.lstrip().startswith('<article id="agent"')
    assert "Bo is set to busy." in there.text
    assert (under.status_code, under.location) == (303, path)
    assert (row_of(acme, "Bo").availability, row_of(acme, "Bo").agent_capacity_policy_id) == (Presence.BUSY, policy_id)
    mara.post(f"{path}/capacity", {"agent_capacity_policy_id": ""})
    assert row_of(acme, "Bo").agent_capacity_policy_id is None


def test_a_capacity_policy_that_is_not_there_is_refused_in_the_form(mara: Looker, acme: Acme) -> None:
    acme.capacity("Cleo", {"Support": 1})

    answer = mara.post(f"/agents/{acme.agents['Bo']}/capacity", {"agent_capacity_policy_id": "987654"})

    assert answer.status_code == 422
    assert "There is no such capacity policy in this account." in answer.text


def test_deactivating_says_what_it_releases_and_does_it_and_reactivating_brings_them_back(
    ada: Looker, acme: Acme
) -> None:
    """E31"""
    path = f"/agents/{acme.agents['Bo']}"
    held = acme.held("Bo", 2) + acme.held("Bo", 1, "Sales")
    assert "3 open conversations are released in 2 inboxes and wait again" in ada.get(path).text

    ada.post(f"{path}/activity", {"active": "off"})
    assert acme.assignees(held) == ["-", "-", "-"]
    assert "Reactivate Bo" in ada.get(path).text
    ada.post(f"{path}/activity", {"active": "on"})

    found = agents.show(acme.work, acme.account_id, acme.agents["Bo"], now=clock.now())
    assert found
    assert found.active
    assert acme.assignees(held) == ["-", "-", "-"]


def test_the_last_administrator_cannot_be_deactivated(ada: Looker, acme: Acme) -> None:
    answer = ada.post(f"/agents/{ada.user_id}/activity", {"active": "off"})

    assert answer.status_code == 422
    assert "this is the last one. Nothing was changed." in answer.text


def test_only_administrators_deactivate(mara: Looker, ana: Looker, acme: Acme) -> None:
    path = f"/agents/{acme.agents['Bo']}"

    assert "Deactivate" not in mara.get(path).text
    assert [looker.post(f"{path}/activity", {"active": "off"}).status_code for looker in (mara, ana)] == [403, 403]
    assert row_of(acme, "Bo").active


def test_agents_see_their_own_page_and_nobody_elses(ana: Looker, acme: Acme) -> None:
    acme.policy("Support")
    give_out(acme, 1, "Ana")
    own = f"/agents/{acme.agents['Ana']}"

    text = ana.get(own).text

    assert f'href="{own}" aria-current="page">Your page</a>' in text
    assert 'name="availability"' in text
    assert 'name="agent_capacity_policy_id"' not in text
    assert "/runs/" not in text
    [why] = re.findall(r'href="(/assignments/\d+)"', text)
    assert ana.get(why).status_code == 200
    assert ana.get("/agents").status_code == 403
    assert ana.get(f"/agents/{acme.agents['Bo']}").status_code == 403
    assert ana.post(f"{own}/capacity", {"agent_capacity_policy_id": ""}).status_code == 403


def test_no_link_of_an_agents_own_page_is_refused(ana: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales")
    acme.team("Night", "Ana")
    acme.capacity("Ana", {"Support": 9})
    give_out(acme, 2, "Ana")
    acme.held("Ana", 1)
    acme.leave("Sales", "Ana")

    links = set(re.findall(r'href="(/[^"#]*)["#]', ana.get(f"/agents/{acme.agents['Ana']}").text))

    pages = {link for link in links if not link.startswith("/static")}
    assert pages
    assert {link: ana.get(link.replace("&amp;", "&")).status_code for link in pages} == dict.fromkeys(pages, 200)


def test_an_agent_reads_no_explanation_of_an_inbox_they_do_not_answer(cleo: Looker, ana: Looker, acme: Acme) -> None:
    acme.policy("Sales")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=1, inbox="Sales")
    acme.run("Sales", at=clock.now())
    [why] = re.findall(r'href="(/assignments/\d+)"', ana.get(f"/agents/{acme.agents['Ana']}").text)

    assert cleo.get(why).status_code == 404


def test_another_accounts_people_and_assignments_are_not_there(mara: Looker, ada: Looker, acme: Acme) -> None:
    path = f"/agents/{acme.stranger_id}"

    assert mara.get(path).status_code == 404
    assert mara.post(f"{path}/capacity", {"agent_capacity_policy_id": ""}).status_code == 404
    assert ada.post(f"{path}/activity", {"active": "off"}).status_code == 404
    assert mara.get("/assignments/987654").status_code == 404
    assert "Sid" not in mara.get("/agents").text


def test_while_redis_cannot_be_read_the_rest_of_the_page_is_there(mara: Looker, acme: Acme) -> None:
    """E42"""
    acme.policy("Support", fair_distribution_limit=2)
    give_out(acme, 1, "Ana")
    acme.work.heartbeats._redis.set(f"{{acct:{acme.account_id}}}:presence", "broken")

    page, listed = mara.get(f"/agents/{acme.agents['Ana']}"), mara.get("/agents")

    assert page.status_code == listed.status_code == 200
    assert "unknown" in page.text
    assert "position 1" in page.text


def test_the_number_of_queries_does_not_grow(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales", fair_distribution_limit=50)
    give_out(acme, 1, "Ana")
    paths = ("/agents", "/agents?presence=online", f"/agents/{acme.agents['Ana']}?inbox={acme.support}")

    def asked(path: str) -> int:
        with statements(mara.session()) as seen:
            assert mara.get(path).status_code == 200
        return len(seen)

    before = [asked(path) for path in paths]
    for number in range(60):
        acme.agents[f"More{number}"] = add_user(acme.work.session, acme.account_id, f"More{number}")
    acme.join("Support", *(name for name in acme.agents if name.startswith("More")))
    acme.team("Night", "Ana", *(name for name in acme.agents if name.startswith("More")))
    give_out(acme, 30, "Ana")

    assert [asked(path) for path in paths] == before
    assert "Page 1 of 2" in mara.get("/agents").text
    assert "colleagues=2" in mara.get(paths[2]).text
