"""The list of conversations: filters, search, why each waits, and changing several at a time."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from dashboard import clock
from dashboard.store.models import Contact, Conversation
from tests.counting import statements
from tests.desks import Acme
from tests.pages import HTMX, Looker, waiting_for


def listed(mara: Looker, query: str = "") -> list[int]:
    text = mara.get(f"/conversations{query}").text
    return [int(part.split('"')[0]) for part in text.split('<tr id="conversation-')[1:]]


def test_what_waits_is_in_the_order_of_its_queue_and_all_else_newest_first(mara: Looker, acme: Acme) -> None:
    """E7"""
    waiting = waiting_for(acme, 3, minutes=9)
    held = acme.held("Ana", 1, created_at=clock.now())

    assert listed(mara, "?status=waiting") == waiting
    assert listed(mara) == [*held, *reversed(waiting)]


def test_each_filter_narrows_it(mara: Looker, acme: Acme) -> None:
    night = acme.team("Night", "Ana")
    [plain, teamed, labelled] = [
        *waiting_for(acme, 1, minutes=3),
        *waiting_for(acme, 1, minutes=2, team_id=night),
        *waiting_for(acme, 1, minutes=1, labels=["vip"], inbox="Sales"),
    ]
    [held] = acme.held("Ana", 1, created_at=clock.now() - timedelta(hours=1))

    assert listed(mara, f"?inbox={acme.sales}") == [labelled]
    assert listed(mara, f"?team={night}") == [teamed]
    assert listed(mara, "?label=vip") == [labelled]
    assert listed(mara, f"?assignee={acme.agents['Ana']}") == [held]
    assert listed(mara, "?assignee=none&status=open") == [labelled, teamed, plain]
    assert listed(mara, "?status=resolved") == []


def test_it_is_searched_by_id_external_id_contact_and_subject(mara: Looker, acme: Acme) -> None:
    [by_contact] = waiting_for(acme, 1, minutes=4, contact_id=acme.contact("ada@example.org"))
    [by_subject] = waiting_for(acme, 1, minutes=3, subject="Parcel 100% lost")
    [by_external_id] = waiting_for(acme, 1, minutes=2, external_id="T-900")

    assert listed(mara, "?text=ada@") == [by_contact]
    assert listed(mara, "?text=100%25+LOST") == [by_subject]
    assert listed(mara, "?text=T-900") == [by_external_id]
    assert listed(mara, f"?text=%23{by_subject}") == [by_subject]
    assert listed(mara, "?text=_______") == []


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("parc", True), ("LOST par", True), ("arcel", False), ("parcel found", False), ("' & ! | :* (", False)],
)
def test_words_are_found_by_how_they_begin(mara: Looker, acme: Acme, text: str, is_found: bool) -> None:
    named = acme.contact("0815")
    acme.work.session.execute(update(Contact).where(Contact.id == named).values(name="A lost Parcel"))
    found = [
        *waiting_for(acme, 1, minutes=2, subject="My parcel is lost"),
        *waiting_for(acme, 1, minutes=1, contact_id=named),
    ]

    assert listed(mara, f"?{urlencode({'text': text})}") == (found[::-1] if is_found else [])


def test_a_search_keeps_to_the_other_filters_and_to_the_order_of_the_queue(mara: Looker, acme: Acme) -> None:
    acme.held("Ana", 1, subject="A lost parcel")
    waiting = waiting_for(acme, 2, minutes=5, subject="Lost parcel")

    assert listed(mara, "?text=parcel&status=waiting") == waiting


def test_a_search_that_finds_too_many_says_that_there_are_more(mara: Looker, acme: Acme) -> None:
    waiting_for(acme, 1_001, minutes=60, subject="Lost parcel")

    first, last = mara.get("/conversations?text=parcel").text, mara.get("/conversations?text=parcel&page=20").text

    assert "1,000 or more" in first
    assert "Page 20 of 20" in last
    assert last.count('<tr id="conversation-') == 50


@pytest.mark.parametrize(
    "query", ["?inbox=x&team=-1&page=0", "?status=x&lately=x", "?inbox=99999999999999999999&text=%00", "?page=9e9"]
)
def test_what_makes_no_sense_asks_for_nothing(mara: Looker, acme: Acme, query: str) -> None:
    waiting = waiting_for(acme, 1, minutes=1)

    assert listed(mara, query) == waiting


def test_each_that_waits_says_why(mara: Looker, acme: Acme) -> None:
    """E5, E6, E49"""
    acme.policy("Support")
    acme.capacity("Ana", {"Support": 0}, excluded_labels=["vip"])
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=3, labels=["vip"])
    waiting_for(acme, 1, minutes=2)
    waiting_for(acme, 1, minutes=1, inbox="Sales")

    text = mara.get("/conversations?status=waiting").text

    assert "Limits of Ana excludes label vip" in text
    assert "all at capacity" in text
    assert "no assignment policy" in text


def test_while_presence_cannot_be_read_it_says_so(mara: Looker, acme: Acme) -> None:
    """E42"""
    acme.policy("Support")
    waiting_for(acme, 1, minutes=3)
    acme.work.heartbeats._redis.set(f"{{acct:{acme.account_id}}}:presence", "broken")

    assert "presence cannot be read" in mara.get("/conversations").text


def test_its_number_of_queries_does_not_grow(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales", one_agent_per_contact=True)
    acme.online(*acme.agents, at=clock.now())
    acme.held("Ana", 1)

    def asked_with(more: int) -> int:
        for number in range(more):
            waiting_for(
                acme,
                1,
                minutes=number,
                inbox=("Support", "Sales")[number % 2],
                contact_id=acme.contact(f"{more}{number}"),
            )
        with statements(mara.session()) as asked:
            assert mara.get("/conversations").status_code == 200
        return len(asked)

    assert asked_with(2) == asked_with(40) <= 16


def test_the_boards_numbers_lead_to_what_they_count(mara: Looker, acme: Acme) -> None:
    acme.policy("Sales")
    acme.online("Ana", at=clock.now())
    support, sales = waiting_for(acme, 2, minutes=1), waiting_for(acme, 1, minutes=1, inbox="Sales")
    mara.post(f"/inboxes/{acme.sales}/assignment_runs")

    board = mara.get("/").text

    assert f'href="/conversations?status=waiting&amp;inbox={acme.support}">2</a>' in board
    assert 'href="/conversations?lately=15">1</a>' in board
    assert listed(mara, "?lately=15") == sales
    assert listed(mara, f"?status=waiting&inbox={acme.support}") == support


def test_whose_they_are_is_typed_and_kept_in_the_address_as_an_id(mara: Looker, acme: Acme) -> None:
    held, [waiting] = acme.held("Ana", 1), waiting_for(acme, 1, minutes=5)

    answer = mara.get("/conversations?assignee=an", headers=HTMX)

    assert answer.headers["HX-Replace-Url"] == f"/conversations?assignee={acme.agents['Ana']}"
    assert 'name="assignee" class="who-else" list="filter-assignee-names" value="Ana"' in answer.text
    assert listed(mara, "?assignee=an") == held
    assert listed(mara, "?assignee=nobody") == [waiting]
    unclear = mara.get("/conversations?assignee=o").text
    assert "Several are meant by “o”: Bo, Cleo, Dov." in unclear
    assert "No conversation fits." in unclear


def test_several_are_assigned_released_and_moved(mara: Looker, acme: Acme) -> None:
    """E29"""
    night = acme.team("Night", "Ana")
    ids = waiting_for(acme, 2, minutes=5)

    mara.post("/conversations", {"id": ids, "do": "assign", "agent": acme.agents["Dov"], "back": "status=open"})
    assert acme.assignees(ids) == ["Dov", "Dov"]
    answer = mara.post("/conversations", {"id": ids, "do": "release", "back": "status=open&page=1"})
    assert (answer.status_code, answer.location) == (303, "/conversations?status=open")
    assert "2 conversations released." in mara.get(answer.location).text
    assert acme.assignees(ids) == ["-", "-"]
    again = mara.post("/conversations", {"id": ids, "do": "release"}, headers=HTMX).text
    mara.post("/conversations", {"id": ids[:1], "do": "assign", "agent": acme.agents["Dov"]})
    said = mara.post("/conversations", {"id": ids[:1], "do": "move", "team_id": night}, headers=HTMX).text

    assert "Nothing to change. 2 were with nobody already." in again
    assert "1 conversation moved. 1 of them waits again: the agent who had it cannot keep it." in said
    assert said.startswith("<section")
    assert listed(mara, f"?team={night}") == ids[:1]


def test_nothing_ticked_or_nobody_chosen_is_said_in_the_same_form(mara: Looker, acme: Acme) -> None:
    [one] = waiting_for(acme, 1, minutes=5)

    nothing = mara.post("/conversations", {"do": "release"})
    nobody = mara.post("/conversations", {"do": "assign", "id": one, "agent": ""}, headers=HTMX)
    stranger = mara.post("/conversations", {"do": "assign", "id": one, "agent": acme.stranger_id})

    assert [answer.status_code for answer in (nothing, nobody, stranger)] == [422, 422, 422]
    assert "Tick the conversations first." in nothing.text
    assert "Type the name of an agent." in nobody.text
    assert f'value="{one}" aria-label="Tick {one}" checked' in nobody.text
    assert acme.assignees([one]) == ["-"]


def test_those_of_another_account_are_neither_listed_nor_changed(mara: Looker, acme: Acme) -> None:
    acme.inboxes["Elsewhere"] = acme.stranger_inbox_id
    own, acme.account_id = acme.account_id, acme.account_id + 1
    [one] = waiting_for(acme, 1, minutes=1, inbox="Elsewhere")
    acme.account_id = own
    [ours] = waiting_for(acme, 1, minutes=1)

    said = mara.post("/conversations", {"id": [one, ours], "do": "assign", "agent": acme.agents["Ana"]}, headers=HTMX)

    assert "1 conversation assigned. 1 no longer exists." in said.text
    assert acme.work.session.get_one(Conversation, one, populate_existing=True).assignee_id is None
    assert listed(mara) == [ours]


def test_it_is_for_supervisors(ana: Looker) -> None:
    assert ana.get("/conversations").status_code == 403
    assert ana.post("/conversations", {"do": "release"}).status_code == 403


def test_it_is_paged(mara: Looker, acme: Acme) -> None:
    waiting_for(acme, 51, minutes=100)

    assert (len(listed(mara)), len(listed(mara, "?page=2"))) == (50, 1)


def test_without_scripts_a_link_ticks_the_whole_page(mara: Looker, acme: Acme) -> None:
    waiting_for(acme, 3, minutes=5)

    page = mara.get("/conversations?status=waiting").text
    ticked = mara.get("/conversations?status=waiting&ticked=all").text

    assert 'href="/conversations?status=waiting&amp;ticked=all"' in page
    assert page.count("checked") == 0
    assert ticked.count(" checked>") == 3
