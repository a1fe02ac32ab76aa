"""Assignment policies: the cards, the form, and what it says of itself as one types."""

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.store.models import AssignmentPolicy, PolicyLink
from tests.counting import statements
from tests.desks import Acme, add_inbox
from tests.pages import HTMX, AtOnce, Looker, composed, hire, looking, waiting_for, without_redis

TYPED = {
    "name": "In turn",
    "conversation_priority": "earliest_created",
    "assignment_order": "round_robin",
    "fair_distribution_limit": "",
    "fair_distribution_window": "1",
    "unit": "hours",
    "eligible_presence": "online",
    "enabled": "on",
}


def linked(acme: Acme) -> dict[int, int]:
    """Return which policy each inbox has."""
    acme.work.session.rollback()
    rows = acme.work.session.execute(select(PolicyLink.inbox_id, PolicyLink.assignment_policy_id))
    return {row.inbox_id: row.assignment_policy_id for row in rows}


def saved(acme: Acme, policy_id: int) -> AssignmentPolicy:
    acme.work.session.rollback()
    return acme.work.session.get_one(AssignmentPolicy, policy_id, populate_existing=True)


def test_each_policy_is_a_card_with_a_sentence_and_its_inboxes(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales", fair_distribution_limit=10)

    text = mara.get("/policies").text

    assert "goes to the online agent whose turn is longest ago, at most 10 to each agent per inbox in an hour." in text
    assert "Serves Sales and Support." in text
    assert f'href="/policies/{acme.policy_id}"' in text


def test_an_account_without_policies_is_told_what_to_do(mara: Looker) -> None:
    text = mara.get("/policies").text

    assert "No assignment policy yet." in text
    assert 'href="/policies/new"' in text


def test_a_policy_is_made_with_its_inboxes(mara: Looker, acme: Acme) -> None:
    """E3"""
    wanted = {"fair_distribution_limit": "10", "fair_distribution_window": "90", "unit": "minutes"}

    answer = mara.post("/policies", {**TYPED, **wanted, "inbox": [acme.support, acme.sales]})

    policy_id = int(answer.location.rsplit("/", 1)[1])
    made = saved(acme, policy_id)
    assert answer.status_code == 303
    assert (made.name, made.fair_distribution_limit, made.fair_distribution_window) == ("In turn", 10, 5_400)
    assert linked(acme) == {acme.support: policy_id, acme.sales: policy_id}
    assert "In turn was created." in mara.get(answer.location).text


def test_the_form_shows_what_was_saved(mara: Looker, acme: Acme) -> None:
    acme.policy("Sales", fair_distribution_limit=3, fair_distribution_window=172_800, enabled=False)

    text = mara.get(f"/policies/{acme.policy_id}").text

    assert 'name="fair_distribution_window" value="2"' in text
    assert "<option selected>days</option>" in text
    assert f'name="inbox" value="{acme.sales}" checked' in text
    assert f'name="inbox" value="{acme.support}" checked' not in text
    assert 'name="enabled" checked' not in text


def test_a_change_is_saved_and_htmx_gets_the_form_and_a_toast(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    form = {**TYPED, "assignment_order": "balanced", "served": acme.support, "inbox": acme.sales}

    answer = mara.post(f"/policies/{acme.policy_id}", form, headers=HTMX)

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<article id="policy"')
    assert "In turn was saved." in answer.text
    assert saved(acme, acme.policy_id).assignment_order == "balanced"
    assert linked(acme) == {acme.sales: acme.policy_id}


def test_what_somebody_else_linked_meanwhile_stays(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales")

    mara.post(f"/policies/{acme.policy_id}", {**TYPED, "served": acme.support, "inbox": acme.support})

    assert linked(acme) == {acme.support: acme.policy_id, acme.sales: acme.policy_id}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("fair_distribution_limit", "many"),
        ("fair_distribution_limit", "-1"),
        ("fair_distribution_window", "0"),
        ("assignment_order", "loudest"),
        ("eligible_presence", "asleep"),
        ("conversation_priority", ""),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field_and_nothing_is_saved(
    mara: Looker, acme: Acme, field: str, typed: str
) -> None:
    acme.policy("Support")

    answer = mara.post(f"/policies/{acme.policy_id}", {**TYPED, field: typed}, headers=HTMX)

    assert answer.status_code == 422
    assert f'id="wrong-{field}"' in answer.text
    assert "Nothing was saved." in answer.text
    assert saved(acme, acme.policy_id).name == "Policy 0"


def test_a_name_that_is_taken_is_refused_with_what_was_typed(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")

    answer = mara.post("/policies", {**TYPED, "name": "Policy 0", "description": "mine"})

    assert answer.status_code == 422
    assert "This is taken." in answer.text
    assert 'value="mine"' in answer.text


def test_what_is_typed_is_one_sentence_and_a_preview_against_now(mara: Looker, acme: Acme) -> None:
    """E50"""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 3, minutes=5, subject="Broken <b>")
    form = {**TYPED, "name": "", "fair_distribution_limit": "1", "served": acme.support, "inbox": acme.support}

    answer = mara.post(f"/policies/{acme.policy_id}/preview", form, headers=HTMX)

    assert answer.status_code == 200
    assert answer.text.startswith('<section id="consequences"')
    assert "In Support, the conversation that was created first goes to" in answer.text
    assert "at most 1 to each agent per inbox in an hour" in answer.text
    assert "left: all rate-limited" in answer.text
    assert answer.text.count("Ana →") == 2
    assert "Broken &lt;b&gt;" in answer.text
    assert saved(acme, acme.policy_id).fair_distribution_limit is None


def test_without_scripts_a_preview_is_the_page_with_what_was_typed(mara: Looker, acme: Acme) -> None:
    form = {**TYPED, "name": "Half typed", "inbox": acme.support}

    answer = mara.post("/policies/preview", form)

    assert answer.status_code == 200
    assert 'value="Half typed"' in answer.text
    assert "Nothing would move in Support: nobody is online." in answer.text
    assert linked(acme) == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "No inbox is chosen"),
        ({"inbox": "1", "enabled": None}, "The policy is disabled: nothing is assigned in its inbox."),
        ({"inbox": "1"}, "Nothing would move in Support: nobody is online."),
        ({"inbox": "1", "eligible_presence": ["online", "offline"]}, "Agents who are offline get"),
        ({"served": "2"}, "Sales is left without a policy"),
        ({"inbox": "2"}, "Sales leaves the policy Policy 0."),
    ],
)
def test_a_policy_that_would_not_do_what_one_thinks_warns(
    mara: Looker, acme: Acme, typed: dict[str, object], said: str
) -> None:
    acme.policy("Sales")
    own = acme.policy_id if "served" in typed else 0
    form = {name: value for name, value in {**TYPED, **typed}.items() if value is not None}

    path = f"/policies/{own}/preview" if own else "/policies/preview"

    assert said in mara.post(path, form, headers=HTMX).text


def test_a_limit_below_what_agents_had_already_warns(mara: Looker, acme: Acme) -> None:
    """E14"""
    acme.policy("Support", fair_distribution_limit=5)
    acme.online("Ana", "Bo", at=clock.now())
    waiting_for(acme, 1, minutes=2)
    mara.post(f"/inboxes/{acme.support}/assignment_runs")
    form = {**TYPED, "fair_distribution_limit": "1", "served": acme.support, "inbox": acme.support}

    text = mara.post(f"/policies/{acme.policy_id}/preview", form, headers=HTMX).text

    assert "1 of 2 agents there now in Support has had as many or more within an hour" in text


def test_what_makes_no_policy_yet_has_no_preview(mara: Looker) -> None:
    text = mara.post("/policies/preview", {**TYPED, "fair_distribution_limit": "x"}, headers=HTMX).text

    assert "Fix these fields first: Not a valid integer." in text


def test_deleting_says_in_numbers_what_will_happen_and_does_it(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales")
    waiting_for(acme, 3, minutes=2)

    page = mara.get(f"/policies/{acme.policy_id}").text
    answer = mara.post(f"/policies/{acme.policy_id}/deletion")

    assert "2 inboxes lose their policy: Sales, Support. The 3 that wait there" in page
    assert answer.location == "/policies"
    assert linked(acme) == {}
    assert "Policy 0 was deleted." in mara.get("/policies").text


PATHS = [
    ("get", "/policies"),
    ("get", "/policies/new"),
    ("get", "/policies/{}"),
    ("post", "/policies"),
    ("post", "/policies/{}"),
    ("post", "/policies/preview"),
    ("post", "/policies/{}/preview"),
    ("post", "/policies/{}/deletion"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_agent_sees_and_changes_no_policy(ana: Looker, acme: Acme, method: str, path: str) -> None:
    acme.policy("Support")

    assert getattr(ana, method)(path.format(acme.policy_id)).status_code == 403


@pytest.mark.parametrize(("method", "path"), [one for one in PATHS if "{}" in one[1]])
def test_another_accounts_policy_is_not_there(app: Flask, acme: Acme, method: str, path: str) -> None:
    acme.policy("Support")
    stranger = looking(app, acme.account_id + 1, hire(acme.work, acme.account_id + 1, "Sol", Role.SUPERVISOR))

    assert getattr(stranger, method)(path.format(acme.policy_id)).status_code == 404
    assert linked(acme) == {acme.support: acme.policy_id}


def test_another_accounts_inbox_cannot_be_chosen(mara: Looker, acme: Acme) -> None:
    answer = mara.post("/policies", {**TYPED, "inbox": acme.stranger_inbox_id})

    assert answer.status_code == 404
    assert linked(acme) == {}


def test_while_redis_is_down_the_form_is_there_and_says_what_it_cannot(
    mara: Looker, acme: Acme, settings: Settings, worker: AtOnce
) -> None:
    acme.policy("Support")
    down = looking(composed(without_redis(settings), worker), acme.account_id, mara.user_id)

    answer = down.get(f"/policies/{acme.policy_id}")

    assert answer.status_code == 200
    assert "Presence cannot be read just now" in answer.text


@pytest.mark.parametrize("path", ["/policies", "/policies/1"])
def test_the_number_of_queries_does_not_grow_with_inboxes_and_work(mara: Looker, acme: Acme, path: str) -> None:
    acme.policy("Support", "Sales", fair_distribution_limit=5)
    acme.inboxes["Third"] = add_inbox(acme.work.session, acme.account_id, "Third")
    acme.work.session.commit()

    def asked_with(count: int) -> int:
        for number in range(count):
            name = f"Inbox{count}x{number}"
            acme.inboxes[name] = add_inbox(acme.work.session, acme.account_id, name)
            acme.policy(name)
        waiting_for(acme, count, minutes=1)
        with statements(mara.session()) as asked:
            assert mara.get(path).status_code == 200
        return len(asked)

    assert asked_with(2) == asked_with(20)
