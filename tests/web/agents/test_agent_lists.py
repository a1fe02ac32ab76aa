"""The list of agents: found by name, place and presence."""

import pytest
from sqlalchemy import insert

from dashboard import clock
from dashboard.engine.model import Presence, Role
from dashboard.store.models import AccountUser, Inbox, InboxMember
from tests.desks import Acme, add_user
from tests.pages import HTMX, Looker


def shown_in(text: str, *names: str) -> list[str]:
    return [name for name in names if f">{name}</a>" in text]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("text=o", ["Bo", "Cleo", "Dov"]),
        ("inbox={sales}", ["Ana", "Bo"]),
        ("team={team}", ["Dov"]),
        ("presence=online", ["Ana"]),
        ("presence=busy", ["Bo"]),
        ("presence=deactivated", ["Gus"]),
        ("presence=nonsense&page=x", ["Ana", "Bo", "Cleo", "Dov"]),
        ("text=nobody", []),
    ],
)
def test_agents_are_found_by_name_inbox_team_and_presence(
    mara: Looker, acme: Acme, *, asked: str, expected: list[str]
) -> None:
    acme.team("Night", "Dov")
    acme.agents["Gus"] = add_user(acme.work.session, acme.account_id, "Gus", active=False)
    acme.online("Ana", "Bo", at=clock.now())
    acme.change_agent("Bo", availability=Presence.BUSY)

    text = mara.get(f"/agents?{asked.format(sales=acme.sales, team=acme.teams['Night'])}").text

    assert shown_in(text, "Ana", "Bo", "Cleo", "Dov", "Gus") == expected


def test_the_list_tells_load_limits_and_places(mara: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 3}, conversation_limit=9)
    acme.held("Ana", 2)

    text = mara.get("/agents?text=ana", headers=HTMX).text

    assert text.startswith("<section")
    assert f'href="/conversations?status=open&amp;assignee={acme.agents["Ana"]}">2</a>' in text
    assert f'href="/capacity/{policy_id}">Limits of Ana</a>' in text
    assert f'href="/inboxes/{acme.support}">Support</a>' in text


def test_nobody_is_found_by_what_they_answer_in_another_account(mara: Looker, acme: Acme) -> None:
    """Ana works for Globex as well. Seen to fail where the member's account was not looked at."""
    session, there = acme.work.session, acme.stranger_inbox_id
    globex = session.get_one(Inbox, there).account_id
    ana = {"account_id": globex, "user_id": acme.agents["Ana"]}
    facts = {"name": "Ana", "email": "ana@globex.example", "role": Role.AGENT, "availability": Presence.ONLINE}
    session.execute(insert(AccountUser).values(log_in_id=acme.agents["Ana"], **facts, **ana))
    session.execute(insert(InboxMember).values(inbox_id=there, **ana))
    session.commit()

    assert shown_in(mara.get(f"/agents?inbox={there}").text, "Ana", "Bo") == []
