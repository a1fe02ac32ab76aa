"""The account's settings: its switch, its name, its labels; and who may see which of them."""

import pytest
from flask import Flask

from dashboard.engine.model import Role
from dashboard.store.models import Account, AuditEntry
from tests.counting import statements
from tests.desks import Acme
from tests.pages import AtOnce, Looker, hire, looking, waiting_for
from tests.web.conversations.test_labels import suggest, titles


def account(acme: Acme) -> Account:
    acme.work.session.rollback()
    return acme.work.session.get_one(Account, acme.account_id, populate_existing=True)


def test_switching_assignment_off_says_in_numbers_what_it_means_and_does_it(mara: Looker, acme: Acme) -> None:
    """E1"""
    acme.policy("Support", "Sales")
    waiting_for(acme, 3, minutes=1)

    page = mara.get("/settings").text
    answer = mara.post("/settings/assignment", {"on": ""})

    assert "Switching it off stops assignment in 2 inboxes." in page
    assert "Waiting conversations, 3 now, wait until somebody assigns them." in page
    assert (answer.status_code, answer.location) == (303, "/settings")
    assert account(acme).assignment_v2 is False
    assert "the waiting conversations of 2 inboxes, 3 now." in mara.get("/settings").text


def test_switching_assignment_on_starts_runs_where_something_waits(mara: Looker, acme: Acme, worker: AtOnce) -> None:
    """E1, E30"""
    acme.policy("Support")
    waiting_for(acme, 1, minutes=1)
    mara.post("/settings/assignment", {"on": ""})
    worker.runs.clear()

    mara.post("/settings/assignment", {"on": "on"})

    assert [inbox_id for _, inbox_id, _ in worker.runs] == [acme.support]


def test_an_administrator_renames_the_account(uma: Looker, acme: Acme) -> None:
    refused = uma.post("/settings/name", {"name": "  "})
    uma.post("/settings/name", {"name": "Acme & Sons"})

    assert refused.status_code == 422
    assert 'id="wrong-name"' in refused.text
    assert account(acme).name == "Acme & Sons"


SUPERVISORS = [
    ("get", "/settings"),
    ("post", "/settings/assignment"),
    ("get", "/settings/labels"),
    ("post", "/settings/labels"),
    ("get", "/settings/labels/1"),
    ("post", "/settings/labels/1"),
    ("post", "/settings/labels/1/deletion"),
    ("get", "/settings/webhooks"),
    ("get", "/settings/webhooks/new"),
    ("post", "/settings/webhooks"),
    ("get", "/settings/webhooks/1"),
    ("post", "/settings/webhooks/1"),
    ("post", "/settings/webhooks/1/secret"),
    ("post", "/settings/webhooks/1/deletion"),
    ("post", "/settings/webhooks/1/deliveries/00000000-0000-0000-0000-000000000001"),
]
ADMINISTRATORS = [
    ("post", "/settings/name"),
    ("get", "/settings/users"),
    ("get", "/settings/users/new"),
    ("post", "/settings/users"),
    ("get", "/settings/users/1"),
    ("post", "/settings/users/1"),
    ("post", "/settings/users/1/password"),
    ("post", "/settings/users/1/deactivation"),
    ("post", "/settings/users/1/reactivation"),
    ("get", "/settings/tokens"),
    ("post", "/settings/tokens"),
    ("post", "/settings/tokens/1/revocation"),
]


@pytest.mark.parametrize(("method", "path"), SUPERVISORS + ADMINISTRATORS)
def test_an_agent_sees_and_changes_no_settings(ana: Looker, acme: Acme, method: str, path: str) -> None:
    suggest(acme, "vip")

    assert getattr(ana, method)(path).status_code == 403
    assert titles(acme) == ["vip"]


@pytest.mark.parametrize(("method", "path"), ADMINISTRATORS)
def test_a_supervisor_sees_neither_users_nor_tokens(mara: Looker, acme: Acme, method: str, path: str) -> None:
    assert getattr(mara, method)(path).status_code == 403
    assert acme.work.session.query(AuditEntry).count() == 0


@pytest.mark.parametrize(
    ("method", "path"), [one for one in SUPERVISORS + ADMINISTRATORS if any(map(str.isdigit, one[1]))]
)
def test_another_accounts_settings_are_not_there(app: Flask, acme: Acme, method: str, path: str) -> None:
    suggest(acme, "vip")
    stranger = looking(app, acme.account_id + 1, hire(acme.work, acme.account_id + 1, "Sol", Role.ADMINISTRATOR))

    assert getattr(stranger, method)(path).status_code == 404
    assert titles(acme) == ["vip"]


def test_a_supervisor_is_led_to_what_they_may_see(mara: Looker, uma: Looker) -> None:
    assert "/settings/users" not in mara.get("/settings").text
    assert "/settings/users" in uma.get("/settings").text


@pytest.mark.parametrize("path", ["/settings", "/settings/labels", "/settings/labels/1"])
def test_the_number_of_queries_does_not_grow(mara: Looker, acme: Acme, path: str) -> None:
    acme.policy("Support")

    def asked_with(count: int) -> int:
        suggest(acme, *(f"label {count} {number}" for number in range(count)))
        waiting_for(acme, count, minutes=1, labels=[f"label {count} 1"])
        with statements(mara.session()) as asked:
            assert mara.get(path).status_code == 200
        return len(asked)

    assert asked_with(2) == asked_with(20)
