"""Teams' pages: made, changed, removed with what that comes to in numbers, and who belongs to them."""

import pytest
from sqlalchemy import select

from dashboard import clock
from dashboard.engine.model import AssignmentType
from dashboard.services.inboxes import members
from dashboard.services.inboxes.members import Owner, OwnerKind
from dashboard.store.models import Team
from tests.counting import statements
from tests.desks import Acme, add_user
from tests.pages import HTMX, Looker, waiting_for


def members_of(acme: Acme, team: str) -> list[str]:
    found = members.show(acme.work, acme.account_id, Owner(OwnerKind.TEAM, acme.teams[team]))
    acme.work.session.rollback()
    assert found
    return acme.names(found.user_ids)


def team_called(acme: Acme, name: str) -> Team | None:
    found = acme.work.session.scalar(select(Team).where(Team.name == name).execution_options(populate_existing=True))
    acme.work.session.rollback()
    return found


def test_the_list_tells_who_belongs_what_waits_and_how_it_is_given_out(mara: Looker, acme: Acme) -> None:
    team_id = acme.team("Billing", "Ana", "Bo", "Cleo", "Dov", assignment_type=AssignmentType.MANUAL)
    waiting_for(acme, 2, minutes=3, team_id=team_id)

    text = mara.get("/teams").text

    assert f'href="/teams/{team_id}">Billing' in text
    assert "Ana, Bo, Cleo" in text
    assert "and 1 more" in text
    assert "by hand" in text
    assert f'href="/conversations?status=waiting&amp;team={team_id}">2</a>' in text


def test_a_team_is_made_and_then_changed(mara: Looker, acme: Acme) -> None:
    """E12, E17"""
    made = mara.post("/teams", {"name": "Billing", "assignment_type": "round_robin", "maximum": ""})
    team = team_called(acme, "Billing")
    assert team
    assert made.location == f"/teams/{team.id}"
    mara.post(made.location, {"name": "Billing", "assignment_type": "manual", "maximum": "7"})

    team = team_called(acme, "Billing")
    assert team
    assert (team.assignment_type, team.max_auto_assigned_conversations) == (AssignmentType.MANUAL, 7)


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ({"name": "", "assignment_type": "manual", "maximum": "12"}, "wrong-name"),
        ({"name": "Night", "assignment_type": "manual", "maximum": "many"}, "wrong-max_auto_assigned_conversations"),
        ({"name": "Night", "assignment_type": "later", "maximum": "12"}, "wrong-assignment_type"),
    ],
)
def test_what_makes_no_sense_is_marked_and_nothing_typed_is_lost(
    mara: Looker, acme: Acme, *, typed: dict[str, object], named: str
) -> None:
    team_id = acme.team("Billing")

    for answer in (mara.post("/teams", typed), mara.post(f"/teams/{team_id}", typed)):
        assert answer.status_code == 422
        assert f'id="{named}"' in answer.text
        assert f'name="maximum" value="{typed["maximum"]}"' in answer.text
    assert team_called(acme, "Billing")
    assert not team_called(acme, "Night")


def test_members_are_added_by_name_and_removed(mara: Looker, acme: Acme) -> None:
    path = f"/teams/{acme.team('Billing', 'Ana')}"

    added = mara.post(f"{path}/members", {"user_id": "cle"})
    assert (added.status_code, added.location) == (303, path)
    assert members_of(acme, "Billing") == ["Ana", "Cleo"]
    shown = mara.get(path).text
    removed = mara.post(f"{path}/members/{acme.agents['Ana']}/removal", headers=HTMX)

    assert "Cleo was added to this team." in shown
    assert removed.text.lstrip().startswith('<article id="team"')
    assert members_of(acme, "Billing") == ["Cleo"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Type the name of an agent."),
        ("zz", "No active agent&#39;s name has “zz” in it."),
        ("o", "Several are meant by “o”: Bo, Cleo, Dov"),
        ("999999", "No active agents of the account: 999999."),
    ],
)
def test_a_name_that_means_nobody_or_several_is_told_and_kept(mara: Looker, acme: Acme, typed: str, said: str) -> None:
    path = f"/teams/{acme.team('Billing')}"

    answer = mara.post(f"{path}/members", {"user_id": typed})

    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed}" placeholder' in answer.text
    assert members_of(acme, "Billing") == []


def test_who_shares_a_name_is_told_apart_by_a_number(mara: Looker, acme: Acme) -> None:
    path = f"/teams/{acme.team('Billing')}/members"
    other = acme.agents["Other"] = add_user(acme.work.session, acme.account_id, "Other")
    acme.change_agent("Other", name="bo")

    unclear = mara.post(path, {"user_id": "Bo"})
    mara.post(path, {"user_id": f"bo #{other}"})

    assert f"bo #{other}" in unclear.text
    found = members.show(acme.work, acme.account_id, Owner(OwnerKind.TEAM, acme.teams["Billing"]))
    assert found
    assert found.user_ids == (other,)


def test_the_page_tells_that_no_member_answers_an_inbox_where_something_waits(mara: Looker, acme: Acme) -> None:
    """E11"""
    team_id = acme.team("Billing", "Cleo")
    waiting_for(acme, 1, minutes=3, inbox="Sales", team_id=team_id)

    assert "no member answers this inbox" in mara.get(f"/teams/{team_id}").text


def test_deleting_says_what_happens_in_numbers_and_then_does_it(mara: Looker, acme: Acme) -> None:
    team_id = acme.team("Billing", "Ana", "Bo")
    acme.held("Ana", 1, team_id=team_id)
    waiting_for(acme, 2, minutes=1, team_id=team_id)
    text = mara.get(f"/teams/{team_id}").text
    assert "2 agents will no longer belong to it but keep their conversations. 3 open conversations belong" in text
    assert "3 open conversations belong to no team then; 2 of them wait and go to the members of their inboxes" in text

    answer = mara.post(f"/teams/{team_id}/deletion")

    assert answer.location == "/teams"
    assert team_called(acme, "Billing") is None


def test_agents_and_strangers_see_and_change_nothing(mara: Looker, ana: Looker, acme: Acme) -> None:
    path = f"/teams/{acme.team('Billing', 'Ana')}"
    forms: list[tuple[str, dict[str, object]]] = [
        (path, {"name": "Mine", "assignment_type": "manual"}),
        (f"{path}/members", {"user_id": "Bo"}),
        (f"{path}/members/{acme.agents['Ana']}/removal", {}),
        (f"{path}/deletion", {}),
    ]
    for address, given in forms:
        assert ana.post(address, given).status_code == 403
        assert mara.post(address.replace(path, "/teams/987654"), given).status_code == 404
    for address in ("/teams", "/teams/new", path, "/agents/names?field=a&a=B"):
        assert ana.get(address).status_code == 403
    assert ana.post("/teams", {"name": "Mine"}).status_code == 403
    assert mara.get("/teams/987654").status_code == 404
    assert members_of(acme, "Billing") == ["Ana"]


def test_the_number_of_queries_does_not_grow(mara: Looker, acme: Acme) -> None:
    team_id = acme.team("Billing", "Ana")

    def asked(path: str) -> int:
        with statements(mara.session()) as seen:
            assert mara.get(path).status_code == 200
        return len(seen)

    paths = ("/teams", f"/teams/{team_id}")
    before = [asked(path) for path in paths]
    for number in range(60):
        acme.agents[f"More{number}"] = add_user(acme.work.session, acme.account_id, f"More{number}")
    acme.team("Night", *(name for name in acme.agents if name.startswith("More")))
    waiting_for(acme, 5, minutes=1, team_id=acme.teams["Night"])

    assert [asked(path) for path in ("/teams", f"/teams/{acme.teams['Night']}")] == before
    assert "page=2" in mara.get(f"/teams/{acme.teams['Night']}").text


def test_a_field_suggests_members_of_its_inbox_first(mara: Looker, acme: Acme) -> None:
    text = mara.get(f"/agents/names?field=user_id&user_id=o&inbox={acme.sales}", headers=HTMX).text

    assert [text.index(name) for name in ("Bo", "Cleo", "Dov")] == sorted(text.index(n) for n in ("Bo", "Cleo", "Dov"))
    assert "Ana" not in text


def test_while_presence_cannot_be_read_the_rest_of_the_page_is_there(mara: Looker, acme: Acme) -> None:
    """E42"""
    acme.online("Ana", at=clock.now())
    team_id = acme.team("Billing", "Ana")
    acme.work.heartbeats._redis.set(f"{{acct:{acme.account_id}}}:presence", "broken")

    text = mara.get(f"/teams/{team_id}").text

    assert "unknown" in text
    assert "Ana" in text
