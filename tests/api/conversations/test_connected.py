"""Conversations of a helpdesk in the API: where they are there, what was written, what only the helpdesk changes."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from dashboard import clock
from dashboard.engine.model import ConnectionMode
from dashboard.services.helpdesks.credentials import Secrets, seal
from dashboard.store.models import HelpdeskWrite, ShadowDecision
from dashboard.store.models.helpdesk_writes import WriteKind, WriteState
from tests.api.conftest import Caller
from tests.connected import URL, Connected, connect
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded

DECIDES = "Our desk decides the status, labels, priority, team and inbox of its conversations"


@pytest.fixture
def desk(acme: Acme) -> Connected:
    secrets = Secrets(credentials={"api_key": "k", "api_secret": "s"})
    return connect(acme, read_at=clock.now(), sealed=seal(secrets, acme.work.settings.secret_key))


def add(acme: Acme, model: type, **values: object) -> None:
    acme.work.session.execute(insert(model).values(account_id=acme.account_id, inbox_id=acme.support, **values))
    acme.work.session.commit()


def test_a_conversation_tells_where_it_is_in_the_helpdesk(supervisor: Caller, desk: Connected):
    """C2, C22"""
    [one] = desk.waiting(1)

    found = supervisor.get(f"/conversations/{one}").json

    assert found["external"] == {
        "connection_id": desk.id,
        "kind": "libredesk",
        "id": f"c{one}",
        "display_id": str(one),
        "url": f"{URL}/inboxes/all/conversation/c{one}",
    }
    assert (found["write"], found["shadow"]) == (None, None)


def test_a_conversation_of_ours_has_none_of_it(supervisor: Caller, acme: Acme):
    """C22"""
    [one] = acme.waiting(1)

    found = supervisor.get(f"/conversations/{one}").json

    assert [found[name] for name in ("external", "write", "shadow")] == [None, None, None]


def test_with_unreadable_credentials_only_the_address_is_missing(supervisor: Caller, desk: Connected):
    """C3, C22"""
    [one] = desk.waiting(1)
    desk.change(sealed="damaged")

    external = supervisor.get(f"/conversations/{one}").json["external"]

    assert (external["id"], external["url"]) == (f"c{one}", None)


def test_an_assignment_by_hand_answers_with_its_write(supervisor: Caller, desk: Connected, acme: Acme, queue: Recorded):
    """C13, C22"""
    [one] = desk.waiting(1)

    answer = supervisor.post(f"/conversations/{one}/assignments", {"assignee_id": acme.agents["Ana"]})

    assert answer.status_code == 200
    assert (answer.json["write"]["state"], answer.json["write"]["reason"]) == ("writing", None)
    assert queue.writes == [(acme.account_id, desk.id)]


def test_the_last_write_and_the_last_shadow_decision_are_told(supervisor: Caller, desk: Connected, acme: Acme):
    """C22"""
    [one] = desk.waiting(1)
    wrote = {"connection_id": desk.id, "conversation_id": one, "kind": WriteKind.CLAIM, "due_at": NOON}
    add(acme, HelpdeskWrite, **wrote, state=WriteState.WRITTEN, at=NOON)
    add(acme, HelpdeskWrite, **wrote, state=WriteState.LOST_RACE, reason="lost to Zoe", at=NOON + timedelta(seconds=1))
    decided = {"conversation_id": one, "agent_id": acme.agents["Bo"], "at": NOON}
    add(acme, ShadowDecision, **decided, taken_by="Zoe", taken_at=NOON, closed_at=NOON)

    found = supervisor.get(f"/conversations/{one}").json

    assert found["write"] == {"state": "lost_race", "at": "2026-03-02T12:00:01Z", "reason": "lost to Zoe"}
    assert found["shadow"] == {
        "agent_id": acme.agents["Bo"],
        "at": "2026-03-02T12:00:00Z",
        "taken_by": "Zoe",
        "taken_at": "2026-03-02T12:00:00Z",
    }
    assert found["assignee_id"] is None


def test_a_page_of_conversations_takes_as_many_queries_as_one(supervisor: Caller, desk: Connected, acme: Acme):
    """C22"""

    def queries() -> int:
        with statements(supervisor.client.application.extensions["probe"]) as seen:
            assert supervisor.get("/conversations").status_code == 200
        return len(seen)

    desk.waiting(1)
    queries()  # the first answer also prepares the connection
    one = queries()
    desk.waiting(9)

    assert queries() == one


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("PATCH ", {"priority": 1}),
        ("PATCH ", {"labels": ["vip"]}),
        ("POST /toggle_status", {"status": "resolved"}),
        ("POST /labels", {"labels": ["vip"]}),
        ("POST /messages", {"message_type": "incoming"}),
    ],
)
def test_what_the_helpdesk_decides_is_409_with_its_name(supervisor: Caller, desk: Connected, call, body):
    """C2, C22"""
    [one] = desk.waiting(1)

    method, _, path = call.partition(" ")
    answer = supervisor(method, f"/conversations/{one}{path}", body)

    assert answer.status_code == 409
    assert answer.json["error"].startswith(DECIDES)


def test_an_assignment_by_hand_in_shadow_is_409(supervisor: Caller, desk: Connected, acme: Acme):
    """C13, C19"""
    [one] = desk.waiting(1)
    desk.change_inbox(mode=ConnectionMode.SHADOW)

    answer = supervisor.post(f"/conversations/{one}/assignments", {"assignee_id": acme.agents["Ana"]})

    assert answer.status_code == 409
    assert answer.json["error"] == "This inbox of Our desk is shadow, so nothing is assigned there from here."


def test_an_agent_without_an_id_there_is_422(supervisor: Caller, desk: Connected):
    """C13"""
    [one] = desk.waiting(1)

    answer = supervisor.post(f"/conversations/{one}/assignments", {"assignee_id": supervisor.user_id})

    assert answer.status_code == 422
    assert "assignee_id" in answer.text


def test_new_conversations_come_from_the_helpdesk_alone(supervisor: Caller, desk: Connected, acme: Acme):
    """C2"""
    single = supervisor.post("/conversations", {"inbox_id": acme.support})
    several = supervisor.post("/conversations/bulk", {"conversations": [{"inbox_id": acme.support}]})

    assert desk.id
    assert [single.status_code, several.status_code] == [409, 409]


def test_name_members_and_existence_of_its_inboxes_and_teams_belong_to_the_helpdesk(
    supervisor: Caller, desk: Connected, acme: Acme
):
    """C2, C22: switches, policies and the team's own rules stay ours."""
    team = acme.team("Billing", "Ana")
    desk.team("Billing")
    inbox, ids = f"/inboxes/{acme.support}", {"user_ids": [acme.agents["Ana"]]}

    refused = [
        supervisor.patch(inbox, {"name": "Help"}),
        supervisor.delete(inbox),
        supervisor.put(f"{inbox}/members", ids),
        supervisor.post(f"{inbox}/members", ids),
        supervisor.delete(f"{inbox}/members", ids),
        supervisor.patch(f"/teams/{team}", {"name": "Bills"}),
        supervisor.delete(f"/teams/{team}"),
        supervisor.post(f"/teams/{team}/members", ids),
    ]
    allowed = [
        supervisor.patch(inbox, {"enable_auto_assignment": False, "name": "Support"}),
        supervisor.patch(f"/teams/{team}", {"assignment_type": "manual", "max_auto_assigned_conversations": 3}),
        supervisor.patch(f"/inboxes/{acme.sales}", {"name": "Shop"}),
    ]

    assert [answer.status_code for answer in refused] == [409] * len(refused)
    assert refused[0].json["error"] == "Our desk decides the name of this inbox; change it there."
    assert [answer.status_code for answer in allowed] == [200] * len(allowed)
