"""A connection's page: how it stands, its figures and its acts; and what other pages tell of helpdesks."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select

from dashboard import clock
from dashboard.engine.model import ConnectionMode
from dashboard.store.models import (
    ConnectedAgent,
    ConnectedInbox,
    Connection,
    ConnectionConflict,
    ConnectionEvent,
    HelpdeskWrite,
    Inbox,
    ShadowDecision,
)
from dashboard.store.models.connections import ConnectionState
from dashboard.store.models.helpdesk_writes import WriteState
from tests.connected import Connected, connect
from tests.desks import Acme
from tests.pages import HTMX, Looker

AT = "/settings/connections"
STEPS = ("checks", "inboxes", "agents", "own_assignment", "sync")
ACTS = ("modes", "pause", "reading", "secret", "absence", "deletion", "checks", "credentials", "agents", "")
QUESTION = {"kind": "agents", "count": 4, "of": 9, "where": "", "sentence": "4 of 9 agents are missing."}


@pytest.fixture
def desk(acme: Acme) -> Connected:
    """A helpdesk with Support in it, live and read just now."""
    return connect(acme, read_at=clock.now(), state_since=clock.now())


def add(acme: Acme, model: type, **values: object) -> None:
    acme.work.session.execute(insert(model).values(account_id=acme.account_id, **values))
    acme.work.session.commit()


def write(acme: Acme, desk: Connected, conversation_id: int, state: WriteState, **more: object) -> None:
    """Make a write of Ana's claim, two seconds ago."""
    at = clock.now() - timedelta(seconds=2)
    values = {"connection_id": desk.id, "conversation_id": conversation_id, "inbox_id": acme.support, "kind": "claim"}
    add(acme, HelpdeskWrite, **values, agent_id=acme.agents["Ana"], state=state, at=at, due_at=at, **more)


def test_the_list_tells_of_each_connection_how_it_stands_and_its_inboxes(mara: Looker, desk: Connected) -> None:
    """C21"""
    desk.change(state=ConnectionState.BROKEN, sentence="The token was revoked.")

    page = mara.get(AT).text

    assert "Our desk" in page
    assert "Libredesk" in page
    assert 'data-level="action">broken<' in page
    assert "The token was revoked." in page
    assert "1 live" in page


@pytest.mark.parametrize(
    ("state", "level"),
    [("ready", "calm"), ("degraded", "attention"), ("paused", "attention"), ("broken", "action")],
)
def test_one_line_tells_how_it_stands_in_a_colour_and_a_sentence(
    mara: Looker, desk: Connected, state: str, level: str
) -> None:
    """C21"""
    desk.change(state=ConnectionState(state), sentence="So it is.")

    page = mara.get(f"{AT}/{desk.id}").text

    assert f'class="health" data-level="{level}">{state}<' in page
    assert "So it is." in page


def test_the_page_has_writes_not_done_with_why_and_conflicts_with_both_names(
    mara: Looker, acme: Acme, desk: Connected
) -> None:
    """C21, C15"""
    [one] = desk.waiting(1, subject="Where is it?")
    write(acme, desk, one, WriteState.REFUSED, reason="That user may not own tickets.")
    add(acme, ConnectionConflict, connection_id=desk.id, conversation_id=one, at=clock.now(), ours="Ana", theirs="Mira")

    page = mara.get(f"{AT}/{desk.id}").text

    assert "That user may not own tickets." in page
    assert "Where is it?" in page
    assert "<td>Mira</td><td>Ana</td>" in page


def test_events_are_closed_and_come_in_pages_of_which_the_last_ends_at_200(
    mara: Looker, acme: Acme, desk: Connected
) -> None:
    """C21"""
    rows = [
        {
            "account_id": acme.account_id,
            "connection_id": desk.id,
            "at": clock.now(),
            "kind": "poll",
            "cause": f"n{n:03}",
        }
        for n in range(230)
    ]
    acme.work.session.execute(insert(ConnectionEvent), rows)
    acme.work.session.commit()

    first, last, beyond = (mara.get(f"{AT}/{desk.id}?events={page}").text for page in (1, 4, 5))

    assert 'class="removal events">' in mara.get(f"{AT}/{desk.id}").text
    assert 'class="removal events" open>' in first
    assert "n229" in first
    assert "n030" in last
    assert "n029" not in last
    assert "n030" in beyond


def test_the_shadow_report_has_agreement_minutes_and_both_shares(mara: Looker, acme: Acme, desk: Connected) -> None:
    """C19, C21"""
    desk.change_inbox(mode=ConnectionMode.SHADOW)
    at, took = clock.now() - timedelta(minutes=30), clock.now() - timedelta(minutes=10)
    for one, taker in zip(desk.waiting(2), ("Ana", "Bo"), strict=True):
        taken = {"taken_by_id": acme.agents[taker], "taken_by": taker, "taken_at": took, "closed_at": took}
        values = {"inbox_id": acme.support, "conversation_id": one, "agent_id": acme.agents["Ana"], "at": at}
        add(acme, ShadowDecision, **values, **taken)

    page = mara.get(f"{AT}/{desk.id}").text

    assert "1 of 2 conversations were taken by the agent on whom Evenhand had decided (50 %)." in page
    assert "<dt>minutes saved</dt><dd>40</dd>" in page
    assert 'data-label="ours">2</td>' in page
    assert 'data-label="theirs">1</td>' in page


def test_the_live_part_is_polled_and_forms_that_are_typed_in_are_beside_it(uma: Looker, desk: Connected) -> None:
    """C21"""
    page = uma.get(f"{AT}/{desk.id}").text
    live = uma.get(f"{AT}/{desk.id}", headers=HTMX)

    same = uma.get(f"{AT}/{desk.id}", headers={**HTMX, "HX-PTag": live.headers["HX-PTag"]})

    assert page.count("data-live") == 1
    assert same.status_code == 304
    assert 'name="calls_per_second"' in page
    assert 'name="calls_per_second"' not in live.text
    assert 'id="disconnect"' not in live.text


def test_going_live_is_refused_with_its_reason_and_shadow_is_not(uma: Looker, desk: Connected) -> None:
    """C19"""
    desk.change(imported_at=None)
    desk.change_inbox(mode=ConnectionMode.SHADOW)
    form = {"external_id": f"i{desk.acme.support}"}

    shown = uma.get(f"{AT}/{desk.id}").text
    live = uma.post(f"{AT}/{desk.id}/modes", {**form, "mode": "live"}, headers=HTMX)
    off = uma.post(f"{AT}/{desk.id}/modes", {**form, "mode": "off"})

    assert "Not yet: The first sync has not ended." in shown
    assert live.status_code == 409
    assert "The first sync has not ended" in live.text
    assert off.status_code == 303


def test_writing_that_two_engines_stopped_goes_on_when_a_person_says_so(uma: Looker, desk: Connected) -> None:
    """C16, C21"""
    desk.change_inbox(stopped_at=clock.now(), mode=ConnectionMode.SHADOW)

    stopped = uma.get(f"{AT}/{desk.id}").text
    uma.post(f"{AT}/{desk.id}/modes", {"external_id": f"i{desk.acme.support}", "mode": "shadow"})

    assert "Two engines" in stopped
    assert "Write again" in stopped
    assert "Two engines" not in uma.get(f"{AT}/{desk.id}").text
    assert "stop of two engines" in uma.get("/audit").text


def test_a_pause_is_ended_by_the_same_place(uma: Looker, desk: Connected) -> None:
    """C21"""
    uma.post(f"{AT}/{desk.id}/pause", {"paused": "yes"})
    paused = uma.get(f"{AT}/{desk.id}").text
    uma.post(f"{AT}/{desk.id}/pause")

    assert ">Resume<" in paused
    assert ">Pause<" in uma.get(f"{AT}/{desk.id}").text.partition('class="acts several"')[2]


def test_sync_now_makes_everything_due(uma: Looker, desk: Connected) -> None:
    """C21"""
    answer = uma.post(f"{AT}/{desk.id}/reading", headers=HTMX)

    assert "Everything is read again now." in answer.text


def test_a_question_is_red_and_a_person_answers_it(uma: Looker, desk: Connected) -> None:
    """C9"""
    desk.change(question=QUESTION, state=ConnectionState.DEGRADED)
    asked = uma.get(f"{AT}/{desk.id}").text

    uma.post(f"{AT}/{desk.id}/absence", {"gone": ""})
    still = uma.get(f"{AT}/{desk.id}").text
    uma.post(f"{AT}/{desk.id}/absence", {"gone": "yes"})
    answered = uma.get(f"{AT}/{desk.id}").text

    for page in (asked, still):
        assert "4 of 9 agents are missing." in page
        assert "They are gone" in page
        assert "Look again" in page
    assert "They are gone" not in answered


def test_settings_are_saved_and_refused_ones_are_shown_as_typed(uma: Looker, desk: Connected) -> None:
    """C22"""
    typed = {"name": "Front desk", "note": "off", "quiet_seconds": "10", "calls_per_second": "7"}
    saved = uma.post(f"{AT}/{desk.id}", typed)
    refused = uma.post(f"{AT}/{desk.id}", {**typed, "calls_per_second": "1001"})

    page = uma.get(f"{AT}/{desk.id}").text
    assert saved.status_code == 303
    assert "Front desk" in page
    assert '<option value="10" selected>10 s</option>' in page
    assert refused.status_code == 422
    assert 'value="1001"' in refused.text


def test_a_disconnection_says_in_numbers_what_stays_and_ends_it(uma: Looker, desk: Connected) -> None:
    """C19, C21"""
    desk.waiting(3)
    page = uma.get(f"{AT}/{desk.id}").text

    answer = uma.post(f"{AT}/{desk.id}/deletion", {"keep": "yes"})

    assert "Keep 1 inbox and 3 conversations here" in page
    assert answer.location == AT
    assert uma.get(f"{AT}/{desk.id}").status_code == 404
    assert uma.get(f"/inboxes/{desk.acme.support}").status_code == 200


def test_supervisors_read_and_administrators_change(mara: Looker, desk: Connected) -> None:
    """C22"""
    page = mara.get(f"{AT}/{desk.id}")

    assert page.status_code == 200
    assert "<form" not in page.text.partition("<main")[2]
    for step in (*STEPS, "checks/webhook"):
        assert mara.get(f"{AT}/{desk.id}/{step}").status_code == 403, step
    for act in ACTS:
        assert mara.post(f"{AT}/{desk.id}/{act}".rstrip("/")).status_code == 403, act
    assert mara.get(f"{AT}/new").status_code == 403
    assert mara.post(AT).status_code == 403


def test_agents_see_no_connection(ana: Looker, desk: Connected) -> None:
    """C22"""
    for path in (AT, f"{AT}/new", f"{AT}/{desk.id}", *(f"{AT}/{desk.id}/{step}" for step in STEPS)):
        assert ana.get(path).status_code == 403, path


def test_another_accounts_connection_is_nowhere(uma: Looker, acme: Acme) -> None:
    """C2, C22"""
    for path in (f"{AT}/7", *(f"{AT}/7/{step}" for step in STEPS)):
        assert uma.get(path).status_code == 404, path
    for act in ACTS:
        typed = {"mode": "off", "external_id": "1", "name": "x", "agent": "Ana", "quiet_seconds": "1"}
        answer = uma.post(f"{AT}/7/{act}".rstrip("/"), {**typed, "calls_per_second": "1", "do": "new"})
        assert answer.status_code == 404, act


def test_neither_the_secret_nor_the_question_of_another_account_is_answered(
    uma: Looker, acme: Acme, desk: Connected
) -> None:
    """C2, C9: its connection exists."""
    desk.change(question=QUESTION, state=ConnectionState.DEGRADED, account_id=globex(acme))
    for act, typed in (("secret", {}), ("absence", {"gone": "yes"}), ("absence", {"gone": ""})):
        assert uma.post(f"{AT}/{desk.id}/{act}", typed).status_code == 404, act

    assert acme.work.session.get_one(Connection, desk.id).question == QUESTION


def globex(acme: Acme) -> int:
    """Return the stranger's account, after Acme's rows of the connection are gone."""
    for model in (ConnectedAgent, ConnectedInbox):
        acme.work.session.execute(delete(model))
    return acme.work.session.scalars(select(Inbox.account_id).where(Inbox.id == acme.stranger_inbox_id)).one()


def test_on_the_board_a_connected_inbox_carries_its_helpdesk_and_mode(mara: Looker, desk: Connected) -> None:
    """C21"""
    live = mara.get("/").text
    desk.change_inbox(mode=ConnectionMode.SHADOW)
    desk.acme.work.signals.live.bump(desk.acme.account_id)

    shadow = mara.get("/").text

    assert 'data-mode="live" title="In Our desk: live"' in live
    assert 'data-mode="shadow" title="In Our desk: shadow"' in shadow
    assert live.count('class="mode"') == 1


def test_on_the_board_an_unhealthy_connection_is_a_red_line_with_a_link(
    mara: Looker, ana: Looker, desk: Connected
) -> None:
    """C21, C18"""
    desk.change(state=ConnectionState.BROKEN, sentence="The token was revoked.")

    page = mara.get("/").text

    assert f'<p class="saying" data-level="action"><a href="{AT}/{desk.id}">Our desk</a>' in page
    assert "The token was revoked." in page
    assert "The token was revoked." not in ana.get("/").text


@pytest.mark.parametrize(
    ("state", "reason", "told"),
    [
        (WriteState.WRITING, None, ">writing<"),
        (WriteState.LOST_RACE, "lost to Mira", "lost to Mira"),
        (WriteState.FAILED, "the agent is nobody there", "the agent is nobody there"),
    ],
)
def test_a_conversation_tells_of_its_write(
    mara: Looker, desk: Connected, *, state: WriteState, reason: str | None, told: str
) -> None:
    """C13, C14, C21"""
    [one] = desk.held("Ana", 1)
    write(desk.acme, desk, one, state, reason=reason)

    assert told in mara.get(f"/conversations/{one}").text


def test_a_written_conversation_tells_how_much_later(mara: Looker, acme: Acme, desk: Connected) -> None:
    """C21"""
    [one] = desk.held("Ana", 1)
    at = clock.now()
    values = {"connection_id": desk.id, "conversation_id": one, "inbox_id": acme.support, "kind": "claim", "due_at": at}
    done = {"written_at": at + timedelta(seconds=0.4), "confirmed_at": at + timedelta(seconds=0.9)}
    add(acme, HelpdeskWrite, **values, **done, agent_id=acme.agents["Ana"], state="written", at=at)

    assert "written 0.40 s later" in mara.get(f"/conversations/{one}").text


def test_a_shadow_conversation_tells_who_would_have_got_it_and_who_took_it(
    mara: Looker, acme: Acme, desk: Connected
) -> None:
    """C19, C21"""
    desk.change_inbox(mode=ConnectionMode.SHADOW)
    [one] = desk.waiting(1)
    values = {"inbox_id": acme.support, "conversation_id": one, "agent_id": acme.agents["Ana"], "at": clock.now()}
    add(acme, ShadowDecision, **values, taken_by="Olga", taken_at=clock.now(), closed_at=clock.now())

    page = mara.get(f"/conversations/{one}").text

    assert "would have got it" in page
    assert "Olga took it there" in page


def test_a_held_conversation_says_until_when_and_why(mara: Looker, acme: Acme, desk: Connected) -> None:
    """C11, C15, C21"""
    [settling, off] = desk.waiting(2)
    desk.hold([settling], clock.now() + timedelta(seconds=30))
    desk.hold([off], clock.now() + timedelta(minutes=10), "hands_off")

    pages = [mara.get(f"/conversations/{one}").text for one in (settling, off)]

    assert "Held until" in pages[0]
    assert "rules and bots in Our desk" in pages[0]
    assert "Hands off until" in pages[1]
