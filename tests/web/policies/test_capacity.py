"""Capacity policies: limits, exclusions, and the agents under them."""

from datetime import timedelta

import pytest
from flask import Flask

from dashboard import clock
from dashboard.engine.model import Role
from dashboard.services.policies import capacity_policies
from dashboard.services.policies.capacity_policies import CapacityView
from dashboard.store.models import Label
from tests.counting import statements
from tests.desks import Acme, add_inbox, add_user
from tests.pages import HTMX, Looker, hire, looking, waiting_for


def shown(acme: Acme, policy_id: int) -> CapacityView:
    acme.work.session.rollback()
    found = capacity_policies.show(acme.work, acme.account_id, policy_id)
    assert found
    return found


def limits(view: CapacityView) -> dict[int, int]:
    return {row.inbox_id: row.conversation_limit for row in view.inbox_capacity_limits}


def test_each_policy_is_a_card_with_what_it_excludes(mara: Looker, acme: Acme) -> None:
    acme.capacity("Ana", {"Support": 2}, excluded_labels=["vip"])

    text = mara.get("/capacity").text

    assert "Limits 1 inbox for 1 agent." in text
    assert "Excludes conversations that are labelled vip." in text


def test_a_policy_is_made_with_its_limits_and_labels(mara: Looker, acme: Acme) -> None:
    """E5, E15, E16"""
    form = {"name": "Calm", "conversation_limit": "9", "exclude_older_than_hours": "48", "label": ["vip"]}

    answer = mara.post("/capacity", {**form, "new_label": " legal ", f"limit-{acme.support}": "3"})

    made = shown(acme, int(answer.location.rsplit("/", 1)[1]))
    assert answer.status_code == 303
    assert (made.name, made.conversation_limit, limits(made)) == ("Calm", 9, {acme.support: 3})
    assert made.exclusion_rules.excluded_labels == ("vip", "legal")
    assert made.exclusion_rules.exclude_older_than_hours == 48


def test_limits_are_changed_added_and_lifted_in_one_form(mara: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2})
    form = {"name": "Other", f"limit-{acme.support}": "", f"limit-{acme.sales}": "0"}

    answer = mara.post(f"/capacity/{policy_id}", form, headers=HTMX)

    assert answer.status_code == 200
    assert "Other was saved." in answer.text
    assert limits(shown(acme, policy_id)) == {acme.sales: 0}


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", ""), ("conversation_limit", "-1"), ("limit-1", "many"), ("exclude_older_than_hours", "0")],
)
def test_what_makes_no_sense_is_said_beside_its_field_and_nothing_is_saved(
    mara: Looker, acme: Acme, field: str, typed: str
) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2})

    answer = mara.post(f"/capacity/{policy_id}", {"name": "Other", field: typed}, headers=HTMX)

    assert answer.status_code == 422
    assert f'id="wrong-{field}"' in answer.text
    assert shown(acme, policy_id).name == "Limits of Ana"


def test_the_accounts_labels_are_suggested(mara: Looker, acme: Acme) -> None:
    acme.work.session.add(Label(account_id=acme.account_id, title="vip"))
    acme.work.session.commit()

    assert 'name="label" value="vip">' in mara.get("/capacity/new").text


def test_the_page_counts_what_is_excluded_right_now(mara: Looker, acme: Acme) -> None:
    """E5, E6"""
    policy_id = acme.capacity("Ana", {"Support": 2}, excluded_labels=["vip"], exclude_older_than_hours=1)
    waiting_for(acme, 3, minutes=5, labels=["vip"])
    waiting_for(acme, 1, minutes=90)
    waiting_for(acme, 1, minutes=90, inbox="Sales")
    acme.held("Ana", 1, labels=["vip"], created_at=clock.now() - timedelta(minutes=5))

    assert "4 of the waiting conversations are excluded right now: 3 by label, 1 by age." in (
        mara.get(f"/capacity/{policy_id}").text
    )


def test_agents_are_put_under_it_and_taken_out(mara: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2})

    put = mara.post(f"/capacity/{policy_id}/agents", {"agent": "Bo"}, headers=HTMX)
    out = mara.post(f"/capacity/{policy_id}/agents/{acme.agents['Ana']}/removal")

    assert "2 agents under it" in put.text
    assert "Bo is under this policy." in put.text
    assert out.status_code == 303
    assert shown(acme, policy_id).assigned_agent_count == 1


def test_deleting_says_in_numbers_what_will_happen_and_does_it(mara: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2, "Sales": 1})

    page = mara.get(f"/capacity/{policy_id}").text
    answer = mara.post(f"/capacity/{policy_id}/deletion")

    assert "1 agent is under no capacity policy then and may hold any number. 2 limits are lifted." in page
    assert answer.location == "/capacity"
    assert capacity_policies.show(acme.work, acme.account_id, policy_id) is None


PATHS = [
    ("get", "/capacity"),
    ("get", "/capacity/new"),
    ("get", "/capacity/{}"),
    ("post", "/capacity"),
    ("post", "/capacity/{}"),
    ("post", "/capacity/{}/agents"),
    ("post", "/capacity/{}/agents/1/removal"),
    ("post", "/capacity/{}/deletion"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_agent_sees_and_changes_no_capacity(ana: Looker, acme: Acme, method: str, path: str) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2})

    assert getattr(ana, method)(path.format(policy_id)).status_code == 403


@pytest.mark.parametrize(("method", "path"), [one for one in PATHS if "{}" in one[1]])
def test_another_accounts_capacity_is_not_there(app: Flask, acme: Acme, method: str, path: str) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2})
    stranger = looking(app, acme.account_id + 1, hire(acme.work, acme.account_id + 1, "Sol", Role.SUPERVISOR))

    assert getattr(stranger, method)(path.format(policy_id)).status_code == 404


def test_another_accounts_inbox_and_agent_cannot_be_named(mara: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2})

    assert mara.post("/capacity", {"name": "X", f"limit-{acme.stranger_inbox_id}": "1"}).status_code == 404
    assert mara.post(f"/capacity/{policy_id}/agents", {"agent": acme.stranger_id}).status_code == 422


@pytest.mark.parametrize("path", ["/capacity", "/capacity/1"])
def test_the_number_of_queries_does_not_grow(mara: Looker, acme: Acme, path: str) -> None:
    acme.capacity("Ana", {"Support": 2}, excluded_labels=["vip"])

    def asked_with(count: int) -> int:
        for number in range(count):
            name = f"More{count}x{number}"
            acme.inboxes[name] = add_inbox(acme.work.session, acme.account_id, name)
            acme.agents[name] = add_user(acme.work.session, acme.account_id, name)
            acme.capacity(name, {name: 1})
        waiting_for(acme, count, minutes=1)
        with statements(mara.session()) as asked:
            assert mara.get(path).status_code == 200
        return len(asked)

    assert asked_with(2) == asked_with(20)
