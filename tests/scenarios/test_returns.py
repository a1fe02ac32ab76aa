"""A conversation that nobody answers goes round the agents, by the API, the scheduler and a worker."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

import app as composition
from dashboard.store.models import Conversation
from tests.scenarios.conftest import Helpdesk
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("at_work")
LONGER = timedelta(minutes=2)


def let_pass(application: Flask, ids: list[int]) -> None:
    """Let two minutes pass since these conversations were assigned."""
    with application.app_context():
        earlier = update(Conversation).values(assigned_at=Conversation.assigned_at - LONGER)
        composition.db.session.execute(earlier.where(Conversation.id.in_(ids)))
        composition.db.session.commit()


def comes_back(helpdesk: Helpdesk, application: Flask, conversation_id: int, times: int) -> None:
    """Let the conversation come back, and be assigned again."""
    let_pass(application, [conversation_id])
    eventually(lambda: helpdesk.call("GET", f"/conversations/{conversation_id}")["returns"] == times)
    eventually(lambda: helpdesk.who([conversation_id]) != ["-"])


def reasons(helpdesk: Helpdesk, conversation_id: int) -> list[str | None]:
    rows = helpdesk.call("GET", f"/conversations/{conversation_id}/assignments")["data"]
    return [row["reason"] for row in reversed(rows)]


@pytest.mark.gate
def test_what_nobody_answers_goes_to_each_agent_once_and_stays_after_its_most_returns(
    helpdesk: Helpdesk, application: Flask
):
    """E64, E65: the answered one stays, and a later one shows that the check has passed the one that is used up."""
    inbox = helpdesk.inbox("Support", "Ana", "Bo", "Cleo", return_after=1, max_returns=2)
    silent, answered = helpdesk.bring(inbox, 2)
    helpdesk.settles(inbox)
    had, other = [helpdesk.who([silent])[0]], helpdesk.who([answered])
    helpdesk.post(f"/conversations/{answered}/messages", {"message_type": "outgoing"})

    for turn in (1, 2):
        comes_back(helpdesk, application, silent, turn)
        had += helpdesk.who([silent])
    [later] = helpdesk.bring(inbox, 1)
    helpdesk.settles(inbox)
    let_pass(application, [silent, answered])
    comes_back(helpdesk, application, later, 1)
    told = helpdesk.call("GET", f"/conversations/{silent}/explanation")

    assert sorted(had) == ["Ana", "Bo", "Cleo"]
    assert helpdesk.who([silent, answered]) == [had[-1], *other]
    assert reasons(helpdesk, silent) == [None, "no_reply", None, "no_reply", None]
    assert told["sentence"].endswith(
        "It came back 2 times, as often as its policy allows, and stays although nobody answers."
    )
    verdicts = {agent["name"]: agent["verdict"] for agent in told["agents"]}
    assert [verdicts[name] for name in had] == ["had_it", "had_it", "eligible"]
