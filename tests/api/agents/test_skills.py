"""Skills of agents, of conversations and of labels."""

import pytest

from dashboard.engine.decisions import Source
from tests.api.conftest import Caller
from tests.desks import Acme, Recorded


def explained(caller: Caller, conversation_id: int) -> dict[str, object]:
    answer: dict[str, object] = caller.get(f"/conversations/{conversation_id}/explanation").json
    return answer


def test_skills_are_kept_as_written_and_names_that_differ_in_case_are_one(admin: Caller, acme: Acme) -> None:
    """E58"""
    path = f"/agents/{acme.agents['Ana']}"

    changed = admin("PATCH", path, {"skills": ["Français", "Refunds", "FRANÇAIS"]})

    assert changed.json["skills"] == ["Français", "Refunds"]
    assert admin.get(path).json["skills"] == ["Français", "Refunds"]


@pytest.mark.parametrize("skills", [[""], ["x" * 101], ["a\nb"], [5], "French", [str(n) for n in range(101)]])
def test_what_is_no_list_of_names_is_refused(admin: Caller, acme: Acme, skills: object) -> None:
    """E58"""
    refused = admin("PATCH", f"/agents/{acme.agents['Ana']}", {"skills": skills})

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["skills"]


def test_a_conversation_waits_for_the_skills_that_it_requires(supervisor: Caller, admin: Caller, acme: Acme) -> None:
    """E58, E48: a new skill of an agent starts a run."""
    acme.policy()
    made = supervisor.post("/conversations", {"inbox_id": acme.support, "required_skills": ["French", "french"]}).json

    told = explained(supervisor, made["id"])

    assert made["required_skills"] == ["French"]
    assert told["reason"] == "nobody_skilled"
    assert told["agents"][0]["facts"] == {"missing": ["french"]}
    assert "Add french to Ana's skills and set Ana online" in told["fixes"]


def test_a_new_skill_starts_a_run_where_something_waits(admin: Caller, acme: Acme, queue: Recorded) -> None:
    """E58, E30"""
    acme.policy()
    acme.waiting(1)

    admin("PATCH", f"/agents/{acme.agents['Ana']}", {"skills": ["French"]})

    assert (acme.account_id, acme.support, Source.REALTIME) in queue.runs


def test_fewer_required_skills_start_a_run(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    """E58, E30"""
    acme.policy()
    [waiting] = acme.waiting(1, required_skills=["French"], required_keys=["french"])

    changed = supervisor("PATCH", f"/conversations/{waiting}", {"required_skills": []})

    assert changed.json["required_skills"] == []
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_labels_require_skills_of_what_waits_already(supervisor: Caller, acme: Acme) -> None:
    """E58"""
    acme.policy()
    made = supervisor.post("/conversations", {"inbox_id": acme.support, "labels": ["vip"]}).json

    account = supervisor("PATCH", "", {"skill_labels": {"vip": "Diplomacy"}})

    assert account.json["skill_labels"] == {"vip": "Diplomacy"}
    assert explained(supervisor, made["id"])["agents"][0]["facts"] == {"missing": ["diplomacy"]}
    supervisor("PATCH", "", {"skill_labels": {}})
    assert explained(supervisor, made["id"])["reason"] == "nobody_online"
