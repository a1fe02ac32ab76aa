"""The board, lists and reports say what is due, and how many were assigned in time."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dashboard import clock
from dashboard.services.board import live_board
from dashboard.services.board.workload import View
from dashboard.services.reports import rollups
from dashboard.store.core.page_values import Scope
from dashboard.store.models import Assignment, Inbox
from dashboard.web.core.live import fragment_cache
from tests.counting import statements
from tests.desks import NOON, Acme
from tests.pages import Looker
from tests.web.board.test_board import seen

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each page be drawn anew: here things change without being announced."""
    monkeypatch.setattr(fragment_cache, "FRESH_SECONDS", 0.0)


def board_of(acme: Acme, *, at=NOON):
    scope = Scope(account_id=acme.account_id)
    found = live_board.live_board(acme.work, scope, view=View(), redis_answers=True, now=at)
    acme.work.session.rollback()
    return found


def wait_until(acme: Acme, *minutes: float) -> list[int]:
    """Put conversations on the floor that are due so many minutes after noon."""
    return [acme.waiting(1, respond_by=NOON + one * MINUTE)[0] for one in minutes]


def test_the_board_counts_what_is_overdue_and_what_is_at_risk(acme: Acme):
    """E56: at risk is five minutes or less; at its instant a conversation is not overdue yet."""
    acme.policy("Support", "Sales")
    wait_until(acme, -12, -0.001, 0, 5, 5.001, 60)

    board = board_of(acme)

    [support] = [line for line in board.inboxes if line.id == acme.support]
    assert (support.overdue, support.at_risk) == (2, 2)
    assert (board.headline.overdue, board.headline.at_risk) == (2, 2)
    assert (support.within_target.met, support.within_target.of) == (0, 2)


def test_the_service_level_counts_assignments_within_the_target_and_those_that_still_wait(acme: Acme):
    """E56: what had no target does not count."""
    acme.policy()
    acme.online("Ana")
    wait_until(acme, 3, -3)
    acme.waiting(1)
    acme.run()
    wait_until(acme, -1)

    level = board_of(acme).headline.within_target

    assert (level.met, level.of) == (1, 3)


def test_today_begins_at_midnight_on_the_inboxs_wall_clock(acme: Acme):
    """E56: noon in UTC is one in the morning in Auckland; the day there began an hour ago."""
    acme.policy()
    acme.online("Ana")
    wait_until(acme, 3, 4)
    acme.run()
    first = acme.work.session.query(Assignment.id).order_by(Assignment.id).first()
    acme.work.session.execute(
        update(Assignment).where(Assignment.id == first[0]).values(at=NOON - 2 * timedelta(hours=1))
    )
    everyday = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    hours = {"timezone": "Pacific/Auckland", "weekly": everyday, "holidays": [], "country": None}
    acme.work.session.commit()
    before = board_of(acme).headline.within_target.of

    acme.work.session.execute(update(Inbox).where(Inbox.id == acme.support).values(business_hours=hours))
    acme.work.session.commit()

    assert (before, board_of(acme).headline.within_target.of) == (2, 1)


def test_without_targets_the_board_asks_nothing_more_and_shows_nothing_more(mara: Looker, acme: Acme):
    """E56"""
    acme.policy()
    acme.waiting(2)
    with statements(acme.work.session) as without:
        board_of(acme)
    plain = seen(mara.get("/"), "headline")
    wait_until(acme, -3)
    acme.online("Ana")
    acme.run()
    with statements(acme.work.session) as with_targets:
        board_of(acme)

    assert len(with_targets) == len(without) + 1
    assert "overdue" not in plain
    assert "in time" not in plain


def test_the_pages_say_in_words_what_is_due(mara: Looker, acme: Acme):
    """E56"""
    acme.policy("Support", "Sales")
    now = clock.now()
    [late] = acme.waiting(1, respond_by=now - 12.5 * MINUTE)
    [soon] = acme.waiting(1, respond_by=now + 4.5 * MINUTE)

    board, listed = mara.get("/"), mara.get("/conversations?status=waiting").text

    assert "overdue 12 min" in listed
    assert "due in 4 min" in listed
    assert "overdue 12 min" in mara.get(f"/conversations/{late}").text
    assert "due in 4 min" in mara.get(f"/conversations/{soon}").text
    assert "1 overdue" in seen(board, f"inbox-{acme.support}")
    assert "1 at risk" in seen(board, f"inbox-{acme.support}")
    assert "in time today: 0 of 1" in seen(board, "headline")
    assert "overdue 12 min" in mara.get(f"/inboxes/{acme.support}").text


def test_a_report_has_the_service_level_of_its_span_and_of_each_inbox(mara: Looker, acme: Acme):
    """E56: summed hours and the ledger's later rows count alike."""
    acme.policy("Support", "Sales")
    now = clock.now()
    acme.online("Ana", at=now)
    for minutes in (10, -10, 10):
        acme.waiting(1, respond_by=now + minutes * MINUTE)
    acme.run(at=now)
    newest = acme.work.session.query(Assignment.id).order_by(Assignment.id.desc()).first()
    old = {"at": now - timedelta(hours=5), "due_at": now - timedelta(hours=4)}
    acme.work.session.execute(update(Assignment).where(Assignment.id == newest[0]).values(**old))
    acme.work.session.commit()
    rollups.sum_ledger(acme.work, now=now)
    acme.waiting(1, "Sales", respond_by=now - MINUTE)

    page, sheet = mara.get("/reports").text, mara.get("/reports/inboxes.csv").text

    assert "in time: 2 of 4 assigned or overdue" in page
    assert "50 %" in page
    assert [line.split(",")[-2:] for line in sheet.splitlines()[1:]] == [["2", "3"], ["0", "1"]]
