"""A board that many tabs show alike is drawn once, and nobody gets more of it than they may see."""

import gzip
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event, Timer

import pytest
from flask import Flask
from structlog.testing import capture_logs

from dashboard.engine.model import Role
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis import client
from dashboard.store.redis import fragment_cache as shared_drawings
from dashboard.store.redis.fragment_cache import SharedDrawings, SharedPlace
from dashboard.web.core.live import fragment_cache, live_version
from dashboard.web.core.live.fragment_cache import Drawing, Drawings, Version, Wish
from tests.counting import statements
from tests.desks import Acme
from tests.pages import HTMX, TOKEN, Looker, hire, looking
from tests.waiting import PATIENCE

FIRST = Version(tick=1, live=5, view=0)
LATER = replace(FIRST, live=6)
LATEST = replace(FIRST, live=7)
LONG = 600.0
MAKING_LASTS_FOR = shared_drawings.MAKING_LASTS_FOR


class Pen:
    """Draws, and counts how often."""

    def __init__(self, may_go_on: Event | None = None) -> None:
        self.drawn = 0
        self.begun = Event()
        self.may_go_on = may_go_on

    def __call__(self) -> str:
        self.begun.set()
        if self.may_go_on:
            self.may_go_on.wait()
        self.drawn += 1
        return f"drawing {self.drawn}"


@pytest.fixture(autouse=True)
def nothing_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, no drawing grows old between two lines of a test, and the first tab waits."""
    monkeypatch.setattr(live_version, "REDRAW_SECONDS", 10**7)
    for name in ("FRESH_SECONDS", "LIVE_SECONDS", "PATIENCE_SECONDS"):
        monkeypatch.setattr(fragment_cache, name, LONG)
    for name in ("LASTS_FOR", "MAKING_LASTS_FOR"):
        monkeypatch.setattr(shared_drawings, name, timedelta(seconds=LONG))


@pytest.fixture
def sheet() -> Iterator[Drawings]:
    """Drawings of a process of its own."""
    with Flask(__name__).test_request_context():
        yield Drawings()


def asked(
    sheet: Drawings, version: Version, pen: Pen, *, shown: Version | None = None, shared: SharedPlace | None = None
) -> Drawing:
    wish = Wish(version=version, draw=pen, shared=shared)
    drawing = sheet.after(shown, "board", wish) if shown else sheet.now("board", wish)
    assert drawing
    return drawing


@pytest.fixture
def shared(redis_url: str) -> SharedPlace:
    """Where several processes find what one of them has drawn."""
    return SharedDrawings(client.connect(redis_url)).of(1, "board")


def test_what_another_supervisor_has_just_seen_is_not_drawn_again(app: Flask, mara: Looker, acme: Acme) -> None:
    nora = looking(app, acme.account_id, hire(acme.work, acme.account_id, "Nora", Role.SUPERVISOR))
    seen = mara.get("/", headers=HTMX)

    with statements(mara.session()) as said:
        seen_too = nora.get("/", headers=HTMX)

    assert len(said) == 1, "only who she is"
    assert (seen_too.data, seen_too.headers["HX-PTag"]) == (seen.data, seen.headers["HX-PTag"])


def test_a_page_that_is_opened_shows_what_was_drawn_a_moment_ago_for_all(app: Flask, mara: Looker, acme: Acme) -> None:
    nora = looking(app, acme.account_id, hire(acme.work, acme.account_id, "Nora", Role.SUPERVISOR))
    polled = mara.get("/", headers=HTMX)

    with statements(mara.session()) as said:
        page = nora.get("/").text

    assert len(said) == 1, "only who she is"
    assert polled.text in page


def test_a_page_that_is_opened_a_moment_later_shows_what_nobody_announced(
    sheet: Drawings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail with drawings of any age."""
    pen = Pen()
    asked(sheet, FIRST, pen)
    assert asked(sheet, FIRST, pen).body == b"drawing 1"

    monkeypatch.setattr(fragment_cache, "FRESH_SECONDS", 0.0)

    assert asked(sheet, FIRST, pen).body == b"drawing 2"


def test_where_redis_tells_of_no_change_a_page_that_is_opened_is_drawn(sheet: Drawings) -> None:
    """Seen to fail where that was not asked."""
    pen, untold = Pen(), replace(FIRST, live=fragment_cache.UNTOLD)
    asked(sheet, untold, pen)

    assert asked(sheet, untold, pen).body == b"drawing 2"


def test_nobody_is_shown_what_somebody_of_another_role_or_inbox_saw(
    mara: Looker, cleo: Looker, ana: Looker, acme: Acme
) -> None:
    whole, of_cleo, of_ana = (who.get("/", headers=HTMX).text for who in (mara, cleo, ana))

    assert f"/inboxes/{acme.sales}/assignment_runs" in whole
    assert f"inbox-{acme.sales}" not in of_cleo
    assert f"inbox-{acme.sales}" in of_ana
    assert "assignment_runs" not in of_ana
    assert f"/agents/{ana.user_id}/availability" in of_ana
    assert f"/agents/{cleo.user_id}/availability" not in of_ana


def test_a_shared_board_holds_nobodys_token(mara: Looker) -> None:
    """Seen to fail with the form of its buttons in it; each answer signs its token anew, so any is looked for."""
    assert TOKEN.search(mara.get("/").text)

    assert "csrf_token" not in mara.get("/", headers=HTMX).text


def test_its_buttons_are_sent_with_the_form_of_the_page_around_it(mara: Looker, acme: Acme) -> None:
    page = mara.get("/").text
    form = re.search(r'<form id="runs" method="post" hidden>(.*?)</form>', page)
    button = re.search(r'<button class="run quiet"[^>]* form="runs" formaction="([^"]+)"', page)
    assert form
    assert button
    token = TOKEN.search(form[1])
    assert token

    with_it = mara.client.post(button[1], data={"csrf_token": token[1]}, headers=HTMX)
    without = mara.client.post(button[1], headers=HTMX)

    assert (with_it.status_code, without.status_code) == (200, 400)


def test_it_goes_zipped_to_whoever_can_read_that(mara: Looker) -> None:
    """Two answers are one drawing; seen to fail where each was drawn in a second of its own."""
    plain = mara.get("/", headers=HTMX)

    zipped = mara.get("/", headers={**HTMX, "Accept-Encoding": "gzip, br"})

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data


def test_many_who_ask_at_once_cost_one_drawing(sheet: Drawings, app: Flask) -> None:
    """Without the lock around the drawing all eight draw."""
    pen, together = Pen(), Barrier(8)

    def look(_: int) -> bytes:
        with app.app_context():
            together.wait()
            return asked(sheet, FIRST, pen).body

    with ThreadPoolExecutor(8) as tabs:
        seen = set(tabs.map(look, range(8)))

    assert seen == {b"drawing 1"}


def test_a_tab_that_shows_the_last_drawing_gets_a_new_one_as_soon_as_something_has_changed(sheet: Drawings) -> None:
    pen = Pen()
    asked(sheet, FIRST, pen)

    assert asked(sheet, LATER, pen, shown=FIRST).body == b"drawing 2"


def test_a_tab_that_shows_an_older_one_is_served_what_was_drawn_a_moment_ago(sheet: Drawings) -> None:
    pen = Pen()
    asked(sheet, LATER, pen)

    served = asked(sheet, LATEST, pen, shown=FIRST)

    assert (served.body, served.version) == (b"drawing 1", LATER)
    assert pen.drawn == 1, "no other is due"


def test_where_the_next_is_due_a_tab_that_is_behind_does_not_wait_for_it(
    sheet: Drawings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fragment_cache, "FRESH_SECONDS", 0.0)
    pen, slow = Pen(), Pen(may_go_on=Event())
    asked(sheet, LATER, pen)

    served = asked(sheet, LATEST, slow, shown=FIRST)

    assert served.version == LATER
    assert slow.begun.wait(PATIENCE)
    slow.may_go_on.set()
    monkeypatch.setattr(fragment_cache, "FRESH_SECONDS", LONG)
    assert asked(sheet, LATEST, pen).version == LATEST
    assert (pen.drawn, slow.drawn) == (1, 1), "the next was drawn aside"


def test_while_the_next_is_drawn_only_the_first_who_has_the_last_waits(
    sheet: Drawings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pen, slow = Pen(), Pen(may_go_on=Event())
    asked(sheet, FIRST, pen)
    monkeypatch.setattr(fragment_cache, "PATIENCE_SECONDS", 0.0)
    sheet.after(FIRST, "board", Wish(version=LATER, draw=slow, shared=None))
    monkeypatch.setattr(fragment_cache, "PATIENCE_SECONDS", LONG)

    assert sheet.after(FIRST, "board", Wish(version=LATER, draw=pen, shared=None)) is None
    slow.may_go_on.set()


def test_what_is_no_longer_live_serves_nobody(sheet: Drawings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragment_cache, "LIVE_SECONDS", 0.0)
    pen = Pen()
    asked(sheet, LATER, pen)

    assert asked(sheet, LATEST, pen, shown=FIRST).body == b"drawing 2"


def test_a_drawing_that_fails_aside_is_told_of_and_the_last_serves_on(sheet: Drawings) -> None:
    asked(sheet, FIRST, Pen())

    def failing() -> str:
        raise StoreUnavailable("Postgres")

    with capture_logs() as said:
        served = sheet.after(FIRST, "board", Wish(version=LATER, draw=failing, shared=None))

    assert served is None
    assert asked(sheet, FIRST, Pen()).body == b"drawing 1"
    assert [line["event"] for line in said] == ["not_drawn"]


def test_a_tab_hears_that_nothing_is_there_yet_where_the_next_takes_long(
    app: Flask, mara: Looker, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = mara.get("/", headers=HTMX).headers["HX-PTag"]
    acme.work.signals.changed(acme.account_id)
    monkeypatch.setattr(fragment_cache, "PATIENCE_SECONDS", 0.0)
    gate = Event()
    app.extensions["drawings"].aside.submit(gate.wait)

    early = mara.get("/", headers={**HTMX, "HX-PTag": shown})

    gate.set()
    assert (early.status_code, early.data) == (204, b"")
    assert mara.get("/", headers={**HTMX, "HX-PTag": "none"}).status_code == 200


def test_no_tab_is_taken_back_to_before_what_it_shows(sheet: Drawings) -> None:
    """Another process may have drawn what this one has not."""
    pen = Pen()
    asked(sheet, FIRST, pen)

    assert asked(sheet, LATEST, pen, shown=LATER).version == LATEST


def test_who_shows_nothing_yet_gets_what_is_true_now(sheet: Drawings) -> None:
    pen = Pen()
    asked(sheet, FIRST, pen)

    assert asked(sheet, LATER, pen).version == LATER


def test_what_one_process_has_drawn_no_other_draws(sheet: Drawings, shared: SharedPlace) -> None:
    pen, other = Pen(), Pen()
    first = asked(sheet, FIRST, pen, shared=shared)

    same = asked(Drawings(), FIRST, other, shared=shared)

    assert (same.body, same.version) == (first.body, FIRST)
    assert other.drawn == 0


def test_a_tab_that_is_behind_is_served_what_another_process_drew_a_moment_ago(
    sheet: Drawings, shared: SharedPlace
) -> None:
    elsewhere, pen = Drawings(), Pen()
    asked(sheet, FIRST, pen, shared=shared)
    asked(elsewhere, LATER, Pen(), shared=shared)

    served = asked(sheet, LATEST, pen, shown=FIRST, shared=shared)

    assert served.version == LATER
    assert pen.drawn == 1, "no other is due"


def test_what_another_process_drew_a_while_ago_is_drawn_anew(
    sheet: Drawings, shared: SharedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fragment_cache, "FRESH_SECONDS", 0.0)
    pen = Pen()
    asked(Drawings(), LATER, Pen(), shared=shared)

    assert asked(sheet, LATEST, pen, shown=FIRST, shared=shared).version == LATEST
    assert pen.drawn == 1


def test_while_one_process_draws_the_next_no_other_does(sheet: Drawings, shared: SharedPlace) -> None:
    """Seen to fail with a claim that is always granted: both drew."""
    pen = Pen()
    asked(sheet, FIRST, pen, shared=shared)
    assert shared.claim()

    assert sheet.after(FIRST, "board", Wish(version=LATER, draw=pen, shared=shared)) is None
    assert pen.drawn == 1


def test_a_change_that_a_process_must_show_is_drawn_whoever_else_draws(sheet: Drawings, shared: SharedPlace) -> None:
    pen = Pen()
    asked(sheet, FIRST, pen, shared=shared)
    assert shared.claim()

    assert asked(sheet, LATER, pen, shared=shared).version == LATER


@pytest.fixture
def views(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> SharedDrawings:
    """The views of accounts on a machine of two cores."""
    monkeypatch.setattr(shared_drawings, "AT_ONCE", 1)
    return SharedDrawings(client.connect(redis_url))


def test_an_accounts_views_are_drawn_one_after_the_other_where_that_leaves_a_core_free(views: SharedDrawings) -> None:
    """Seen to fail with a turn for each view."""
    assert views.of(1, "board").claim()

    assert not views.of(1, "inbox 3").claim()
    assert views.of(2, "inbox 3").claim()

    views.of(1, "board").keep("1.1.1", b"")
    assert views.of(1, "inbox 3").claim()


def test_who_waits_for_a_turn_draws_when_it_comes(
    sheet: Drawings, views: SharedDrawings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail with one look: the tab was told that nothing is new."""
    monkeypatch.setattr(fragment_cache, "GLANCES", int(PATIENCE / fragment_cache.GLANCE_SECONDS))
    mine, other, pen = views.of(1, "board"), views.of(1, "inbox 3"), Pen()
    asked(sheet, FIRST, pen, shared=mine)
    assert other.claim()
    Timer(0.1, other.keep, args=["1.1.1", b""]).start()

    assert asked(sheet, LATER, pen, shown=FIRST, shared=mine).version == LATER


def test_a_process_that_ends_while_it_draws_keeps_the_others_from_it_for_a_second(
    shared: SharedPlace, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_drawings, "MAKING_LASTS_FOR", MAKING_LASTS_FOR)
    assert shared.claim()

    [drawer] = client.connect(redis_url).keys("*:drawer:*")

    assert 0 < client.connect(redis_url).pttl(drawer) <= 1_000


def test_without_redis_each_process_draws_for_itself(sheet: Drawings) -> None:
    gone = SharedDrawings(client.connect("redis://127.0.0.1:1/0")).of(1, "board")
    pen = Pen()
    asked(sheet, FIRST, pen, shared=gone)

    assert asked(sheet, LATER, pen, shown=FIRST, shared=gone).version == LATER
    assert pen.drawn == 2


def test_a_redis_that_was_emptied_and_counts_anew_does_not_keep_the_board_as_it_was(sheet: Drawings) -> None:
    pen = Pen()
    asked(sheet, LATEST, pen)

    assert asked(sheet, Version(tick=2, live=1, view=0), pen).body == b"drawing 2"


@pytest.mark.parametrize("said", [None, "none", "", "1.2", "1.2.x", "1.2.-3", "1.2.3.4", f"{9:05000}.1.1"])
def test_a_version_that_is_none_of_ours_is_none(said: str | None) -> None:
    assert Version.said(said) is None
    assert Version.said(str(FIRST)) == FIRST
