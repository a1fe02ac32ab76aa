"""Run assignment now, and what a run did."""

from flask import Flask

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.decisions import Source
from tests.desks import Acme, Recorded
from tests.pages import HTMX, AtOnce, Looker, composed, looking, waiting_for


def test_a_run_asked_for_shows_its_result_in_place(mara: Looker, acme: Acme, worker: AtOnce) -> None:
    """E34"""
    acme.policy("Support")
    acme.capacity("Ana", {"Support": 2})
    acme.online("Ana", at=clock.now())
    ids = waiting_for(acme, 5, minutes=2)

    answer = mara.post(f"/inboxes/{acme.support}/assignment_runs", headers=HTMX)

    assert answer.status_code == 200
    assert "Assigned 2 in " in answer.text
    assert "; 3 wait: all at capacity." in answer.text
    assert 'href="/runs/1"' in answer.text
    assert '"target": "[data-live]"' in answer.headers["HX-Trigger"]
    assert worker.runs == [(acme.account_id, acme.support, Source.MANUAL)]
    assert acme.assignees(ids) == ["Ana", "Ana", "-", "-", "-"]


def test_without_scripts_the_result_is_on_the_board_that_comes_back(mara: Looker, acme: Acme) -> None:
    """E34"""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=2)

    answer = mara.post(f"/inboxes/{acme.support}/assignment_runs")

    assert answer.status_code == 303
    assert answer.location == f"/?job=job-1#inbox-{acme.support}"
    assert "Assigned 1 in " in mara.get(answer.location).text


def test_one_button_runs_every_inbox_in_which_something_waits(mara: Looker, acme: Acme, worker: AtOnce) -> None:
    acme.policy("Support", "Sales")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 2, minutes=2)
    waiting_for(acme, 1, minutes=2, inbox="Sales")

    answer = mara.post("/assignment_runs", headers=HTMX)

    assert [inbox for _, inbox, _ in worker.runs] == [acme.support, acme.sales]
    assert "Assigned 3 in 2 inboxes in " in answer.text


def test_where_nothing_waits_anywhere_nothing_is_started(mara: Looker, worker: AtOnce) -> None:
    assert "Nothing is waiting." in mara.post("/assignment_runs", headers=HTMX).text
    assert worker.runs == []


def test_the_switch_that_stopped_a_run_is_its_result(mara: Looker, acme: Acme) -> None:
    waiting_for(acme, 1, minutes=2)

    answer = mara.post(f"/inboxes/{acme.support}/assignment_runs", headers=HTMX)

    assert "Nothing assigned: no assignment policy." in answer.text


def test_a_run_that_could_give_nothing_says_why(mara: Looker, acme: Acme) -> None:
    """E34"""
    acme.policy("Support")
    waiting_for(acme, 2, minutes=2)

    answer = mara.post(f"/inboxes/{acme.support}/assignment_runs", headers=HTMX)

    assert "Assigned nothing in " in answer.text
    assert "; 2 wait: nobody online." in answer.text


def test_a_single_one_that_is_left_waits(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    waiting_for(acme, 1, minutes=2)

    answer = mara.post(f"/inboxes/{acme.support}/assignment_runs", headers=HTMX)

    assert "; 1 waits: nobody online." in answer.text


def test_an_agent_may_start_no_run(ana: Looker, acme: Acme, worker: AtOnce) -> None:
    answer = ana.post(f"/inboxes/{acme.support}/assignment_runs")

    assert answer.status_code == 403
    assert "Your role does not allow this. Nothing was changed." in answer.text
    assert worker.runs == []


def test_another_accounts_inbox_is_not_there(mara: Looker, acme: Acme, worker: AtOnce) -> None:
    answer = mara.post(f"/inboxes/{acme.stranger_inbox_id}/assignment_runs")

    assert answer.status_code == 404
    assert worker.runs == []


def test_a_run_that_takes_longer_is_asked_after(acme: Acme, settings: Settings, mara: Looker) -> None:
    slow = looking(composed(settings, Recorded()), acme.account_id, mara.user_id)
    waiting_for(acme, 1, minutes=2)

    first = slow.post(f"/inboxes/{acme.support}/assignment_runs", headers=HTMX)
    last = slow.get("/assignment_runs?job=job-1&looks=20", headers=HTMX)

    assert "Assigning…" in first.text
    assert 'hx-get="/assignment_runs?job=job-1&amp;looks=1"' in first.text
    assert "No worker has taken the run yet" in last.text


def test_a_runs_page_tells_what_it_did(mara: Looker, acme: Acme) -> None:
    """E46"""
    acme.policy("Support")
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana", at=clock.now())
    [first, _] = waiting_for(acme, 2, minutes=2)
    mara.post(f"/inboxes/{acme.support}/assignment_runs")

    page = mara.get("/runs/1").text

    assert "run by hand, Mara" in page
    assert f'<a href="/conversations/{first}">' in page
    assert "all at capacity" in page


def test_a_run_of_another_account_is_not_there(app: Flask, mara: Looker, acme: Acme) -> None:
    mara.post(f"/inboxes/{acme.support}/assignment_runs")
    globex = acme.account_id + 1

    assert mara.get("/runs/1").status_code == 200
    assert mara.get("/assignment_runs?job=job-1", headers=HTMX).text.count("Nothing assigned") == 1
    assert looking(app, globex, acme.stranger_id).get("/runs/1").status_code in (403, 404)
    assert "Nothing assigned" not in looking(app, globex, acme.stranger_id).get("/?job=job-1").text
