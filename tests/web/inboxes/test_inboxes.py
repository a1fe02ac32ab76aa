"""Inboxes' pages: who answers, under which policy, what waits, and whether anything is given out."""

import pytest

from dashboard import clock
from dashboard.engine.model import Role
from dashboard.services.inboxes import members
from dashboard.services.inboxes.members import Owner, OwnerKind
from dashboard.store.inboxes import routing
from dashboard.store.models import Inbox
from dashboard.store.policies import assignment_policies
from tests.counting import statements
from tests.desks import Acme, add_user
from tests.pages import HTMX, Looker, waiting_for


def members_of(acme: Acme) -> tuple[int, ...]:
    found = members.show(acme.work, acme.account_id, Owner(OwnerKind.INBOX, acme.sales))
    acme.work.session.rollback()
    assert found
    return found.user_ids


def policy_of(acme: Acme) -> int | None:
    found = assignment_policies.of_inbox(acme.work.session, acme.account_id, acme.sales)
    acme.work.session.rollback()
    return found.id if found else None


def test_the_list_tells_which_switch_is_off_and_what_waits(mara: Looker, acme: Acme) -> None:
    """E1"""
    acme.policy("Support")
    waiting_for(acme, 2, minutes=1, inbox="Sales")

    text = mara.get("/inboxes").text

    assert f'href="/inboxes/{acme.support}">Support' in text
    assert "no assignment policy" in text
    assert f'href="/conversations?status=waiting&amp;inbox={acme.sales}">2</a>' in text


def test_a_page_shows_members_limits_the_queue_with_reasons_and_the_last_runs(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    acme.capacity("Ana", {"Support": 1}, excluded_labels=["vip"], exclude_older_than_hours=48)
    acme.online("Ana", at=clock.now())
    acme.held("Ana", 1)
    waiting_for(acme, 1, minutes=2, subject="Cannot log in")
    mara.post(f"/inboxes/{acme.support}/assignment_runs")

    text = mara.get(f"/inboxes/{acme.support}").text

    assert "Limits of Ana" in text
    assert "vip; older than 48 h" in text
    assert "Cannot log in" in text
    assert "all at capacity" in text
    assert 'href="/runs/1"' in text
    assert "Run assignment now" in text


def test_members_are_added_and_removed(mara: Looker, acme: Acme) -> None:
    path = f"/inboxes/{acme.sales}"

    added = mara.post(f"{path}/members", {"way": "add", "user_id": acme.agents["Cleo"]})
    assert (added.status_code, added.location) == (303, path)
    assert acme.agents["Cleo"] in members_of(acme)
    removed = mara.post(f"{path}/members", {"way": "remove", "user_id": acme.agents["Cleo"]}, headers=HTMX)

    assert removed.text.lstrip().startswith('<article id="inbox"')
    assert "Cleo was removed from this inbox." in removed.text
    assert acme.agents["Cleo"] not in members_of(acme)


def test_a_button_means_an_id_whatever_agents_are_called(mara: Looker, acme: Acme) -> None:
    ana, bo = acme.agents["Ana"], acme.agents["Bo"]
    acme.change_agent("Bo", name=f"Agent {ana}")

    mara.post(f"/inboxes/{acme.sales}/members", {"way": "remove", "user_id": ana})

    assert members_of(acme) == (bo,)


def test_a_policy_is_linked_and_unlinked(mara: Looker, acme: Acme) -> None:
    """E3"""
    policy_id = acme.policy("Support")
    waiting_for(acme, 3, minutes=1, inbox="Sales")
    path = f"/inboxes/{acme.sales}"

    mara.post(f"{path}/policy", {"way": "link", "assignment_policy_id": policy_id})
    assert policy_of(acme) == policy_id
    assert "The 3 that wait would go on waiting." in mara.get(path).text
    mara.post(f"{path}/policy", {"way": "unlink"})

    assert policy_of(acme) is None


@pytest.mark.parametrize("switch", ["account", "policy", "inbox"])
def test_each_switch_is_turned_off_and_on(mara: Looker, acme: Acme, switch: str) -> None:
    """E1"""
    acme.policy("Support", "Sales")

    def states() -> dict[str, bool]:
        found = routing.read(acme.work.session, acme.account_id, acme.sales)
        acme.work.session.rollback()
        assert found
        assert found.policy
        return {
            "account": found.inbox.assignment_v2,
            "policy": found.policy.enabled,
            "inbox": found.inbox.enable_auto_assignment,
        }

    mara.post(f"/inboxes/{acme.sales}/switches", {"switch": switch, "on": ""})
    assert states() == {name: name != switch for name in ("account", "policy", "inbox")}
    mara.post(f"/inboxes/{acme.sales}/switches", {"switch": switch, "on": "on"})

    assert all(states().values())


@pytest.mark.parametrize(
    ("part", "given", "said"),
    [
        ("members", {"way": "add", "user_id": ""}, "Type the name of an agent."),
        ("members", {"way": "add", "user_id": "999999"}, "No active agents of the account"),
        ("policy", {"way": "link", "assignment_policy_id": ""}, "Choose a policy."),
        ("policy", {"way": "link", "assignment_policy_id": "999999"}, "There is no such assignment policy"),
    ],
)
def test_what_cannot_be_is_told_in_the_same_form(
    mara: Looker, acme: Acme, *, part: str, given: dict[str, object], said: str
) -> None:
    acme.policy("Support")

    answer = mara.post(f"/inboxes/{acme.sales}/{part}", given)

    assert answer.status_code == 422
    assert said in answer.text


def test_agents_and_strangers_see_and_change_nothing(mara: Looker, ana: Looker, acme: Acme) -> None:
    forms: list[tuple[str, dict[str, object]]] = [
        ("members", {"way": "add", "user_id": acme.agents["Dov"]}),
        ("policy", {"way": "unlink"}),
        ("switches", {"switch": "inbox", "on": ""}),
    ]
    for part, given in forms:
        assert ana.post(f"/inboxes/{acme.sales}/{part}", given).status_code == 403
        assert mara.post(f"/inboxes/{acme.stranger_inbox_id}/{part}", given).status_code == 404
    assert (ana.get("/inboxes").status_code, ana.get(f"/inboxes/{acme.sales}").status_code) == (403, 403)
    assert mara.get(f"/inboxes/{acme.stranger_inbox_id}").status_code == 404
    assert "Elsewhere" not in mara.get("/inboxes").text


def test_while_presence_cannot_be_read_the_rest_of_the_page_is_there(mara: Looker, acme: Acme) -> None:
    """E42"""
    acme.policy("Support")
    waiting_for(acme, 1, minutes=5, subject="Cannot log in")
    acme.work.heartbeats._redis.set(f"{{acct:{acme.account_id}}}:presence", "broken")

    text = mara.get(f"/inboxes/{acme.support}").text

    assert "Cannot log in" in text
    assert "presence cannot be read" in text


def test_the_number_of_queries_does_not_grow(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales")
    acme.capacity("Ana", {"Support": 1})
    waiting_for(acme, 1, minutes=1)

    def asked(path: str) -> int:
        with statements(mara.session()) as seen:
            assert mara.get(path).status_code == 200
        return len(seen)

    paths = ("/inboxes", f"/inboxes/{acme.support}")
    before = [asked(path) for path in paths]
    for number in range(60):
        acme.agents[f"More{number}"] = add_user(acme.work.session, acme.account_id, f"More{number}", Role.AGENT)
    acme.join("Support", *(name for name in acme.agents if name.startswith("More")))
    waiting_for(acme, 30, minutes=9)

    assert [asked(path) for path in paths] == before
    assert "page=2" in mara.get(paths[1]).text


def test_an_inbox_is_made_renamed_and_deleted(mara: Looker, acme: Acme) -> None:
    made = mara.post("/inboxes", {"name": " Returns ", "channel": "e-mail"})
    path = made.location
    inbox_id = int(path.rsplit("/", 1)[1])

    assert made.status_code == 303
    assert "Returns was created." in mara.get(path).text
    assert f'href="/policies/new?inbox={inbox_id}"' in mara.get(path).text
    assert f'name="inbox" value="{inbox_id}" checked' in mara.get(f"/policies/new?inbox={inbox_id}").text
    assert "The inbox was saved." in mara.post(path, {"name": "Refunds", "channel": ""}, headers=HTMX).text
    row = acme.work.session.get_one(Inbox, inbox_id)
    assert (row.name, row.channel, row.enable_auto_assignment) == ("Refunds", None, True)
    acme.work.session.rollback()
    mara.post(f"{path}/members", {"way": "add", "user_id": acme.agents["Ana"]})
    assert "1 agent answers it no longer, and no capacity limits go with it." in mara.get(path).text
    assert mara.post(f"{path}/deletion").location == "/inboxes"
    assert mara.get(path).status_code == 404


def test_an_inbox_with_conversations_is_not_deleted(mara: Looker, acme: Acme) -> None:
    acme.waiting(1)

    answer = mara.post(f"/inboxes/{acme.support}/deletion")

    assert answer.status_code == 422
    assert "Support has conversations, so it cannot be deleted" in answer.text
    assert "Delete Support" not in mara.get(f"/inboxes/{acme.support}").text
    assert mara.get(f"/inboxes/{acme.support}").status_code == 200


@pytest.mark.parametrize("typed", [{"name": " "}, {"name": "x" * 256}, {"name": "A", "channel": "x" * 256}])
def test_an_inbox_without_a_fitting_name_is_refused_in_the_same_form(
    mara: Looker, acme: Acme, typed: dict[str, object]
) -> None:
    answers = [mara.post(path, typed) for path in ("/inboxes", f"/inboxes/{acme.support}")]

    assert [answer.status_code for answer in answers] == [422, 422]
    for answer in answers:
        assert f'id="wrong-{"channel" if "channel" in typed else "name"}"' in answer.text
        assert f'value="{typed["name"]}"' in answer.text


@pytest.mark.parametrize("way", ["", "/deletion"])
def test_agents_and_strangers_rename_and_delete_nothing(mara: Looker, ana: Looker, acme: Acme, way: str) -> None:
    assert ana.post(f"/inboxes/{acme.support}{way}", {"name": "Mine"}).status_code == 403
    assert mara.post(f"/inboxes/{acme.stranger_inbox_id}{way}", {"name": "Mine"}).status_code == 404
    assert (ana.post("/inboxes", {"name": "Mine"}).status_code, ana.get("/inboxes/new").status_code) == (403, 403)


def test_what_absent_agents_hold_is_shown_on_board_and_page_and_released(mara: Looker, acme: Acme) -> None:
    """E75"""
    ids = acme.held("Cleo", 2)
    board, page = mara.get("/").text, mara.get(f"/inboxes/{acme.support}").text

    said = mara.post(f"/inboxes/{acme.support}/releases", {"of": "absent"}, headers=HTMX).text

    sentence = "2 open conversations are held by 1 agent who is offline; 2 customers wait for an answer."
    assert sentence in page
    assert sentence in board
    assert f'href="/inboxes/{acme.support}#unattended"' in board
    assert "2 conversations are released." in said
    assert "unattended" not in said
    assert acme.assignees(ids) == ["-", "-"]


def test_a_release_of_nobody_in_particular_is_refused(mara: Looker, acme: Acme) -> None:
    """E75"""
    assert mara.post(f"/inboxes/{acme.support}/releases", {"of": "everybody"}).status_code == 400
