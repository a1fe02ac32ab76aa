"""A board that is polled: nothing new costs nothing, and what has changed is drawn."""

import re

import pytest

from dashboard.web.core.live import fragment_cache, live_version
from tests.counting import statements
from tests.desks import Acme
from tests.pages import HTMX, Looker


@pytest.fixture(autouse=True)
def no_redraw_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds may end between two requests of a test."""
    monkeypatch.setattr(live_version, "REDRAW_SECONDS", 10**7)


def test_a_poll_that_finds_nothing_new_asks_postgres_only_who_it_is(mara: Looker, acme: Acme) -> None:
    shown = mara.get("/", headers=HTMX).headers["HX-PTag"]

    with statements(mara.session()) as asked:
        answer = mara.get("/", headers={**HTMX, "HX-PTag": shown})

    assert (answer.status_code, answer.data) == (304, b"")
    assert len(asked) == 1


def test_going_back_brings_the_page_and_not_a_part_of_it(mara: Looker) -> None:
    back = {"HX-Request": "true", "HX-Request-Type": "full", "HX-History-Restore-Request": "true"}

    assert "<html" in mara.get("/", headers=back).text


def test_a_poll_sets_no_cookie(mara: Looker) -> None:
    mara.get("/")

    assert "Set-Cookie" not in mara.get("/", headers=HTMX).headers


def test_a_poll_after_a_change_redraws(mara: Looker, acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragment_cache, "PATIENCE_SECONDS", 30.0)
    shown = mara.get("/", headers=HTMX).headers["HX-PTag"]

    acme.work.signals.changed(acme.account_id)

    assert mara.get("/", headers={**HTMX, "HX-PTag": shown}).status_code == 200


def test_the_first_poll_of_a_page_that_still_shows_what_there_is_draws_nothing(mara: Looker) -> None:
    shown = re.search(r'hx-ptag="([^"]+)"', mara.get("/").text)
    assert shown

    assert mara.get("/", headers={**HTMX, "HX-PTag": shown[1]}).status_code == 304


def test_a_poll_that_asks_for_something_else_redraws(mara: Looker) -> None:
    shown = mara.get("/", headers=HTMX).headers["HX-PTag"]

    assert mara.get("/?sort=load", headers={**HTMX, "HX-PTag": shown}).status_code == 200


def test_the_fragment_is_the_boards_element_and_nothing_else(mara: Looker) -> None:
    text = mara.get("/", headers=HTMX).text.strip()

    assert text.startswith('<div id="board"')
    assert text.endswith("</div>")
    assert "<html" not in text
