"""A link may override its policy for one inbox, by calls (E69)."""

import pytest

from dashboard.engine.policy import OVERRIDABLE, POLICY_FIELDS
from tests.api.conftest import Caller
from tests.desks import Acme
from tests.policies import UNLIKE

EVERY = {name: UNLIKE[name] for name in OVERRIDABLE}


@pytest.fixture
def path(acme: Acme) -> str:
    return f"/inboxes/{acme.support}/assignment_policy"


def test_a_link_answers_the_policy_as_it_is_with_the_inboxs_own_values_and_what_decides(
    supervisor: Caller, acme: Acme, path: str
) -> None:
    """E69"""
    policy = supervisor.post("/assignment_policies", {"name": "Fair"}).json
    wanted = {"assignment_policy_id": policy["id"], "overrides": EVERY}

    linked = supervisor.post(path, wanted)
    found = supervisor.get(path)

    assert linked.status_code == 200
    assert {name: found.json[name] for name in POLICY_FIELDS} == {name: policy[name] for name in POLICY_FIELDS}
    assert found.json["overrides"] == linked.json["overrides"] == EVERY
    assert found.json["effective"] == {**{name: policy[name] for name in POLICY_FIELDS}, **EVERY}
    assert supervisor.get(f"/inboxes/{acme.support}").json["overrides"] == EVERY
    assert supervisor.get(f"/inboxes/{acme.sales}").json["overrides"] == {}


def test_a_key_that_is_null_is_the_inboxs_own_and_an_empty_object_ends_all(
    supervisor: Caller, acme: Acme, path: str
) -> None:
    """E69"""
    policy_id = acme.policy("Support", fair_distribution_limit=5)

    null = supervisor.post(path, {"assignment_policy_id": policy_id, "overrides": {"fair_distribution_limit": None}})
    kept = supervisor.post(path, {"assignment_policy_id": policy_id})
    ended = supervisor.post(path, {"assignment_policy_id": policy_id, "overrides": {}})

    assert (null.json["overrides"], null.json["effective"]["fair_distribution_limit"]) == (
        {"fair_distribution_limit": None},
        None,
    )
    assert kept.json["overrides"] == null.json["overrides"]
    assert (ended.json["overrides"], ended.json["effective"]["fair_distribution_limit"]) == ({}, 5)


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"fair_distribution_limit": -1}, "overrides.fair_distribution_limit"),
        ({"assignment_order": "random"}, "overrides.assignment_order"),
        ({"enabled": False}, "overrides.enabled"),
        (None, "overrides"),
        ([], "overrides"),
    ],
)
def test_what_an_inbox_cannot_have_of_its_own_is_refused_and_names_the_field(
    supervisor: Caller, acme: Acme, overrides: object, field: str
) -> None:
    """E69"""
    path = f"/inboxes/{acme.support}/assignment_policy"
    refused = supervisor.post(path, {"assignment_policy_id": acme.policy(), "overrides": overrides})

    assert refused.status_code == 422
    assert next(iter(refused.json["errors"])).startswith(field)
    assert supervisor.get(path).json["overrides"] == {}


def test_a_change_of_own_values_changes_the_tag_of_the_link(supervisor: Caller, acme: Acme, path: str) -> None:
    """E69"""
    policy_id = acme.policy()
    before = supervisor.get(path).headers["ETag"]

    supervisor.post(path, {"assignment_policy_id": policy_id, "overrides": {"fair_distribution_limit": 1}})
    late = supervisor("DELETE", path, headers={"If-Match": before})

    assert late.status_code == 412


def test_an_explanation_names_the_inboxs_own_values(supervisor: Caller, acme: Acme, path: str) -> None:
    """E69"""
    policy_id = acme.policy()
    supervisor.post(path, {"assignment_policy_id": policy_id, "overrides": {"assignment_order": "balanced"}})
    [one] = acme.waiting(1)

    assert supervisor.get(f"/conversations/{one}/explanation").json["overrides"] == ["assignment_order"]
