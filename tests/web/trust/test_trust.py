"""The page about the simulator."""

import pytest

from dashboard.services.trust import checking
from dashboard.services.trust.simulator_checks import TrustView
from dashboard.simulation.textbooks.cases import CASES
from dashboard.web.trust import trust_text
from tests.desks import NOON, Acme
from tests.pages import HTMX, AtOnce, Looker


def checked(acme: Acme, worker: AtOnce) -> None:
    checking.perform(acme.work, worker.checks[-1], clock=lambda: NOON)
    acme.work.finish()


@pytest.fixture(autouse=True)
def one_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "CASES", CASES[2:3])


def test_before_any_check_the_page_shows_the_closed_forms(mara: Looker) -> None:
    """T20"""
    page = mara.get("/trust").text

    assert "has not been checked yet" in page
    for closed_form in ("0.44939", "0.17413", "0.50943", "0.43170", "0.90000", "0.14062", "0.19546", "0.06381"):
        assert closed_form in page


def test_the_button_starts_a_check_and_its_result_stays_with_its_date(mara: Looker, acme: Acme, worker: AtOnce) -> None:
    """T20"""
    answer = mara.post("/trust/checks", headers=HTMX)
    under_way = mara.get("/trust").text
    checked(acme, worker)
    done = mara.get("/trust/check", headers=HTMX).text

    assert answer.status_code == 200
    assert "Checking since" in answer.text
    assert "hx-trigger" in under_way
    assert "agrees with the textbook in all 1 cases" in done
    assert "2026-03-02" in done
    assert "hx-trigger" not in done


def test_without_htmx_the_button_leads_back_to_the_page(mara: Looker) -> None:
    """T20"""
    answer = mara.post("/trust/checks")

    assert (answer.status_code, answer.location) == (303, "/trust")


def test_an_agent_sees_the_page_without_the_button(ana: Looker) -> None:
    """T20"""
    page = ana.get("/trust").text

    assert "Check now" not in page
    assert ana.post("/trust/checks").status_code == 403


def test_the_page_tells_how_far_the_textbook_fits_each_of_the_viewers_inboxes(mara: Looker, cleo: Looker) -> None:
    """T21"""
    assert mara.get("/trust").text.count("Erlang is a reference only here") == 2
    assert cleo.get("/trust").text.count("Erlang is a reference only here") == 1


def test_a_simulator_that_disagrees_is_not_to_be_relied_on() -> None:
    """T20"""
    view = TrustView(checked_at=NOON, agrees=False, seed=1, requested_at=None, cases=[])

    assert trust_text.verdict(view).endswith("do not rely on its forecasts.")
