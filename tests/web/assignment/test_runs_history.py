"""The history of runs, and one run from end to end: what it saw, what it decided and why, what it left."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from dashboard import clock
from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.engine.model import Presence
from dashboard.store.assignment.run_history import run_list_page
from dashboard.store.models import Assignment, Run
from tests.counting import statements
from tests.desks import Acme
from tests.pages import HTMX, Looker, waiting_for


def ran(acme: Acme, count: int = 1, inbox: str = "Support", *, minutes: float = 1, **facts: object) -> list[int]:
    """Put finished runs into the history; nothing waited unless told otherwise."""
    at = clock.now() - timedelta(minutes=minutes)
    values = {"source": Source.PERIODIC, "outcome": Outcome.STOP, "reason": Reason.NOTHING_WAITING, **facts}
    made = insert(Run).returning(Run.id, sort_by_parameter_order=True)
    rows = [{"inbox_id": acme.inboxes[inbox], "started_at": at, "finished_at": at, **values}] * count
    ids = list(acme.work.session.scalars(made, [{"account_id": acme.account_id, **row} for row in rows]))
    acme.work.session.commit()
    return ids


def listed(mara: Looker, query: str = "") -> list[int]:
    text = mara.get(f"/runs{query}").text
    return [int(part.split('"')[0]) for part in text.split('<tr id="run-')[1:]]


def test_each_filter_narrows_the_history(mara: Looker, acme: Acme) -> None:
    """E46, E49"""
    [sales] = ran(acme, inbox="Sales")
    [by_hand] = ran(acme, source=Source.MANUAL, actor_id=mara.user_id)
    [failed] = ran(acme, outcome=Outcome.ERROR, reason=Reason.STORE_UNAVAILABLE)
    [left] = ran(acme, outcome=Outcome.ASSIGNED, reason=None, left_waiting={"all_at_capacity": 3})
    [full] = ran(acme, reason=Reason.ALL_AT_CAPACITY, left_waiting={"all_at_capacity": 2})
    [old] = ran(acme, minutes=90)

    assert listed(mara) == [old, full, left, failed, by_hand, sales]
    assert listed(mara, f"?inbox={acme.sales}") == [sales]
    assert listed(mara, "?source=manual") == [by_hand]
    assert listed(mara, "?outcome=error") == [failed]
    assert listed(mara, "?reason=all_at_capacity") == [full, left]
    assert listed(mara, "?within=hour") == [full, left, failed, by_hand, sales]
    assert listed(mara, "?outcome=stop&reason=all_at_capacity") == [full]


def test_the_history_speaks_in_words(mara: Looker, acme: Acme) -> None:
    ran(acme, source=Source.REALTIME, outcome=Outcome.ERROR, reason=Reason.STORE_UNAVAILABLE)
    ran(acme, outcome=Outcome.ASSIGNED, reason=None, left_waiting={"all_rate_limited": 3})

    table = mara.get("/runs").text.split("<tbody>")[1].split("</tbody>")[0]

    assert "failed: presence cannot be read" in table
    assert "a change" in table
    assert "3 all rate-limited" in table
    assert "store_unavailable" not in table


def test_the_history_is_paged_by_where_a_page_ends(mara: Looker, acme: Acme) -> None:
    """What comes meanwhile moves nothing from one page to the next."""
    ids = ran(acme, run_list_page.PER_PAGE + 2)
    first = listed(mara)
    ran(acme, 5)

    second = listed(mara, f"?before={first[-1]}")

    assert [*first, *second] == ids[::-1]
    assert f"/runs?before={first[-1]}" not in mara.get(f"/runs?before={first[-1]}").text
    assert 'href="/runs">Newest runs' in mara.get(f"/runs?before={first[-1]}").text


def test_what_is_rare_is_looked_for_some_way_back_at_a_time(
    mara: Looker, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_list_page, "LOOKED_THROUGH", 3)
    [rare] = ran(acme, source=Source.MANUAL)
    common = ran(acme, 4, minutes=30)

    text = mara.get("/runs?source=manual").text

    assert "Looked at the runs back to" in text
    assert f'href="/runs?source=manual&amp;before={common[1]}" rel="next">Look further back' in text
    assert listed(mara, f"?source=manual&before={common[1]}") == [rare]
    assert "Look further back" not in mara.get("/runs?source=manual&within=hour&before=2").text


@pytest.mark.parametrize("query", ["?inbox=x&source=by_hand", "?before=-1&outcome=x", "?reason=not_open&within=x"])
def test_what_makes_no_sense_asks_for_nothing(mara: Looker, acme: Acme, query: str) -> None:
    ids = ran(acme)

    assert listed(mara, query) == ids


def test_a_filter_redraws_the_list_alone(mara: Looker, acme: Acme) -> None:
    ran(acme)

    answer = mara.get("/runs?source=periodic&outcome=", headers=HTMX)

    assert answer.text.startswith("<section")
    assert answer.headers["HX-Replace-Url"] == "/runs?source=periodic"
    assert "No run fits" in mara.get("/runs?source=manual", headers=HTMX).text


def test_an_empty_history_says_how_runs_begin(mara: Looker) -> None:
    assert "No run yet. They start by themselves" in mara.get("/runs").text


def test_runs_are_for_the_supervisors_of_their_account(mara: Looker, ana: Looker, acme: Acme) -> None:
    stranger = {"account_id": acme.account_id + 1, "inbox_id": acme.stranger_inbox_id}
    [theirs] = ran(acme, **stranger)

    assert ana.get("/runs").status_code == 403
    assert ana.get("/runs/1").status_code == 403
    assert mara.get(f"/runs/{theirs}").status_code == 404
    assert listed(mara) == []


def test_a_run_is_shown_batch_by_batch_with_the_why_of_every_decision(mara: Looker, acme: Acme) -> None:
    """E46, E47"""
    acme.policy("Support", fair_distribution_limit=9)
    acme.capacity("Ana", {"Support": 2})
    acme.online("Ana", "Bo", at=clock.now())
    ids = waiting_for(acme, 5, minutes=9, subject="Parcel")
    acme.work = replace(acme.work, settings=replace(acme.work.settings, bulk_limit=2))
    acme.run(at=clock.now())

    first, last = mara.get("/runs/1").text, mara.get("/runs/1?batch=3").text

    assert "Batch 1 of 3" in first
    assert f'<a href="/conversations/{ids[0]}">Parcel</a>' in first
    assert first.count("Of 2 eligible agents, it was their turn.") == 2
    assert '<td class="num" data-label="open here">0 of 2</td>' in first
    assert '<span class="presence" data-presence="offline">offline</span>' in first
    assert "Batch 3 of 3" in last
    assert "at capacity, holds 2 of 2 here" in last
    assert "Nobody else was eligible." in last
    assert "2 of 9" in last


def test_what_nobody_was_left_for_says_so(mara: Looker, acme: Acme) -> None:
    """E18, E47"""
    acme.policy("Support")
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 2, minutes=9)
    acme.run(at=clock.now())

    page = mara.get("/runs/1").text

    assert "Waiting because the only online agent of Support is at capacity." in page
    assert "<tr><td>all at capacity</td>" in page


def test_a_past_run_is_told_as_it_was_whatever_has_changed_since(mara: Looker, acme: Acme) -> None:
    """E47"""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=9)
    acme.run(at=clock.now())
    decided = mara.get("/runs/1").text.split('id="agents"')[1]

    acme.leave("Support", "Ana")
    acme.change_agent("Bo", availability=Presence.BUSY)

    assert mara.get("/runs/1").text.split('id="agents"')[1] == decided


def test_a_run_that_looked_at_nothing_says_why(mara: Looker, acme: Acme) -> None:
    """E1"""
    acme.run(at=clock.now())

    assert "It looked at nothing: no assignment policy." in mara.get("/runs/1").text


def test_a_large_batch_is_paged_in_a_fixed_number_of_queries(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    acme.online("Ana", "Bo", at=clock.now())
    waiting_for(acme, 130, minutes=99)
    acme.work = replace(acme.work, settings=replace(acme.work.settings, bulk_limit=1_000))
    acme.run(at=clock.now())
    waiting_for(acme, 1, minutes=9)
    acme.run(at=clock.now())

    def asked(path: str) -> int:
        with statements(mara.session()) as seen:
            mara.get(path)
        return len(seen)

    assert mara.get("/runs/1?page=2").text.count("it was their turn") == 30
    assert asked("/runs/1") == asked("/runs/1?page=2") == asked("/runs/2") <= 8
    assert asked("/runs") <= 8


def test_what_somebody_else_changed_meanwhile_is_not_said_to_be_given(mara: Looker, acme: Acme) -> None:
    """E25: planned for Ana, and no longer in the ledger."""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=9)
    acme.run(at=clock.now())
    acme.work.session.execute(update(Assignment).values(run_id=None, position=None))
    acme.work.session.commit()

    page = mara.get("/runs/1").text

    assert "Not written: it was changed by somebody else meanwhile." in page
